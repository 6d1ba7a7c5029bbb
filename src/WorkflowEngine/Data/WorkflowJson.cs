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
        JsonElement { ValueKind: JsonValueKind.Undefined } => Null,
        JsonElement element => element.Clone(),
        JsonDocument document => document.RootElement.Clone(),
        // The runtime type decides for object and interfaces, so that an anonymous record in an object slot keeps its members.
        _ => JsonSerializer.SerializeToElement(value, value.GetType(), options ?? Default),
    };
}
