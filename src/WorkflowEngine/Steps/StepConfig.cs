using System.Text.Json;

namespace WorkflowEngine;

/// <summary>A step's configuration: a JSON object with its templates already rendered.</summary>
public sealed class StepConfig
{
    private readonly JsonSerializerOptions _json;

    internal StepConfig(JsonElement json, JsonSerializerOptions? options = null)
    {
        Json = json;
        _json = options ?? WorkflowJson.Default;
    }

    /// <summary>No configuration.</summary>
    public static StepConfig Empty { get; } = new(WorkflowJson.EmptyObject);

    /// <summary>The configuration as JSON; always an object.</summary>
    public JsonElement Json { get; }

    /// <summary>The whole configuration as a record: snake_case members, case-insensitive.</summary>
    /// <exception cref="StepFailedException">It does not fit; the reason is <c>invalid_config</c> and no retry is made.</exception>
    public T Get<T>()
    {
        try
        {
            return Json.Deserialize<T>(_json)!;
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new StepFailedException(Reasons.InvalidConfig, $"The configuration cannot be read as {typeof(T).Name}: {error.Message}", retryable: false, error);
        }
    }

    /// <summary>One member as <typeparamref name="T"/>, or <paramref name="fallback"/> when it is absent or null.</summary>
    /// <exception cref="StepFailedException">It is there but has another shape.</exception>
    public T? Get<T>(string name, T? fallback = default)
    {
        if (!Json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return fallback;
        }

        try
        {
            return value.Deserialize<T>(_json);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new StepFailedException(Reasons.InvalidConfig, $"The configuration's '{name}' cannot be read as {typeof(T).Name}: {error.Message}", retryable: false, error);
        }
    }

    internal static StepConfig From(object? config) => config is null ? Empty : new(WorkflowJson.ToElement(config));
}
