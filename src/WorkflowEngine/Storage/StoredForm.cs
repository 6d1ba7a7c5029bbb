using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorkflowEngine.Storage;

/// <summary>The text forms in which stores keep what is more than a number: the same in every store, so that jobs can move between them.</summary>
public static class StoredForm
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        MaxDepth = 128,
        TypeInfoResolver = StoredFormContext.Default,
        Converters = { new ValueForm(), new SlotForm() },
    };

    /// <summary>A packet as its stored JSON, or a reference as its text; null for nothing.</summary>
    public static string? Write(PacketSlot slot)
        => slot.Packet is { } packet ? Encoding.UTF8.GetString(PacketJson.ToStored(packet)) : slot.Reference?.ToString();

    /// <summary>Appends the same as UTF-8. False, and nothing is appended, for nothing.</summary>
    public static bool Write(PacketSlot slot, IBufferWriter<byte> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        if (slot.Packet is { } packet)
        {
            PacketJson.WriteStored(packet, into);
        }
        else if (slot.Reference is { } reference)
        {
            Encoding.UTF8.GetBytes(reference.ToString(), into);
        }

        return !slot.IsNone;
    }

    /// <summary>Reads what <see cref="Write(PacketSlot)"/> wrote.</summary>
    /// <exception cref="DataPacketException">The text is damaged.</exception>
    public static PacketSlot ReadSlot(string? text)
        => text is null ? default
            : PacketReference.TryParse(text, out var reference) ? new PacketSlot(reference)
            : new PacketSlot(PacketJson.FromStored(Encoding.UTF8.GetBytes(text)));

    /// <summary>Start options; null for none.</summary>
    public static string? Write(JobOptions? options) => options is null ? null : JsonSerializer.Serialize(options, Options);

    /// <summary>Reads start options.</summary>
    public static JobOptions? ReadOptions(string? text) => Read<JobOptions>(text);

    /// <summary>A job's variables, engine data, signals and reasons; null when there are none.</summary>
    public static string? Write(JobData? data) => data is null ? null : JsonSerializer.Serialize(data, Options);

    /// <summary>Appends the same as UTF-8. False, and nothing is appended, for nothing.</summary>
    public static bool Write(JobData? data, IBufferWriter<byte> into) => Append(data, into);

    /// <summary>Reads a job's data.</summary>
    public static JobData? ReadData(string? text) => Read<JobData>(text);

    /// <summary>What only some steps have; null when there is nothing.</summary>
    public static string? Write(StepDetail? detail) => detail is null ? null : JsonSerializer.Serialize(detail, Options);

    /// <summary>Appends the same as UTF-8. False, and nothing is appended, for nothing.</summary>
    public static bool Write(StepDetail? detail, IBufferWriter<byte> into) => Append(detail, into);

    /// <summary>Reads a step's detail.</summary>
    public static StepDetail? ReadDetail(string? text) => Read<StepDetail>(text);

    /// <summary>A message.</summary>
    public static string Write(JobMessage message) => JsonSerializer.Serialize(message, Options);

    /// <summary>Reads a message.</summary>
    public static JobMessage ReadMessage(string text) => Read<JobMessage>(text)!;

    internal static string Write(ExportDocument document) => JsonSerializer.Serialize(document, Options);

    internal static ExportDocument? ReadExport(string text) => Read<ExportDocument>(text);

    /// <summary>What a checkpoint holds.</summary>
    public static string Write(JobSnapshot snapshot) => JsonSerializer.Serialize(snapshot, Options);

    /// <summary>Reads what a checkpoint holds.</summary>
    public static JobSnapshot ReadSnapshot(string text) => Read<JobSnapshot>(text)!;

    private static bool Append<T>(T? value, IBufferWriter<byte> into) where T : class
    {
        ArgumentNullException.ThrowIfNull(into);
        if (value is null)
        {
            return false;
        }

        using var writer = new Utf8JsonWriter(into, new JsonWriterOptions { SkipValidation = true, Encoder = JavaScriptEncoder.Default });
        JsonSerializer.Serialize(writer, value, Options);
        return true;
    }

    private static T? Read<T>(string? text) where T : class
    {
        try
        {
            return text is null ? null : JsonSerializer.Deserialize<T>(text, Options);
        }
        catch (JsonException error)
        {
            throw new StoreException($"A stored {typeof(T).Name} cannot be read: {error.Message}", isTransient: false, error) { Problem = StoreProblem.Damaged };
        }
    }

    /// <summary>A packet as it is, a reference as its text.</summary>
    private sealed class SlotForm : JsonConverter<PacketSlot>
    {
        public override PacketSlot Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.StartArray => new PacketSlot(PacketJson.FromStored(JsonMarshal.GetRawUtf8Value(JsonElement.ParseValue(ref reader)).ToArray())),
            JsonTokenType.String when PacketReference.TryParse(reader.GetString(), out var reference) => new PacketSlot(reference),
            _ => throw new JsonException("A packet must be an array of items, or the text of a reference."),
        };

        public override void Write(Utf8JsonWriter writer, PacketSlot value, JsonSerializerOptions options)
        {
            if (value.Packet is { } packet)
            {
                writer.WriteRawValue(PacketJson.ToStored(packet), skipInputValidation: true);
            }
            else
            {
                writer.WriteStringValue(value.Reference?.ToString());
            }
        }
    }

    /// <summary>JSON null is a value: a step whose signal carried null was signalled. Only a member that is missing is nothing.</summary>
    private sealed class ValueForm : JsonConverter<JsonElement?>
    {
        public override bool HandleNull => true;

        public override JsonElement? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonElement.ParseValue(ref reader);

        public override void Write(Utf8JsonWriter writer, JsonElement? value, JsonSerializerOptions options) => value.GetValueOrDefault().WriteTo(writer);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, UseStringEnumConverter = true)]
[JsonSerializable(typeof(JobOptions))]
[JsonSerializable(typeof(JobData))]
[JsonSerializable(typeof(StepDetail))]
[JsonSerializable(typeof(JobMessage))]
[JsonSerializable(typeof(JobSnapshot))]
[JsonSerializable(typeof(ExportDocument))]
[JsonSerializable(typeof(object))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(string))]
internal sealed partial class StoredFormContext : JsonSerializerContext;
