using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>The JSON form of packets: a JSON array of items, newest first.</summary>
internal static class PacketJson
{
    private const int SpareBytesKept = 256 * 1024;

    private static readonly JsonWriterOptions Writing = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // What the engine stored it must read again, whatever a user's own parser had let in; reading is iterative, so depth costs no stack.
    private static readonly JsonDocumentOptions Stored = new() { MaxDepth = int.MaxValue, AllowDuplicateProperties = true };

    [ThreadStatic]
    private static Scratch? _spare;

    /// <summary>Any value as a packet by the input rule; null and JSON null are the empty packet.</summary>
    /// <exception cref="DataPacketException">The value cannot be written as JSON, or is an array of items of which one is malformed: <c>invalid_input</c>; or it is too large: <c>packet_too_large</c>.</exception>
    public static DataPacket FromInput(object? value)
    {
        switch (value)
        {
            case null: return DataPacket.Empty;
            case DataItem item: return DataPacket.Wrap([item]);
            case IEnumerable<DataItem> items: return DataPacket.From(items);
        }

        JsonElement element;
        try
        {
            element = WorkflowJson.ToElement(value);
        }
        catch (DataPacketException error) when (error.Reason == "result_not_storable")
        {
            throw Refused(error.Message, error);
        }

        return FromElement(element);
    }

    /// <summary>Reads strict JSON from outside by the input rule. Identity (<c>origin</c>, <c>ordinal</c>) is the engine's alone: it is ignored here.</summary>
    /// <exception cref="DataPacketException">Not JSON, nested too deep, a name twice in one object, or a malformed item: <c>invalid_input</c>.</exception>
    public static DataPacket Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            return FromElement(JsonElement.Parse(json, WorkflowJson.Document));
        }
        catch (Exception error) when (error is JsonException or ArgumentException or InvalidOperationException)
        {
            throw Refused($"The text cannot be read as JSON: {error.Message}", error);
        }
    }

    /// <summary>The public form: <c>type</c>, <c>content</c>, <c>metadata</c> and, once stamped, <c>timestamp</c>.</summary>
    public static string ToJson(DataPacket packet) => Encoding.UTF8.GetString(Written(packet, stored: false));

    /// <summary>The stored form: the public form plus each item's origin. Content keeps its very characters.</summary>
    public static byte[] ToStored(DataPacket packet) => Written(packet, stored: true).ToArray();

    /// <summary>Appends the stored form.</summary>
    public static void WriteStored(DataPacket packet, IBufferWriter<byte> into) => into.Write(Written(packet, stored: true));

    /// <summary>Reads what <see cref="ToStored"/> wrote; the items share one copy of the bytes.</summary>
    /// <exception cref="DataPacketException">The bytes are something else: <c>data_retrieval_failed</c>.</exception>
    public static DataPacket FromStored(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var array = JsonElement.Parse(bytes.Span, Stored);
            var items = new DataItem[array.GetArrayLength()];
            var next = 0;
            foreach (var element in array.EnumerateArray())
            {
                items[next++] = ReadItem(element, stored: true);
            }

            return DataPacket.Wrap(items);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new DataPacketException($"The stored bytes are not a packet: {error.Message}", innerException: error);
        }
    }

    /// <summary>Whether the input rule takes the value for a packet as it is.</summary>
    public static bool IsPacket(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(IsItem);

    private static DataPacket FromElement(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return DataPacket.Empty;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return DataPacket.Wrap([InputItem(value)]);
        }

        var isPacket = IsPacket(value);
        var items = new DataItem[value.GetArrayLength()];
        var next = 0;
        foreach (var element in value.EnumerateArray())
        {
            if (isPacket)
            {
                RefuseUnknownMembers(element, next);
            }

            items[next++] = isPacket ? ReadItem(element, stored: false) : InputItem(element);
        }

        return DataPacket.Wrap(items);
    }

    private static DataItem InputItem(JsonElement content) => new("input", content, WorkflowJson.EmptyObject, default, origin: null, ordinal: 0);

    private static bool IsItem(JsonElement element)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty("content"u8, out _)
            && element.TryGetProperty("type"u8, out var type) && type.ValueKind == JsonValueKind.String;

    private static void RefuseUnknownMembers(JsonElement item, int index)
    {
        foreach (var member in item.EnumerateObject())
        {
            if (member.Name is not ("type" or "content" or "metadata" or "timestamp" or "origin" or "ordinal"))
            {
                throw Refused($"Item {index} has the unknown member '{member.Name}'. An item has type, content, metadata and timestamp; side facts belong in metadata.");
            }
        }

        if (item.GetProperty("type"u8).ValueEquals(""u8))
        {
            throw Refused($"Item {index} has an empty type.");
        }

        if (item.TryGetProperty("metadata"u8, out var metadata) && metadata.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
        {
            throw Refused($"The metadata of item {index} must be a JSON object.");
        }

        if (item.TryGetProperty("timestamp"u8, out var timestamp) && timestamp.ValueKind != JsonValueKind.Null && !IsTimestamp(timestamp))
        {
            throw Refused($"The timestamp of item {index} must be an ISO 8601 time with its offset, for example 2026-03-01T08:30:00+01:00.");
        }
    }

    // Without an offset the time would mean something else on every machine.
    private static bool IsTimestamp(JsonElement value)
        => value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out _)
            && value.GetString()!.Split('T') is [_, var time] && time.AsSpan().ContainsAny('Z', '+', '-');

    private static DataItem ReadItem(JsonElement item, bool stored)
    {
        var hasMetadata = item.TryGetProperty("metadata"u8, out var metadata) && metadata.ValueKind == JsonValueKind.Object;
        var hasTimestamp = item.TryGetProperty("timestamp"u8, out var timestamp) && timestamp.ValueKind == JsonValueKind.String;
        var hasOrigin = item.TryGetProperty("origin"u8, out var origin) && stored;
        return new DataItem(
            item.GetProperty("type"u8).GetString() ?? throw new FormatException("An item has no type."),
            item.GetProperty("content"u8),
            hasMetadata ? metadata : WorkflowJson.EmptyObject,
            hasTimestamp ? timestamp.GetDateTimeOffset() : default,
            hasOrigin ? origin.GetString() : null,
            hasOrigin ? item.GetProperty("ordinal"u8).GetInt32() : 0);
    }

    /// <summary>The bytes belong to this thread's writer: they hold until it writes the next packet.</summary>
    private static ReadOnlySpan<byte> Written(DataPacket packet, bool stored)
    {
        var scratch = _spare ??= new Scratch();
        scratch.Bytes.ResetWrittenCount();
        scratch.Writer.Reset();
        scratch.Writer.WriteStartArray();
        foreach (var item in packet)
        {
            WriteItem(scratch.Writer, item, stored);
        }

        scratch.Writer.WriteEndArray();
        scratch.Writer.Flush();
        if (scratch.Bytes.Capacity > SpareBytesKept)
        {
            _spare = null;
        }

        return scratch.Bytes.WrittenSpan;
    }

    private static void WriteItem(Utf8JsonWriter writer, DataItem item, bool stored)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, item.Type);
        writer.WritePropertyName("content"u8);
        writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(item.Content), skipInputValidation: true);
        writer.WritePropertyName("metadata"u8);
        writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(item.Metadata), skipInputValidation: true);
        if (item.Timestamp != default)
        {
            writer.WriteString("timestamp"u8, item.Timestamp);
        }

        if (stored && item.Origin is not null)
        {
            writer.WriteString("origin"u8, item.Origin);
            writer.WriteNumber("ordinal"u8, item.Ordinal);
        }

        writer.WriteEndObject();
    }

    private static DataPacketException Refused(string message, Exception? cause = null) => new(message, "invalid_input", cause);

    /// <summary>One writer and its buffer per thread. Writing calls no foreign code, so a thread never needs two.</summary>
    private sealed class Scratch
    {
        public Scratch() => Writer = new Utf8JsonWriter(Bytes, Writing);

        public ArrayBufferWriter<byte> Bytes { get; } = new(4096);

        public Utf8JsonWriter Writer { get; }
    }
}
