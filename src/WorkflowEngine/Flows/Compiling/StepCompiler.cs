using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Compiles the steps of a flow one by one; what lies between them is the graph's.</summary>
internal sealed class StepCompiler(FlowDefinition flow, StepRegistry registry, JsonSerializerOptions json, List<FlowDiagnostic> diagnostics)
{
    private readonly IReadOnlyList<string> _types = [.. registry.All.Select(registration => registration.Type)];
    private readonly ConfigShape _shape = new(json, diagnostics);
    private readonly BuiltInConfig _builtIns = new(diagnostics);
    private readonly Dictionary<string, string> _places = new(StringComparer.Ordinal);

    /// <summary>Compiles a list of steps and the bodies of its loops; null when a problem was found in it.</summary>
    public CompiledScope? Compile(StepScope scope)
    {
        var found = diagnostics.Count;
        Index(scope);
        var graph = FlowGraph.Connect(scope, registry, diagnostics);
        var steps = new CompiledStep[scope.Steps.Count];
        for (var index = 0; index < steps.Length; index++)
        {
            steps[index] = Compile(scope, graph, index);
        }

        graph.CheckPaths(diagnostics);
        if (diagnostics.Count > found)
        {
            return null;
        }

        graph.Attach(steps);
        return new CompiledScope(steps);
    }

    /// <summary>An id stands once in the whole flow, so that a name in a template means one step.</summary>
    private void Index(StepScope scope)
    {
        for (var index = 0; index < scope.Steps.Count; index++)
        {
            var id = scope.Steps[index].Id ?? string.Empty;
            var path = $"{scope.Path}[{index}].id";
            if (!Identifier.IsStepId(id))
            {
                diagnostics.Report(FlowProblems.InvalidId, path, $"{FlowProblems.Quote(id)} is no step id: {Identifier.StepForm}.", id);
            }

            scope.Indexes.TryAdd(id, index);
            scope.Visible.TryAdd(id, index);
            if (!_places.TryAdd(id, $"{scope.Path}[{index}]") && id.Length > 0)
            {
                diagnostics.Report(FlowProblems.DuplicateStepId, path, $"Step {FlowProblems.Quote(id)} is there already, at {_places[id]}.", id);
            }
        }
    }

    /// <summary>The names that a config may look up; looked at only if it looks up any.</summary>
    private static ExpressionNames NamesOf(StepScope scope, FlowGraph graph, int index)
    {
        HashSet<string>? inputs = null;
        return new ExpressionNames
        {
            Steps = scope.Visible,
            Loop = scope.LoopNames,
            Inputs = () => inputs ??= [.. graph.Incoming(index).Select(edge => scope.Steps[edge.From].Id)],
            HasError = () => graph.Incoming(index).Any(edge => edge.TakesFailure),
            HasSecrets = true,
            HasSignal = true,
        };
    }

    private CompiledStep Compile(StepScope scope, FlowGraph graph, int index)
    {
        var (step, names, path) = (scope.Steps[index], NamesOf(scope, graph, index), $"{scope.Path}[{index}]");
        var registration = FindType(step, path);
        FlowCheck.CheckRetry(step.Retry, $"{path}.retry", diagnostics, step.Id);
        FlowCheck.CheckTimeout(step.Timeout, $"{path}.timeout", diagnostics, step.Id);
        CheckJoin(step, path, graph.DeclaredIncoming(index));
        CheckWeight(step, path);
        FlowCheck.ReportUnsupported(step.CancelRest, $"{path}.cancel_rest", diagnostics, step.Id);
        FlowCheck.ReportUnsupported(step.CompensateWith is not null, $"{path}.compensate_with", diagnostics, step.Id);
        return new CompiledStep
        {
            Index = index,
            Id = step.Id,
            Name = step.Name ?? step.Id,
            Type = step.Type,
            Cases = _builtIns.Compile(step, names, $"{path}.config"),
            Loop = CompileLoop(scope, index, path),
            Config = CompileConfig(step, registration, names, $"{path}.config"),
            Retry = step.Retry ?? flow.DefaultRetry ?? RetryPolicy.None,
            Timeout = step.Timeout ?? flow.DefaultTimeout,
            Join = step.Join,
            AllowEmpty = step.AllowEmpty,
            Weight = step.Weight ?? 1,
            Priority = step.Priority,
            Outgoing = [],
            Incoming = [],
            CriticalPath = 0,
            NamesPorts = false,
        };
    }

    private CompiledLoop? CompileLoop(StepScope scope, int index, string path)
    {
        var step = scope.Steps[index];
        if (!LoopConfig.IsLoop(step.Type))
        {
            if (step.Steps.Count > 0)
            {
                diagnostics.Report(FlowProblems.BadConfig, $"{path}.steps", $"Only for_each and while have a body; a step of type '{step.Type}' has none.", step.Id);
            }

            return null;
        }

        if (step.Steps.Count == 0)
        {
            diagnostics.Report(FlowProblems.NoSteps, $"{path}.steps", $"The body of loop {FlowProblems.Quote(step.Id)} needs at least one step.", step.Id);
            return null;
        }

        var body = Compile(scope.Inside(index));
        return body is null ? null : LoopConfig.Compile(step, body);
    }

    private StepRegistration? FindType(StepDefinition step, string path)
    {
        if (registry.TryGet(step.Type ?? string.Empty, out var registration))
        {
            return registration;
        }

        var message = $"No step type {FlowProblems.Quote(step.Type)} is registered; add it with AddStep.{diagnostics.Hint(step.Type, _types)}";
        diagnostics.Report(FlowProblems.UnknownType, $"{path}.type", message, step.Id);
        return null;
    }

    private Template? CompileConfig(StepDefinition step, StepRegistration? registration, ExpressionNames names, string path)
    {
        var config = step.Config is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } declared ? declared : WorkflowJson.EmptyObject;
        if (config.ValueKind != JsonValueKind.Object)
        {
            diagnostics.Report(FlowProblems.BadConfig, path, "'config' must be an object.", step.Id);
            return null;
        }

        if (registration?.ConfigType is { } type)
        {
            _shape.Check(config, type, path, step.Id);
        }

        return step.Config is null ? null : Template.Compile(config, path, names, diagnostics);
    }

    private void CheckJoin(StepDefinition step, string path, int incoming)
    {
        // `any` on a root waits for nothing and does no harm.
        if (step.Join.Required < 0 || (step.Join.Required > 1 && step.Join.Required > incoming))
        {
            var message = $"The join waits for {step.Join.Required} live edges, but {incoming} lead into {FlowProblems.Quote(step.Id)}.";
            diagnostics.Report(FlowProblems.BadJoin, $"{path}.join", message, step.Id);
        }
    }

    private void CheckWeight(StepDefinition step, string path)
    {
        if (step.Weight is { } weight && (!double.IsFinite(weight) || weight < 0))
        {
            diagnostics.Report(FlowProblems.BadWeight, $"{path}.weight", "A weight is a finite number from 0 up.", step.Id);
        }
    }
}
