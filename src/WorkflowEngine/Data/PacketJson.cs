namespace WorkflowEngine;

/// <summary>The JSON form of packets: a JSON array of items, newest first.</summary>
internal static class PacketJson
{
    public static DataPacket FromInput(object? value) => throw new NotSupportedException();

    public static DataPacket Parse(string json) => throw new NotSupportedException();

    public static string ToJson(DataPacket packet) => throw new NotSupportedException();

    /// <summary>The stored form: the public form plus each item's origin.</summary>
    public static byte[] ToStored(DataPacket packet) => throw new NotSupportedException();

    public static DataPacket FromStored(ReadOnlyMemory<byte> bytes) => throw new NotSupportedException();
}
