namespace WorkflowEngine;

/// <summary>A packet as a row keeps it: inline, by reference, or nothing. One word of memory.</summary>
public readonly struct PacketSlot : IEquatable<PacketSlot>
{
    private readonly object? _value;

    /// <summary>A packet kept inline.</summary>
    public PacketSlot(DataPacket packet) => _value = packet;

    /// <summary>A packet kept in an <see cref="IDataPacketStore"/>.</summary>
    public PacketSlot(PacketReference reference) => _value = reference;

    /// <summary>The packet when it is inline.</summary>
    public DataPacket? Packet => _value as DataPacket;

    /// <summary>Where the packet is when it is not inline.</summary>
    public PacketReference? Reference => _value as PacketReference;

    /// <summary>True when nothing is kept.</summary>
    public bool IsNone => _value is null;

    /// <inheritdoc/>
    public bool Equals(PacketSlot other) => Equals(_value, other._value);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PacketSlot other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _value?.GetHashCode() ?? 0;

    /// <summary>Same packet or same place.</summary>
    public static bool operator ==(PacketSlot left, PacketSlot right) => left.Equals(right);

    /// <summary>Another packet or place.</summary>
    public static bool operator !=(PacketSlot left, PacketSlot right) => !left.Equals(right);
}
