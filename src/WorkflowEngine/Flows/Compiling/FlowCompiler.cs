using System.Collections.Immutable;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Turns a definition into something that runs, or into every reason why it cannot (S3).</summary>
internal static class FlowCompiler
{
    public const int DefaultMaxConcurrentSteps = 8;

    public const int MaxSteps = 100_000;

    /// <summary>Compiles against the step types of <paramref name="registry"/>; <paramref name="json"/> (default: the engine's own options) reads the records of <c>config</c>.</summary>
    /// <exception cref="FlowValidationException">With all diagnostics.</exception>
    public static CompiledFlow Compile(FlowDefinition flow, StepRegistry registry, JsonSerializerOptions? json = null)
    {
        ArgumentNullException.ThrowIfNull(flow);
        var diagnostics = new List<FlowDiagnostic>();
        return TryCompile(flow, registry, diagnostics, json) ?? throw new FlowValidationException(flow.Id, diagnostics);
    }

    /// <summary>Adds every problem to <paramref name="diagnostics"/>; null when it found any. Linear in steps and edges.</summary>
    public static CompiledFlow? TryCompile(FlowDefinition flow, StepRegistry registry, List<FlowDiagnostic> diagnostics, JsonSerializerOptions? json = null)
    {
        var found = diagnostics.Count;
        FlowCheck.Check(flow, diagnostics);
        if (flow.Steps.Count is 0 or > MaxSteps)
        {
            ReportCount(flow, diagnostics);
            return null;
        }

        var indexes = IndexSteps(flow.Steps, diagnostics);
        var graph = FlowGraph.Connect(flow.Steps, indexes, registry, diagnostics);
        var steps = new StepCompiler(flow, registry, json ?? WorkflowJson.Default, diagnostics).Compile(graph, indexes);
        graph.CheckPaths(diagnostics);
        var output = flow.Output is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } declared
            ? Template.Compile(declared, "$.output", new ExpressionNames { Steps = indexes }, diagnostics)
            : null;
        return diagnostics.Count == found ? Assemble(flow, steps, graph, output) : null;
    }

    private static void ReportCount(FlowDefinition flow, List<FlowDiagnostic> diagnostics)
    {
        if (flow.Steps.Count == 0)
        {
            diagnostics.Report(FlowProblems.NoSteps, "$.steps", "A flow needs at least one step.");
        }
        else
        {
            diagnostics.Report(FlowProblems.BadLimit, "$.steps", $"A flow has at most {MaxSteps} steps, not {flow.Steps.Count}.");
        }
    }

    /// <summary>The position of each id; of a duplicate the first one counts.</summary>
    private static Dictionary<string, int> IndexSteps(IReadOnlyList<StepDefinition> steps, List<FlowDiagnostic> diagnostics)
    {
        var indexes = new Dictionary<string, int>(steps.Count, StringComparer.Ordinal);
        for (var index = 0; index < steps.Count; index++)
        {
            var id = steps[index].Id ?? string.Empty;
            var path = $"$.steps[{index}].id";
            if (!Identifier.IsStepId(id))
            {
                diagnostics.Report(FlowProblems.InvalidId, path, $"{FlowProblems.Quote(id)} is no step id: {Identifier.StepForm}.", id);
            }

            if (!indexes.TryAdd(id, index) && id.Length > 0)
            {
                diagnostics.Report(FlowProblems.DuplicateStepId, path, $"Step {FlowProblems.Quote(id)} is there already, at $.steps[{indexes[id]}].", id);
            }
        }

        return indexes;
    }

    private static CompiledFlow Assemble(FlowDefinition flow, CompiledStep[] steps, FlowGraph graph, Template? output)
    {
        graph.Attach(steps);
        var compiled = new CompiledFlow
        {
            Definition = flow,
            Id = flow.Id,
            Version = flow.Version,
            Steps = steps,
            Roots = [.. steps.Where(step => step.IsRoot).Select(step => step.Index)],
            Leaves = [.. steps.Where(step => step.Outgoing.Length == 0).Select(step => step.Index)],
            MaxConcurrentSteps = flow.MaxConcurrentSteps ?? DefaultMaxConcurrentSteps,
            Variables = flow.Variables.ToImmutableDictionary(
                pair => pair.Key,
                pair => new JobVariable(pair.Key, pair.Value, VariableKind.Configuration, null),
                StringComparer.Ordinal),
            Output = output,
            TotalWeight = steps.Sum(step => step.Weight),
        };
        compiled.BuildIndex();
        return compiled;
    }
}
