namespace WorkflowEngine;

/// <summary>The job that packets belong to: storage is isolated per flow, then per job.</summary>
/// <param name="FlowId">The flow; legal as DESIGN S2 has it.</param>
/// <param name="Id">The job.</param>
public readonly record struct PacketOwner(string FlowId, JobId Id);

/// <summary>
/// Keeps packets that are too large for the job store: bytes in, reference out. A stored packet is durable when the call returns, so that the
/// commit that names it can never name something lost. Safe for concurrent use.
/// </summary>
public interface IDataPacketStore
{
    /// <summary>Stores bytes and returns where they are. Every call makes a new place; nothing is ever overwritten.</summary>
    /// <param name="owner">The job the packet belongs to.</param>
    /// <param name="stepPath">The step that made it, for example <c>each[3].resize</c>; for people, not for the layout.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="cancellationToken">Ends the attempt; nothing half-written stays behind under its final name.</param>
    /// <exception cref="IOException">The place is full, read-only or gone.</exception>
    ValueTask<PacketReference> StorePacketAsync(PacketOwner owner, string stepPath, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>Reads bytes back and verifies length and checksum.</summary>
    /// <exception cref="DataPacketException">Missing, damaged, or outside the store's root; the reason is <c>data_retrieval_failed</c>.</exception>
    ValueTask<ReadOnlyMemory<byte>> RetrievePacketAsync(PacketReference reference, CancellationToken cancellationToken = default);

    /// <summary>Removes what the job stored, but for <paramref name="keep"/>. Removing nothing is no error; a second call is harmless.</summary>
    ValueTask CleanupJobAsync(PacketOwner owner, IReadOnlyCollection<PacketReference>? keep = null, CancellationToken cancellationToken = default);
}
