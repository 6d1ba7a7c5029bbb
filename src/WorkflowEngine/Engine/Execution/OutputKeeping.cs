using Microsoft.Extensions.Logging;

namespace WorkflowEngine;

/// <summary>
/// Keeps what a step or a flow made. A full disk is waited out: the work is done, and to fail it would be to repeat its effects for want of room that comes back.
/// The slot stays taken meanwhile, so that nothing more begins than could be stored.
/// </summary>
internal sealed class OutputKeeping(PacketVault vault, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <summary>Completes synchronously when the packet stays inline.</summary>
    /// <exception cref="DataPacketException">Larger than allowed.</exception>
    /// <exception cref="StepFailedException">The packet store failed in another way than by want of room: <c>data_storage_failed</c>.</exception>
    public ValueTask<PacketSlot> KeepAsync(PacketOwner owner, string stepPath, DataPacket packet, CancellationToken cancellationToken)
    {
        var kept = vault.KeepAsync(owner, stepPath, packet, cancellationToken);
        return kept.IsCompletedSuccessfully ? kept : StoredAsync(kept, owner, stepPath, packet, cancellationToken);
    }

    private async ValueTask<PacketSlot> StoredAsync(ValueTask<PacketSlot> kept, PacketOwner owner, string stepPath, DataPacket packet, CancellationToken cancellationToken)
    {
        for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            try
            {
                return await kept.ConfigureAwait(false);
            }
            catch (IOException error) when (DiskRoom.IsMissing(error))
            {
                EngineLog.OutputDelayed(log, error, owner.Id, stepPath, delay);
                await Task.Delay(delay, time, cancellationToken).ConfigureAwait(false);
                kept = vault.KeepAsync(owner, stepPath, packet, cancellationToken);
            }
            catch (IOException error)
            {
                throw new StepFailedException(Reasons.DataStorageFailed, $"The output could not be stored: {error.Message}", retryable: true, error);
            }
        }
    }
}
