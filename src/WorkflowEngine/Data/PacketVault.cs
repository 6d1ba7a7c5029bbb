namespace WorkflowEngine;

/// <summary>Decides where a packet is kept (S22): small ones inline in the row, larger ones in the packet store.</summary>
internal sealed class PacketVault(IDataPacketStore store, long inlinePacketBytes, long maxPacketBytes)
{
    /// <summary>Keeps a packet; completes synchronously when it stays inline. A stored packet is durable when this returns.</summary>
    /// <exception cref="DataPacketException">Larger than allowed: <c>packet_too_large</c>.</exception>
    /// <exception cref="IOException">The packet store cannot take it.</exception>
    public ValueTask<PacketSlot> KeepAsync(PacketOwner owner, string stepPath, DataPacket packet, CancellationToken cancellationToken = default)
        => packet.StoredBytes <= Math.Min(inlinePacketBytes, maxPacketBytes) ? new(new PacketSlot(packet)) : StoreAsync(owner, stepPath, packet, cancellationToken);

    /// <summary>Gives the packet back; completes synchronously when it is inline or there is none, which is the empty packet.</summary>
    /// <exception cref="DataPacketException">Missing or damaged: <c>data_retrieval_failed</c>.</exception>
    public ValueTask<DataPacket> LoadAsync(PacketSlot slot, CancellationToken cancellationToken = default)
        => slot.Reference is { } reference ? RetrieveAsync(reference, cancellationToken) : new(slot.Packet ?? DataPacket.Empty);

    private async ValueTask<PacketSlot> StoreAsync(PacketOwner owner, string stepPath, DataPacket packet, CancellationToken cancellationToken)
    {
        if (packet.StoredBytes > maxPacketBytes)
        {
            throw new DataPacketException(
                $"The packet has {packet.StoredBytes} bytes, more than the {maxPacketBytes} that MaxPacketBytes allows. Keep large data outside, and hand on where it is.", "packet_too_large");
        }

        return new PacketSlot(await store.StorePacketAsync(owner, stepPath, PacketJson.ToStored(packet), cancellationToken).ConfigureAwait(false));
    }

    private async ValueTask<DataPacket> RetrieveAsync(PacketReference reference, CancellationToken cancellationToken)
        => PacketJson.FromStored(await store.RetrievePacketAsync(reference, cancellationToken).ConfigureAwait(false));
}
