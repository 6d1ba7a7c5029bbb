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

        var scope = new StepScope { Steps = flow.Steps, Path = "$.steps", Visible = new(StringComparer.Ordinal), LoopNames = null };
        var compiler = new StepCompiler(flow, registry, json ?? WorkflowJson.Default, diagnostics);
        var steps = compiler.Compile(scope);
        var output = flow.Output is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } declared
            ? Template.Compile(declared, "$.output", new ExpressionNames { Steps = scope.Indexes }, diagnostics)
            : null;
        return diagnostics.Count == found ? Assemble(flow, steps!, output) : null;
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

    private static CompiledFlow Assemble(FlowDefinition flow, CompiledScope scope, Template? output) => new()
    {
        Definition = flow,
        Id = flow.Id,
        Version = flow.Version,
        Scope = scope,
        AllSteps = Number(scope),
        MaxConcurrentSteps = flow.MaxConcurrentSteps ?? DefaultMaxConcurrentSteps,
        Variables = flow.Variables.ToImmutableDictionary(
            pair => pair.Key,
            pair => new JobVariable(pair.Key, pair.Value, VariableKind.Configuration, null),
            StringComparer.Ordinal),
        Output = output,
        TotalWeight = scope.Steps.Sum(step => step.Weight),
    };

    /// <summary>The root scope's steps first, then the bodies of loops, breadth first.</summary>
    private static CompiledStep[] Number(CompiledScope root)
    {
        var all = new List<CompiledStep>(root.Steps);
        for (var ordinal = 0; ordinal < all.Count; ordinal++)
        {
            all[ordinal].Ordinal = ordinal;
            all.AddRange(all[ordinal].Loop?.Body.Steps ?? []);
        }

        return [.. all];
    }
}
