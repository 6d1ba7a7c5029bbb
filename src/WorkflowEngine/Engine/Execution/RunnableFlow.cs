namespace WorkflowEngine;

/// <summary>A compiled flow with the step types that this node runs it by.</summary>
internal sealed class RunnableFlow
{
    private readonly StepRegistry _registry;

    public RunnableFlow(CompiledFlow flow, StepRegistry registry)
    {
        Flow = flow;
        _registry = registry;
        var scopes = ScopesOf(flow);
        InputNames = [.. flow.AllSteps.Select(step => step.Incoming.Select(edge => scopes[step.Ordinal][0].Steps[edge.From].Id).ToArray())];
        NamedSteps = [.. flow.AllSteps.Select(step => Named(scopes[step.Ordinal], LookupsOf(step)))];
        ConstantConfigs = Array.ConvertAll(flow.AllSteps, step => step.Config is { IsConstant: true } config ? new StepConfig(config.Source) : null);
        OutputSteps = Named([flow.Scope], flow.Output?.Lookups ?? []);
    }

    public CompiledFlow Flow { get; }

    /// <summary>The predecessors' ids of each step, in declared order. This and the next two by <see cref="CompiledStep.Ordinal"/>.</summary>
    public string[][] InputNames { get; }

    /// <summary>The steps that a step's templates and the conditions behind it name.</summary>
    public NamedPlace[][] NamedSteps { get; }

    /// <summary>The configs that need no rendering.</summary>
    public StepConfig?[] ConstantConfigs { get; }

    /// <summary>The steps that the flow's output names.</summary>
    public NamedPlace[] OutputSteps { get; }

    /// <summary>The registration by which a step runs now; null when its type is gone. Looked up anew each time, so that a test host can fake a type.</summary>
    public StepRegistration? RegistrationOf(CompiledStep step) => _registry.TryGet(step.Type, out var registration) ? registration : null;

    /// <summary>True when every step type is registered here (S1).</summary>
    public bool IsWhole => Array.TrueForAll(Flow.AllSteps, step => _registry.TryGet(step.Type, out _));

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

    private static NamedPlace[] Named(IReadOnlyList<CompiledScope> scopes, IEnumerable<IReadOnlyList<string>> lookups)
        => [.. lookups
            .Where(path => path.Count > 1 && path[0] == "steps")
            .Select(path => path[1])
            .Distinct(StringComparer.Ordinal)
            .SelectMany(id => scopes.Select((scope, outward) => new NamedPlace(id, outward, scope.IndexOf(id))).Where(place => place.Index >= 0).Take(1))];

    /// <summary>For each step its own scope, then the scopes around it.</summary>
    private static CompiledScope[][] ScopesOf(CompiledFlow flow)
    {
        var scopes = new CompiledScope[flow.AllSteps.Length][];
        Array.Fill(scopes, [flow.Scope], 0, flow.Steps.Length);
        foreach (var loop in flow.AllSteps.Where(step => step.Loop is not null))
        {
            var body = loop.Loop!.Body;
            Array.Fill(scopes, [body, .. scopes[loop.Ordinal]], body.Steps[0].Ordinal, body.Steps.Length);
        }

        return scopes;
    }
}

/// <summary>A step that a template names: in the scope of the step that names it, or so many scopes outward.</summary>
internal readonly record struct NamedPlace(string Id, int Outward, int Index);
