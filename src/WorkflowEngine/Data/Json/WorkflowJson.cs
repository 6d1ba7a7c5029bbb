using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace WorkflowEngine;

/// <summary>How user records are read from and written to JSON where no engine options are at hand.</summary>
internal static class WorkflowJson
{
    /// <summary>Nesting beyond this is refused when a document is read.</summary>
    public const int MaxDepth = 64;

    private static long _maxBytes = 64 * 1024 * 1024;

    public static readonly JsonSerializerOptions Default = Create();

    public static readonly JsonDocumentOptions Document = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    public static readonly JsonElement Null = JsonElement.Parse("null");

    public static readonly JsonElement EmptyObject = JsonElement.Parse("{}");

    public static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DictionaryKeyPolicy = null,
            PropertyNameCaseInsensitive = true,
            MaxDepth = MaxDepth,
            AllowDuplicateProperties = false,
            NumberHandling = JsonNumberHandling.Strict,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        };
        options.Converters.Add(new SoundText());
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        return options;
    }

    /// <summary>The bytes that any engine of this process could keep of one packet: the bound for values made where no engine is at hand.</summary>
    public static long MaxBytes => Volatile.Read(ref _maxBytes);

    /// <summary>Raises <see cref="MaxBytes"/>; it never falls, since an engine with a higher limit may be at work.</summary>
    public static void AllowBytes(long maxBytes)
    {
        for (var known = MaxBytes; known < maxBytes && Interlocked.CompareExchange(ref _maxBytes, maxBytes, known) != known; known = MaxBytes)
        {
        }
    }

    /// <summary>
    /// The JSON of any value; a <see cref="JsonElement"/> is taken as it is, after being detached from its document. The runtime type decides for object and
    /// interfaces, so that an anonymous record in an object slot keeps its members.
    /// </summary>
    /// <exception cref="DataPacketException">It is larger than <paramref name="maxBytes"/>: <c>packet_too_large</c>. It cannot be JSON, or a member of it throws: <c>result_not_storable</c>.</exception>
    public static JsonElement ToElement<T>(T value, JsonSerializerOptions? options = null, long? maxBytes = null)
    {
        try
        {
            return value switch
            {
                null => Null,
                JsonElement element => Detached(element, maxBytes ?? MaxBytes),
                JsonDocument document => Detached(document.RootElement, maxBytes ?? MaxBytes),
                _ => BoundedJson.Write(value, options ?? Default, maxBytes ?? MaxBytes),
            };
        }
        catch (Exception error)
        {
            var reason = error is DataPacketException { Reason: "packet_too_large" } ? "packet_too_large" : "result_not_storable";
            throw new DataPacketException($"A value of type {value!.GetType().Name} cannot be written as JSON: {error.Message}", reason, error);
        }
    }

    /// <summary>
    /// The element free of its document, its raw text strict JSON: a caller's parser may have let comments and trailing commas in, and the raw
    /// text is what gets stored and shown.
    /// </summary>
    public static JsonElement Detached(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Undefined => Null,
        JsonValueKind.Object or JsonValueKind.Array when !IsStrict(JsonMarshal.GetRawUtf8Value(element)) => Rewritten(element),
        _ => element.Clone(),
    };

    private static JsonElement Detached(JsonElement element, long maxBytes)
        => element.ValueKind == JsonValueKind.Undefined || JsonMarshal.GetRawUtf8Value(element).Length <= maxBytes
            ? Detached(element)
            : throw new DataPacketException($"It has more than the {maxBytes} bytes that MaxPacketBytes allows.", "packet_too_large");

    private static bool IsStrict(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = int.MaxValue });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static JsonElement Rewritten(JsonElement element)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = int.MaxValue }))
        {
            element.WriteTo(writer);
        }

        return JsonElement.Parse(bytes.WrittenSpan, new JsonDocumentOptions { MaxDepth = int.MaxValue });
    }
}
