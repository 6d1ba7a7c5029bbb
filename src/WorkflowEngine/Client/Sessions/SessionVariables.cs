using System.Text.Json;

namespace WorkflowEngine;

/// <summary>The variables of a session's job: what its code writes is seen by it at once and becomes durable with the next commit.</summary>
public sealed class SessionVariables
{
    private readonly SessionSeat _seat;
    private readonly Dictionary<string, JobVariable> _onTheWay = new(StringComparer.Ordinal);

    internal SessionVariables(SessionSeat seat) => _seat = seat;

    /// <summary>Sets a variable. It is durable with the session's next commit, at the latest after a third of a second; <see cref="SetAsync"/> waits for that.</summary>
    /// <param name="name">1 to 128 characters: a letter or underscore, then letters, digits, underscores.</param>
    /// <param name="value">Any value that can be JSON.</param>
    /// <param name="kind">What it is for.</param>
    /// <param name="sourceStep">The step that made it; null: the code between the steps.</param>
    /// <exception cref="ArgumentException">The name is not legal.</exception>
    /// <exception cref="DataPacketException">The value cannot be JSON, or is too large.</exception>
    /// <exception cref="InvalidOperationException">The session is over.</exception>
    public void Set(string name, object? value, VariableKind kind = VariableKind.Intermediate, string? sourceStep = null)
    {
        var variable = Made(name, value, kind, sourceStep);
        if (_seat.IsOver || _seat.Runner.Retired.IsCompleted)
        {
            throw _seat.Gone();
        }

        lock (_onTheWay)
        {
            _onTheWay[name] = variable;
        }

        _seat.Runner.InTurn(writing =>
        {
            writing.Apply(new WriteSessionVariable(_seat.Run, variable, IsUrgent: false));
            Arrived(variable);
        });
    }

    /// <summary>As <see cref="Set"/>; durable when it returns.</summary>
    /// <exception cref="ArgumentException">The name is not legal.</exception>
    /// <exception cref="DataPacketException">The value cannot be JSON, or is too large.</exception>
    /// <exception cref="InvalidOperationException">The session is over.</exception>
    public async Task SetAsync(string name, object? value, VariableKind kind = VariableKind.Intermediate, string? sourceStep = null)
        => await _seat.SendAsync(new WriteSessionVariable(_seat.Run, Made(name, value, kind, sourceStep), IsUrgent: true)).ConfigureAwait(false);

    /// <summary>The value as <typeparamref name="T"/>; the default value when there is none of that name.</summary>
    /// <exception cref="DataPacketException">It has another shape.</exception>
    public T? Get<T>(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!List().TryGetValue(name, out var variable))
        {
            return default;
        }

        try
        {
            return variable.Value.Deserialize<T>(_seat.Node.Options.Json);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new DataPacketException($"Variable '{name}' cannot be read as {typeof(T).Name}: {error.Message}", Reasons.InvalidInput, error);
        }
    }

    /// <summary>True when there is a variable of that name.</summary>
    public bool Contains(string name) => List().ContainsKey(name);

    /// <summary>All variables as they are now. Secrets are not masked: this is the code's own view.</summary>
    public IReadOnlyDictionary<string, JobVariable> List()
    {
        lock (_onTheWay)
        {
            // The state inside the lock: what has left the way is in it.
            return _seat.Runner.State.Data.Variables.SetItems(_onTheWay);
        }
    }

    private void Arrived(JobVariable variable)
    {
        lock (_onTheWay)
        {
            if (ReferenceEquals(_onTheWay.GetValueOrDefault(variable.Name), variable))
            {
                _onTheWay.Remove(variable.Name);
            }
        }
    }

    private JobVariable Made(string name, object? value, VariableKind kind, string? sourceStep)
        => new(StepWrites.Checked(name), StepWrites.ToJson(name, value, _seat.Node.Options.Json, _seat.Node.Options.MaxPacketBytes), kind, sourceStep);
}
