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
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        return options;
    }

    /// <summary>The JSON of any value; a <see cref="JsonElement"/> is taken as it is, after being detached from its document.</summary>
    public static JsonElement ToElement<T>(T value, JsonSerializerOptions? options = null) => value switch
    {
        null => Null,
        JsonElement element => Detached(element),
        JsonDocument document => Detached(document.RootElement),
        // The runtime type decides for object and interfaces, so that an anonymous record in an object slot keeps its members.
        _ => JsonSerializer.SerializeToElement(value, value.GetType(), options ?? Default),
    };

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
