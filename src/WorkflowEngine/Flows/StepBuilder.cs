using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Declares one step of a flow in C#.</summary>
public sealed class StepBuilder
{
    private readonly List<StepEdge> _edges = [];
    private readonly OrderedDictionary<string, JsonElement> _config = new(StringComparer.Ordinal);
    private readonly List<StepBuilder> _errorSteps = [];
    private StepDefinition _step;

    internal StepBuilder(string id, string type)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(type);
        _step = new StepDefinition { Id = id, Type = type };
    }

    /// <summary>The name for people.</summary>
    public StepBuilder Name(string name) => Set(_step with { Name = name });

    /// <summary>One member of the configuration; set again it replaces the first. Strings may hold templates.</summary>
    public StepBuilder With(string name, object? value)
    {
        ArgumentNullException.ThrowIfNull(name);
        _config[name] = WorkflowJson.ToElement(value);
        return this;
    }

    /// <summary>All members of an object or dictionary, in snake_case, as members of the configuration.</summary>
    /// <exception cref="ArgumentException">The value does not serialise to a JSON object.</exception>
    public StepBuilder Config(object config)
    {
        var json = WorkflowJson.ToElement(config);
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new ArgumentException($"The configuration of step '{_step.Id}' must be an object, so that its members have names.", nameof(config));
        }

        foreach (var member in json.EnumerateObject())
        {
            _config[member.Name] = member.Value;
        }

        return this;
    }

    /// <summary>When a failed attempt is made again (S11).</summary>
    /// <param name="maxAttempts">How many attempts in all, the first included.</param>
    /// <param name="delay">The wait after the first failed attempt; default 1 s.</param>
    /// <param name="backoff">How the wait grows.</param>
    /// <param name="maxDelay">The longest wait; default 1 h.</param>
    /// <param name="jitter">Spreads each wait evenly between half of it and the whole.</param>
    /// <param name="on">The reasons that are retried; null: every reason.</param>
    public StepBuilder Retry(
        int maxAttempts,
        TimeSpan? delay = null,
        Backoff backoff = Backoff.Constant,
        TimeSpan? maxDelay = null,
        bool jitter = false,
        IReadOnlyList<string>? on = null)
        => Set(_step with
        {
            Retry = new RetryPolicy
            {
                MaxAttempts = maxAttempts,
                Delay = delay ?? RetryPolicy.None.Delay,
                Backoff = backoff,
                MaxDelay = maxDelay ?? RetryPolicy.None.MaxDelay,
                Jitter = jitter,
                On = on is null ? [] : [.. on],
            },
        });

    /// <summary>How long one attempt may take.</summary>
    public StepBuilder Timeout(TimeSpan timeout) => Set(_step with { Timeout = timeout });

    /// <summary>Another edge into this step.</summary>
    /// <param name="step">The predecessor.</param>
    /// <param name="port">The port it must complete on; null: any completion; <c>failed</c>: its error edge; <c>*</c>: completion and failure alike (S4).</param>
    /// <param name="when">A condition that must hold too, over the predecessor's output (S4); null: none.</param>
    public StepBuilder After(string step, string? port = null, string? when = null)
    {
        ArgumentNullException.ThrowIfNull(step);
        _edges.Add(new StepEdge(step, port, when));
        return this;
    }

    /// <summary>When this step runs if several edges lead into it; default <see cref="JoinRule.All"/>.</summary>
    public StepBuilder Join(JoinRule rule) => Set(_step with { Join = rule });

    /// <summary>An empty packet from this step is fine (S10).</summary>
    public StepBuilder AllowEmpty() => Set(_step with { AllowEmpty = true });

    /// <summary>The step's share of the job's progress; default 1.</summary>
    public StepBuilder Weight(double weight) => Set(_step with { Weight = weight });

    /// <summary>Higher first under <see cref="StepStrategy.Priority"/>.</summary>
    public StepBuilder Priority(int priority) => Set(_step with { Priority = priority });

    /// <summary>Adds a step behind this one's error edge: it runs, with the error as its input, when this step has failed for good.</summary>
    public StepBuilder OnError(string stepId, string type, Action<StepBuilder>? configure = null)
    {
        var handler = new StepBuilder(stepId, type).After(_step.Id, StepResult.FailedPort);
        configure?.Invoke(handler);
        _errorSteps.Add(handler);
        return this;
    }

    /// <summary>The body of a loop.</summary>
    internal StepBuilder Body(IReadOnlyList<StepDefinition> steps) => Set(_step with { Steps = steps });

    /// <summary>This step and, behind it, the steps of its error edges.</summary>
    internal IEnumerable<StepDefinition> Build()
    {
        var step = _step with
        {
            After = [.. _edges],
            Config = _config.Count == 0 ? null : WorkflowJson.ToElement(_config),
        };
        return _errorSteps.SelectMany(handler => handler.Build()).Prepend(step);
    }

    private StepBuilder Set(StepDefinition step)
    {
        _step = step;
        return this;
    }
}
