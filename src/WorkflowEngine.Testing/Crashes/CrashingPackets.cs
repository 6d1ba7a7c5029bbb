namespace WorkflowEngine;

/// <summary>A node's way to the packets, which outlive it: a dead node neither writes nor removes any.</summary>
internal sealed class CrashingPackets(IDataPacketStore packets, TestNode node) : IDataPacketStore
{
    public async ValueTask<PacketReference> StorePacketAsync(PacketOwner owner, string stepPath, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        node.ThrowIfDead();
        var reference = await packets.StorePacketAsync(owner, stepPath, content, cancellationToken).ConfigureAwait(false);
        node.PassBy(CrashPoint.DuringPacketWrite);
        return reference;
    }

    public ValueTask<ReadOnlyMemory<byte>> RetrievePacketAsync(PacketReference reference, CancellationToken cancellationToken = default)
        => packets.RetrievePacketAsync(reference, cancellationToken);

    public ValueTask CleanupJobAsync(PacketOwner owner, IReadOnlyCollection<PacketReference>? keep = null, CancellationToken cancellationToken = default)
    {
        node.ThrowIfDead();
        return packets.CleanupJobAsync(owner, keep, cancellationToken);
    }
}
