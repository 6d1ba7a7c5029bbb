using System.Text.Json;

namespace WorkflowEngine;

/// <summary>
/// Keeps a session in step with a state that other code holds as a dictionary: variables under their names, step results by step id in a dictionary under
/// <see cref="ResultsKey"/>. For code that moves to sessions part by part. What is in both is overwritten in the direction of the call; nothing is removed.
/// </summary>
/// <param name="session">The session.</param>
/// <param name="state">The other state; used by one thread at a time.</param>
public sealed class SessionBridge(JobSession session, IDictionary<string, object?> state)
{
    /// <summary>Where the step results are.</summary>
    public const string ResultsKey = "step_results";

    /// <summary>Sets a variable on both sides; durable with the session's next commit.</summary>
    /// <exception cref="ArgumentException">The name is not legal, or the value cannot be JSON.</exception>
    public void RegisterVariable(string name, object? value, VariableKind kind = VariableKind.Intermediate, string? sourceStep = null)
    {
        session.Variables.Set(Named(name), value, kind, sourceStep);
        state[name] = value;
    }

    /// <summary>Sets the result of a step on both sides; durable when it returns. A step that the session does not know is completed with it.</summary>
    /// <exception cref="ArgumentException">The id is not legal.</exception>
    public async Task RegisterStepResultAsync(string id, object? result, CancellationToken cancellationToken = default)
    {
        await KeepAsync(id, result, cancellationToken).ConfigureAwait(false);
        Results()[id] = result;
    }

    /// <summary>Copies variables, but for secrets, and the results of completed steps into the dictionary: as strings, numbers, booleans, lists and dictionaries.</summary>
    public async Task SyncToStateAsync(CancellationToken cancellationToken = default)
    {
        foreach (var variable in session.Variables.List().Values.Where(variable => variable.Kind != VariableKind.Secret))
        {
            state[variable.Name] = Plain(variable.Value);
        }

        var results = Results();
        var status = await session.GetStatusAsync(cancellationToken).ConfigureAwait(false);
        foreach (var step in status.Steps.Where(step => step.Status == StepStatus.Completed && step.Path != CodeFlow.Root))
        {
            results[step.Path] = Plain(await session.GetStepResultAsync<JsonElement>(step.Path, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>Copies what differs from the dictionary into the session; durable when it returns. A variable keeps its kind; a step that the session does not know is completed with its result.</summary>
    /// <exception cref="ArgumentException">A name is not legal, or a value cannot be JSON.</exception>
    public async Task SyncFromStateAsync(CancellationToken cancellationToken = default)
    {
        var known = session.Variables.List();
        foreach (var (name, value) in state.Where(pair => pair.Key != ResultsKey).ToList())
        {
            var variable = known.GetValueOrDefault(name);
            if (variable is null || !JsonElement.DeepEquals(variable.Value, WorkflowJson.ToElement(value)))
            {
                session.Variables.Set(name, value, variable?.Kind ?? VariableKind.Intermediate, variable?.SourceStep);
            }
        }

        foreach (var (id, result) in Results().ToList())
        {
            await KeepAsync(id, result, cancellationToken).ConfigureAwait(false);
        }

        await session.CleanupAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task KeepAsync(string id, object? result, CancellationToken cancellationToken)
    {
        var status = await session.GetStatusAsync(cancellationToken).ConfigureAwait(false);
        var isNew = status.Steps.All(step => step.Path != id);
        if (isNew)
        {
            await session.StartStepAsync(id, null, cancellationToken).ConfigureAwait(false);
        }

        await session.SetStepResultAsync(id, result, cancellationToken).ConfigureAwait(false);
        if (isNew)
        {
            await session.CompleteStepAsync(id, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
    }

    private IDictionary<string, object?> Results()
    {
        if (state.TryGetValue(ResultsKey, out var found) && found is IDictionary<string, object?> results)
        {
            return results;
        }

        var made = new Dictionary<string, object?>(StringComparer.Ordinal);
        state[ResultsKey] = made;
        return made;
    }

    private static string Named(string name)
        => name != ResultsKey ? name : throw new ArgumentException($"'{ResultsKey}' is where the step results are; choose another name.", nameof(name));

    private static object? Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().ToDictionary(member => member.Name, member => Plain(member.Value), StringComparer.Ordinal),
        JsonValueKind.Array => value.EnumerateArray().Select(Plain).ToList(),
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.TryGetInt64(out var whole) ? whole : value.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };
}
