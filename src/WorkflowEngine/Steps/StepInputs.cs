using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>The packets of a step's predecessors, by step id. A predecessor that handed nothing on is absent.</summary>
public sealed class StepInputs : IReadOnlyDictionary<string, DataPacket>
{
    private readonly IReadOnlyDictionary<string, DataPacket> _packets;

    internal StepInputs(IReadOnlyDictionary<string, DataPacket> packets) => _packets = packets;

    /// <summary>No predecessors.</summary>
    public static StepInputs Empty { get; } = new(ImmutableDictionary<string, DataPacket>.Empty);

    /// <inheritdoc/>
    public DataPacket this[string key] => _packets.TryGetValue(key, out var packet) ? packet : throw new DataPacketException($"There is no input from step '{key}'. Inputs: {string.Join(", ", Keys)}.", Reasons.InvalidInput);

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _packets.Keys;

    /// <inheritdoc/>
    public IEnumerable<DataPacket> Values => _packets.Values;

    /// <inheritdoc/>
    public int Count => _packets.Count;

    /// <summary>The newest item of one predecessor's packet as <typeparamref name="T"/>.</summary>
    /// <exception cref="DataPacketException">No such input, empty, or another shape.</exception>
    public T Get<T>(string stepId) => this[stepId].Get<T>();

    /// <inheritdoc/>
    public bool ContainsKey(string key) => _packets.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out DataPacket value) => _packets.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, DataPacket>> GetEnumerator() => _packets.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

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

/// <summary>Named JSON values, read-only: engine data or variables as a step sees them.</summary>
public sealed class StepValues : IEnumerable<KeyValuePair<string, JsonElement>>
{
    private readonly ImmutableDictionary<string, JsonElement>? _values;
    private readonly ImmutableDictionary<string, JobVariable>? _variables;

    internal StepValues(ImmutableDictionary<string, JsonElement> values) => _values = values;

    internal StepValues(ImmutableDictionary<string, JobVariable> variables) => _variables = variables;

    /// <summary>Nothing.</summary>
    public static StepValues Empty { get; } = new(ImmutableDictionary<string, JsonElement>.Empty);

    /// <summary>The value, or null when there is none of that name.</summary>
    public JsonElement? this[string name] => TryGet(name, out var value) ? value : null;

    /// <summary>The value as <typeparamref name="T"/>, or <paramref name="fallback"/> when there is none of that name.</summary>
    /// <exception cref="DataPacketException">It has another shape.</exception>
    public T? Get<T>(string name, T? fallback = default)
    {
        if (!TryGet(name, out var value))
        {
            return fallback;
        }

        try
        {
            return value.Deserialize<T>(WorkflowJson.Default);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new DataPacketException($"'{name}' cannot be read as {typeof(T).Name}: {error.Message}", Reasons.InvalidInput, error);
        }
    }

    /// <summary>True when there is a value of that name.</summary>
    public bool Contains(string name) => TryGet(name, out _);

    /// <summary>True, and the value, when there is one of that name.</summary>
    public bool TryGet(string name, out JsonElement value)
    {
        if (_variables is not null)
        {
            var found = _variables.TryGetValue(name, out var variable);
            value = found ? variable!.Value : default;
            return found;
        }

        return _values!.TryGetValue(name, out value);
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, JsonElement>> GetEnumerator()
        => _variables is null
            ? _values!.GetEnumerator()
            : _variables.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal static StepValues From(object? values)
    {
        if (values is null)
        {
            return Empty;
        }

        var json = WorkflowJson.ToElement(values);
        return json.ValueKind == JsonValueKind.Object
            ? new(json.EnumerateObject().ToImmutableDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal))
            : throw new ArgumentException("Named values must be a dictionary or a record.", nameof(values));
    }
}

/// <summary>What a step wrote besides its output; committed with its outcome, dropped when the attempt fails.</summary>
internal sealed class StepWrites
{
    public List<JobVariable> Variables { get; } = [];

    public List<KeyValuePair<string, JsonElement>> EngineData { get; } = [];

    public void SetVariable(string name, object? value, VariableKind kind, string? source, JsonSerializerOptions json)
    {
        lock (this)
        {
            Variables.Add(new JobVariable(Checked(name), ToJson(name, value, json), kind, source));
        }
    }

    public void SetEngineData(string name, object? value, JsonSerializerOptions json)
    {
        lock (this)
        {
            EngineData.Add(new(Checked(name), ToJson(name, value, json)));
        }
    }

    internal static string Checked(string name) => JobVariable.IsName(name)
        ? name
        : throw new ArgumentException($"'{name}' is not a legal name: a letter or underscore, then letters, digits and underscores, at most 128.", nameof(name));

    internal static JsonElement ToJson(string name, object? value, JsonSerializerOptions json)
    {
        try
        {
            return WorkflowJson.ToElement(value, json);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException or ArgumentException or InvalidOperationException)
        {
            throw new ArgumentException($"The value of '{name}' cannot be written as JSON: {error.Message}", nameof(value), error);
        }
    }
}
