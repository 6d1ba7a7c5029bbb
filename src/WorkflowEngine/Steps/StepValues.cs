using System.Collections;
using System.Collections.Immutable;
using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

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

    /// <summary>A dictionary's or record's members as JSON; null has none.</summary>
    /// <param name="values">The dictionary or record.</param>
    /// <param name="what">What they are, for people.</param>
    internal static ImmutableDictionary<string, JsonElement> Members(object? values, string what = "The named values")
    {
        if (values is null)
        {
            return ImmutableDictionary<string, JsonElement>.Empty;
        }

        JsonElement json;
        try
        {
            json = WorkflowJson.ToElement(values);
        }
        catch (DataPacketException error)
        {
            throw error.Naming(what, Reasons.InvalidInput);
        }

        return json.ValueKind == JsonValueKind.Object
            ? json.EnumerateObject().ToImmutableDictionary(member => StepWrites.Checked(member.Name), member => member.Value, StringComparer.Ordinal)
            : throw new ArgumentException("Named values must be a dictionary or a record.", nameof(values));
    }
}

/// <summary>What a step wrote besides its output; committed with its outcome, dropped when the attempt fails.</summary>
internal sealed class StepWrites
{
    public List<JobVariable> Variables { get; } = [];

    public List<KeyValuePair<string, JsonElement>> EngineData { get; } = [];

    public void SetVariable(JobVariable variable)
    {
        lock (this)
        {
            Variables.Add(variable);
        }
    }

    public void SetEngineData(string name, JsonElement value)
    {
        lock (this)
        {
            EngineData.Add(new(name, value));
        }
    }

    /// <summary>The data as it is once this is written.</summary>
    public JobData Over(JobData data)
    {
        foreach (var variable in Variables)
        {
            data = data with { Variables = data.Variables.SetItem(variable.Name, variable) };
        }

        return EngineDataOver(data);
    }

    /// <summary>The same without the variables.</summary>
    public JobData EngineDataOver(JobData data)
    {
        foreach (var (name, value) in EngineData)
        {
            data = data with { EngineData = data.EngineData.SetItem(name, value) };
        }

        return data;
    }

    internal static string Checked(string name) => JobVariable.IsName(name)
        ? name
        : throw new ArgumentException($"'{name}' is not a legal name: a letter or underscore, then letters, digits and underscores, at most 128.", nameof(name));

    /// <summary>A value that a step, a session or a client gives a name.</summary>
    /// <exception cref="DataPacketException">Too large: <c>packet_too_large</c>. No JSON: <paramref name="reason"/>.</exception>
    internal static JsonElement ToJson(string name, object? value, JsonSerializerOptions json, long maxBytes, string reason = Reasons.ResultNotStorable)
    {
        try
        {
            return WorkflowJson.ToElement(value, json, maxBytes);
        }
        catch (DataPacketException error)
        {
            throw error.Naming($"The value of '{name}'", reason);
        }
    }
}
