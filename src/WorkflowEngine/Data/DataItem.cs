using System.Runtime.InteropServices;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>One thing that travels between steps: typed by a word, with immutable JSON content and metadata.</summary>
public sealed class DataItem
{
    /// <summary>Makes an item.</summary>
    /// <param name="type">What the content is, in one word, for example <c>article</c>.</param>
    /// <param name="content">Any JSON.</param>
    /// <param name="metadata">A JSON object with side facts, for example <c>source_type</c>; empty when left out.</param>
    /// <param name="timestamp">When the content came to be; left out, the engine stamps the time at which the step that made it ended.</param>
    public DataItem(string type, JsonElement content, JsonElement? metadata = null, DateTimeOffset timestamp = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(type);
        if (metadata is { ValueKind: not JsonValueKind.Object })
        {
            throw new ArgumentException("Metadata must be a JSON object.", nameof(metadata));
        }

        Type = type;
        Content = WorkflowJson.Detached(content);
        Metadata = metadata is { } given ? WorkflowJson.Detached(given) : WorkflowJson.EmptyObject;
        Timestamp = timestamp;
    }

    /// <summary>An item of parts that are known to be sound: detached, strict JSON, the metadata an object.</summary>
    internal DataItem(string type, JsonElement content, JsonElement metadata, DateTimeOffset timestamp, string? origin, int ordinal)
    {
        Type = type;
        Content = content;
        Metadata = metadata;
        Timestamp = timestamp;
        Origin = origin;
        Ordinal = ordinal;
    }

    /// <summary>What the content is, in one word.</summary>
    public string Type { get; }

    /// <summary>The content, detached from any document.</summary>
    public JsonElement Content { get; }

    /// <summary>Side facts; always a JSON object.</summary>
    public JsonElement Metadata { get; }

    /// <summary>When the content came to be; the default value until the engine has stamped it.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>The path of the step that made the item (empty: the job's input), null before the engine saw it. With <see cref="Ordinal"/> it tells items apart at joins (S9).</summary>
    internal string? Origin { get; }

    internal int Ordinal { get; }

    /// <summary>Makes an item from any value that serialises to JSON.</summary>
    /// <exception cref="DataPacketException">
    /// The value cannot be JSON, or a member of it throws: <c>result_not_storable</c>. It is larger than any engine of this process could keep: <c>packet_too_large</c>,
    /// refused while it is being written.
    /// </exception>
    public static DataItem Of<T>(string type, T content, object? metadata = null, DateTimeOffset timestamp = default)
        => new(type, WorkflowJson.ToElement(content), metadata is null ? null : WorkflowJson.ToElement(metadata), timestamp);

    /// <summary>The content as <typeparamref name="T"/>: snake_case members, case-insensitive.</summary>
    /// <exception cref="DataPacketException">The content has another shape.</exception>
    public T Get<T>() => Get<T>(WorkflowJson.Default);

    internal T Get<T>(JsonSerializerOptions options)
    {
        if (typeof(T) == typeof(JsonElement))
        {
            return (T)(object)Content;
        }

        try
        {
            return Content.Deserialize<T>(options)!;
        }
        catch (Exception error) when (error is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new DataPacketException($"The item of type '{Type}' cannot be read as {typeof(T).Name}: {error.Message}", "invalid_input", error);
        }
    }

    internal DataItem Stamped(string origin, int ordinal, DateTimeOffset now)
        => Origin is not null ? this : new DataItem(Type, Content, Metadata, Timestamp == default ? now : Timestamp, origin, ordinal);

    /// <summary>An estimate of the stored size in bytes: exact for the content, a constant for the frame.</summary>
    internal int StoredBytes
        => JsonMarshal.GetRawUtf8Value(Content).Length + JsonMarshal.GetRawUtf8Value(Metadata).Length + Type.Length + (Origin?.Length ?? 0) + 90;
}
