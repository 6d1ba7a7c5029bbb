namespace WorkflowEngine;

/// <summary>A compiled flow with the step types that this node runs it by.</summary>
internal sealed class RunnableFlow
{
    private readonly StepRegistry _registry;

    public RunnableFlow(CompiledFlow flow, StepRegistry registry)
    {
        Flow = flow;
        _registry = registry;
        InputNames = [.. flow.Steps.Select(step => step.Incoming.Select(edge => flow.Steps[edge.From].Id).ToArray())];
        NamedSteps = [.. flow.Steps.Select(step => Named(flow, LookupsOf(step)))];
        ConstantConfigs = Array.ConvertAll(flow.Steps, step => step.Config is { IsConstant: true } config ? new StepConfig(config.Source) : null);
        OutputSteps = Named(flow, flow.Output?.Lookups ?? []);
    }

    public CompiledFlow Flow { get; }

    /// <summary>The predecessors' ids of each step, in declared order.</summary>
    public string[][] InputNames { get; }

    /// <summary>The steps that a step's templates and the conditions behind it name.</summary>
    public int[][] NamedSteps { get; }

    /// <summary>The configs that need no rendering.</summary>
    public StepConfig?[] ConstantConfigs { get; }

    /// <summary>The steps that the flow's output names.</summary>
    public int[] OutputSteps { get; }

    /// <summary>The registration by which a step runs now; null when its type is gone. Looked up anew each time, so that a test host can fake a type.</summary>
    public StepRegistration? RegistrationOf(int step) => _registry.TryGet(Flow.Steps[step].Type, out var registration) ? registration : null;

    /// <summary>True when every step type is registered here (S1).</summary>
    public bool IsWhole => Array.TrueForAll(Flow.Steps, step => _registry.TryGet(step.Type, out _));

    /// <summary>What all steps of one ownership of a job share.</summary>
    public JobFacts FactsOf(EngineNode node, JobState state, IAttemptHost host) => new(state.Id, Flow.Id, Flow.Version, node.Options.Json)
    {
        MaxBytes = node.Options.MaxPacketBytes,
        Options = state.Creation.Options,
        JobAttempt = state.Head.Attempt,
        Epoch = state.Epoch,
        Services = node.Services,
        Loggers = node.Loggers,
        Host = host,
        Time = node.Time,
    };

    private static IEnumerable<IReadOnlyList<string>> LookupsOf(CompiledStep step)
    {
        var conditions = step.Outgoing.Select(edge => edge.When).Concat(step.Cases?.Select(one => one.When) ?? []);
        return (step.Config?.Lookups ?? []).Concat(conditions.OfType<CompiledExpression>().SelectMany(condition => condition.Lookups));
    }

    private static int[] Named(CompiledFlow flow, IEnumerable<IReadOnlyList<string>> lookups)
        => [.. lookups
            .Where(path => path.Count > 1 && path[0] == "steps")
            .Select(path => flow.IndexOf(path[1]))
            .Where(index => index >= 0)
            .Distinct()];
}
