using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace WorkflowEngine;

/// <summary>Large packets of a test host that names no place for them: in memory, like its jobs, and like them they outlive a node.</summary>
internal sealed class MemoryPackets : IDataPacketStore
{
    private readonly ConcurrentDictionary<string, (PacketOwner Owner, ReadOnlyMemory<byte> Content)> _packets = new(StringComparer.Ordinal);
    private long _made;

    public ValueTask<PacketReference> StorePacketAsync(PacketOwner owner, string stepPath, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        var location = $"{owner.FlowId}/{owner.Id}/{Interlocked.Increment(ref _made)}";
        _packets[location] = (owner, content.ToArray());
        return new(new PacketReference(location, content.Length, Convert.ToHexStringLower(SHA256.HashData(content.Span))));
    }

    public ValueTask<ReadOnlyMemory<byte>> RetrievePacketAsync(PacketReference reference, CancellationToken cancellationToken = default)
        => _packets.TryGetValue(reference.Location, out var packet) ? new(packet.Content) : throw new DataPacketException($"Packet '{reference.Location}' is missing.");

    public ValueTask CleanupJobAsync(PacketOwner owner, IReadOnlyCollection<PacketReference>? keep = null, CancellationToken cancellationToken = default)
    {
        var kept = keep?.Select(reference => reference.Location).ToHashSet(StringComparer.Ordinal) ?? [];
        foreach (var (location, packet) in _packets)
        {
            if (packet.Owner == owner && !kept.Contains(location))
            {
                _packets.TryRemove(location, out _);
            }
        }

        return default;
    }
}
