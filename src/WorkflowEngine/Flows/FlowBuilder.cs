using System.Text.Json;

namespace WorkflowEngine;

/// <summary>
/// Declares a flow in C#; the result is the same <see cref="FlowDefinition"/> that the JSON form reads to, with the same version. Mistakes of the graph are
/// reported when the flow is registered, all at once.
/// </summary>
public sealed class FlowBuilder
{
    private readonly List<StepBuilder> _steps = [];
    private readonly Dictionary<string, JsonElement> _variables = new(StringComparer.Ordinal);
    private FlowDefinition _flow;
    private string? _last;

    /// <summary>Begins a flow.</summary>
    /// <param name="id"><c>[A-Za-z0-9][A-Za-z0-9_.-]{0,127}</c>.</param>
    public FlowBuilder(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        _flow = new FlowDefinition { Id = id };
    }

    /// <summary>The name for people.</summary>
    public FlowBuilder Name(string name) => Set(_flow with { Name = name });

    /// <summary>What the flow is for.</summary>
    public FlowBuilder Description(string description) => Set(_flow with { Description = description });

    /// <summary>What happens when a step fails and nothing handles it; default <see cref="WorkflowEngine.FailurePolicy.StopOnFailure"/>.</summary>
    public FlowBuilder FailurePolicy(FailurePolicy policy) => Set(_flow with { FailurePolicy = policy });

    /// <summary>In which order ready steps start; default <see cref="StepStrategy.DependencyOrder"/>.</summary>
    public FlowBuilder Strategy(StepStrategy strategy) => Set(_flow with { Strategy = strategy });

    /// <summary>How many steps of one job run at the same time; default 8.</summary>
    public FlowBuilder MaxConcurrentSteps(int count) => Set(_flow with { MaxConcurrentSteps = count });

    /// <summary>How long a job may take in all.</summary>
    public FlowBuilder Timeout(TimeSpan timeout) => Set(_flow with { Timeout = timeout });

    /// <summary>The flow's output: any value that serialises to JSON, with templates in its strings.</summary>
    public FlowBuilder Output(object output) => Set(_flow with { Output = WorkflowJson.ToElement(output) });

    /// <summary>A default variable, of kind configuration; declared again it replaces the first.</summary>
    public FlowBuilder Variable(string name, object? value)
    {
        ArgumentNullException.ThrowIfNull(name);
        _variables[name] = WorkflowJson.ToElement(value);
        return this;
    }

    /// <summary>A step without predecessors. A flow may have several.</summary>
    public FlowBuilder Start(string id, string type, Action<StepBuilder>? configure = null) => Add(id, type, [], configure);

    /// <summary>A step after the one declared last (steps of <see cref="StepBuilder.OnError"/> do not count).</summary>
    /// <exception cref="InvalidOperationException">There is no step yet.</exception>
    public FlowBuilder Then(string id, string type, Action<StepBuilder>? configure = null)
        => Add(id, type, [_last ?? throw new InvalidOperationException($"'{id}' has no step to come after; begin with Start.")], configure);

    /// <summary>A step after others; none makes it a root. More edges, with ports, are added by <see cref="StepBuilder.After"/>.</summary>
    public FlowBuilder Step(string id, string type, IReadOnlyList<string>? after = null, Action<StepBuilder>? configure = null) => Add(id, type, after ?? [], configure);

    /// <summary>A step that joins several branches: it waits for all of them unless <see cref="StepBuilder.Join"/> says otherwise (S6).</summary>
    public FlowBuilder Join(string id, string type, IReadOnlyList<string> after, Action<StepBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(after);
        return Add(id, type, after, configure);
    }

    /// <summary>A switch after the step declared last: it hands its input on, on the port of the first case whose condition holds, otherwise on <paramref name="otherwise"/>. Steps take a port with <see cref="StepBuilder.After"/>.</summary>
    public FlowBuilder Switch(string id, IReadOnlyList<(string Port, string When)> cases, string? otherwise = null, Action<StepBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(cases);
        return Next(id, "switch", configure, step =>
        {
            step.With("cases", cases.Select(one => new Dictionary<string, string>(StringComparer.Ordinal) { ["port"] = one.Port, ["when"] = one.When }));
            _ = otherwise is null ? step : step.With("default", otherwise);
        });
    }

    /// <summary>A wait after the step declared last; it holds no slot.</summary>
    public FlowBuilder Delay(string id, TimeSpan duration, Action<StepBuilder>? configure = null)
        => Next(id, "delay", configure, step => step.With("duration", Duration.Format(duration)));

    /// <summary>A wait for a signal after the step declared last; its value is the step's output (S16).</summary>
    public FlowBuilder WaitForSignal(string id, string signal, TimeSpan? timeout = null, Action<StepBuilder>? configure = null)
        => Next(id, "wait_for_signal", configure, step => WithTimeout(step.With("signal", signal), timeout));

    /// <summary>A question to a person after the step declared last; steps take <c>approved</c>, <c>rejected</c> and <c>timed_out</c> with <see cref="StepBuilder.After"/> (S16).</summary>
    public FlowBuilder Approval(string id, string name, string? title = null, TimeSpan? timeout = null, Action<StepBuilder>? configure = null)
        => Next(id, "approval", configure, step => WithTimeout(title is null ? step.With("name", name) : step.With("name", name).With("title", title), timeout));

    /// <summary>Runs a body once per item, after the step declared last; the outputs of the rounds, in the order of the items, are the step's output (S17).</summary>
    /// <param name="id">The step's id.</param>
    /// <param name="items">A list, or a template that gives one.</param>
    /// <param name="body">The steps of a round; their first ones get the item. Their names stand once in the whole flow.</param>
    /// <param name="maxConcurrency">How many rounds are open at the same time; null: as many steps as the job may run.</param>
    /// <param name="continueOnError">A failed round becomes an item of type <c>error</c> in the output, and the loop goes on.</param>
    /// <param name="configure">Everything else about the step.</param>
    public FlowBuilder ForEach(string id, object items, Action<FlowBuilder> body, int? maxConcurrency = null, bool continueOnError = false, Action<StepBuilder>? configure = null)
        => Next(id, "for_each", configure, step =>
        {
            step.With("items", items).Body(StepsOf(id, body));
            _ = maxConcurrency is { } most ? step.With("max_concurrency", most) : step;
            _ = continueOnError ? step.With("continue_on_error", true) : step;
        });

    /// <summary>Runs a body after the step declared last, round after round, while a condition holds over what the latest round handed on, or the input before the first one (S18).</summary>
    /// <param name="id">The step's id.</param>
    /// <param name="condition">Asked before each round.</param>
    /// <param name="body">The steps of a round; their first ones get what the round before handed on.</param>
    /// <param name="maxIterations">How many rounds it may take; null: 1000.</param>
    /// <param name="configure">Everything else about the step.</param>
    public FlowBuilder While(string id, string condition, Action<FlowBuilder> body, int? maxIterations = null, Action<StepBuilder>? configure = null)
        => Next(id, "while", configure, step => Repeat(step.With("while", condition), StepsOf(id, body), maxIterations));

    /// <summary>As <see cref="While"/>, but asks after each round, and ends once the condition holds: at least one round runs.</summary>
    public FlowBuilder Until(string id, string condition, Action<FlowBuilder> body, int? maxIterations = null, Action<StepBuilder>? configure = null)
        => Next(id, "while", configure, step => Repeat(step.With("until", condition), StepsOf(id, body), maxIterations));

    /// <summary>The definition so far. It does not change when the builder is used on.</summary>
    public FlowDefinition Build() => _flow with
    {
        Variables = new Dictionary<string, JsonElement>(_variables, StringComparer.Ordinal),
        Steps = [.. _steps.SelectMany(step => step.Build())],
    };

    private FlowBuilder Set(FlowDefinition flow)
    {
        _flow = flow;
        return this;
    }

    /// <summary>After the step declared last, or as the first one.</summary>
    private FlowBuilder Next(string id, string type, Action<StepBuilder>? configure, Action<StepBuilder> config)
        => Add(id, type, _last is null ? [] : [_last], step =>
        {
            config(step);
            configure?.Invoke(step);
        });

    private static IReadOnlyList<StepDefinition> StepsOf(string id, Action<FlowBuilder> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var builder = new FlowBuilder(id);
        body(builder);
        return builder.Build().Steps;
    }

    private static void Repeat(StepBuilder step, IReadOnlyList<StepDefinition> body, int? maxIterations)
    {
        step.Body(body);
        _ = maxIterations is { } most ? step.With("max_iterations", most) : step;
    }

    private static void WithTimeout(StepBuilder step, TimeSpan? timeout)
    {
        if (timeout is { } limit)
        {
            step.With("timeout", Duration.Format(limit));
        }
    }

    private FlowBuilder Add(string id, string type, IReadOnlyList<string> after, Action<StepBuilder>? configure)
    {
        var step = new StepBuilder(id, type);
        foreach (var predecessor in after)
        {
            step.After(predecessor);
        }

        configure?.Invoke(step);
        _steps.Add(step);
        _last = id;
        return this;
    }
}
