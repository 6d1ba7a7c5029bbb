using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Removes finished jobs whose retention is over, rows first, then their packets; now and then also packets whose job is long unknown (S23).</summary>
internal sealed class Pruner(EngineNode node) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private const int RoundsPerSweep = 60;

    private static readonly TimeSpan LongUnknown = TimeSpan.FromDays(1);

    private ITimer? _timer;
    private int _round;

    public void Start() => _timer = node.Time.CreateTimer(static pruner => _ = ((Pruner)pruner!).RunRoundAsync(), this, Interval, Interval);

    private async Task RunRoundAsync()
    {
        await PruneAsync(CancellationToken.None).ConfigureAwait(false);
        if (Interlocked.Increment(ref _round) % RoundsPerSweep == 0)
        {
            await SweepAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Removes what crashes left behind: unfinished files, and folders of jobs that the store does not know.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        if (node.Packets is not FilePacketStore files)
        {
            return;
        }

        try
        {
            await files.SweepAsync(
                async owner => await node.Store.LoadAsync(owner.Id, JobParts.Head, cancellationToken).ConfigureAwait(false) is null,
                LongUnknown,
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is AggregateException or StoreException or IOException)
        {
            EngineLog.SweepFailed(node.Log, error);
        }
    }

    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        try
        {
            var retention = node.Options.Retention ?? (node.Store.Traits.IsDurable ? TimeSpan.FromDays(7) : TimeSpan.FromHours(1));
            var request = new PruneRequest(node.Time.GetUtcNow() - retention, Limit: 1000);
            IReadOnlyList<PacketOwner> pruned;
            do
            {
                pruned = await node.Store.PruneAsync(request, cancellationToken).ConfigureAwait(false);
                foreach (var job in pruned)
                {
                    await node.CleanPacketsAsync(job.Id, job.FlowId).ConfigureAwait(false);
                }
            }
            while (pruned.Count == request.Limit);
        }
        catch (StoreException error)
        {
            EngineLog.PruneFailed(node.Log, error);
        }
    }

    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? default;
}
