using System.Collections.Immutable;

namespace WorkflowEngine;

/// <summary>A flow version ready to run: ids replaced by indexes, edges by arrays. Immutable and shared by all its jobs.</summary>
internal sealed class CompiledFlow
{
    public required FlowDefinition Definition { get; init; }

    public required string Id { get; init; }

    public required string Version { get; init; }

    /// <summary>The flow's own list of steps.</summary>
    public required CompiledScope Scope { get; init; }

    /// <summary>The root scope's steps, in declared order; the index is the step's identity inside the machine.</summary>
    public CompiledStep[] Steps => Scope.Steps;

    public int[] Roots => Scope.Roots;

    public int[] Leaves => Scope.Leaves;

    /// <summary>The steps of all scopes, by <see cref="CompiledStep.Ordinal"/>.</summary>
    public required CompiledStep[] AllSteps { get; init; }

    public bool HasLoops => AllSteps.Length > Steps.Length;

    public required int MaxConcurrentSteps { get; init; }

    /// <summary>The flow's default variables, of kind configuration.</summary>
    public required ImmutableDictionary<string, JobVariable> Variables { get; init; }

    public required Template? Output { get; init; }

    public required double TotalWeight { get; init; }

    /// <summary>Its steps are what the code of a session runs (S28), beside the one step that stands for the code itself.</summary>
    public bool IsSession => Definition.Code is not null;

    /// <summary>A session that a program opens and closes: no slot ever runs it.</summary>
    public bool IsOpenedByHand => Definition.Code is { IsOpenedByHand: true };

    public FailurePolicy FailurePolicy => Definition.FailurePolicy;

    public StepStrategy Strategy => Definition.Strategy;

    /// <summary>The index of a step id of the root scope, or -1.</summary>
    public int IndexOf(string stepId) => Scope.IndexOf(stepId);
}

/// <summary>A list of steps that run together: the flow's own, or the body of a loop. Edges never leave it.</summary>
internal sealed class CompiledScope
{
    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);

    public CompiledScope(CompiledStep[] steps)
    {
        Steps = steps;
        Roots = [.. steps.Where(step => step.IsRoot).Select(step => step.Index)];
        Leaves = [.. steps.Where(step => step.Outgoing.Length == 0).Select(step => step.Index)];
        foreach (var step in steps)
        {
            _indexes[step.Id] = step.Index;
        }
    }

    public CompiledStep[] Steps { get; }

    public int[] Roots { get; }

    /// <summary>Steps without outgoing edges, in declared order.</summary>
    public int[] Leaves { get; }

    /// <summary>The index of a step id, or -1.</summary>
    public int IndexOf(string stepId) => _indexes.TryGetValue(stepId, out var index) ? index : -1;
}

/// <summary>What makes a step a loop.</summary>
/// <param name="Body">What each round runs.</param>
/// <param name="IsForEach">A round per item; otherwise a round as long as a condition says so.</param>
/// <param name="MaxConcurrency">How many rounds are open at the same time; null: as many steps as the job may run.</param>
/// <param name="ContinueOnError">A failed round becomes an item of the output and the loop goes on.</param>
/// <param name="MaxIterations">How many rounds a loop with a condition may take.</param>
internal sealed record CompiledLoop(CompiledScope Body, bool IsForEach, int? MaxConcurrency, bool ContinueOnError, int MaxIterations);

/// <summary>One step of a compiled flow.</summary>
internal sealed class CompiledStep
{
    /// <summary>The position in its scope.</summary>
    public required int Index { get; init; }

    /// <summary>The position among the steps of all scopes; of a step of the root scope its index.</summary>
    public int Ordinal { get; set; }

    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Type { get; init; }

    /// <summary>Null: no config.</summary>
    public required Template? Config { get; init; }

    public required RetryPolicy Retry { get; init; }

    public required TimeSpan? Timeout { get; init; }

    public required JoinRule Join { get; init; }

    public required bool AllowEmpty { get; init; }

    public required double Weight { get; init; }

    public required int Priority { get; init; }

    /// <summary>The edges that leave this step.</summary>
    public required CompiledEdge[] Outgoing { get; set; }

    /// <summary>The edges that enter this step, in declared order.</summary>
    public required CompiledEdge[] Incoming { get; set; }

    /// <summary>The summed weight of the heaviest path from this step to a leaf, itself included.</summary>
    public required double CriticalPath { get; set; }

    /// <summary>True when some outgoing edge names a port other than <c>failed</c> and <c>*</c>: then a port that no edge takes is a failure (S4).</summary>
    public required bool NamesPorts { get; set; }

    public bool IsRoot => Incoming.Length == 0;

    /// <summary>The conditions of a switch, in declared order; null for every other step.</summary>
    public CompiledCase[]? Cases { get; init; }

    /// <summary>Null for every step but a loop.</summary>
    public CompiledLoop? Loop { get; init; }

    /// <summary>True when some outgoing edge has a condition.</summary>
    public bool HasConditions { get; set; }
}

/// <summary>A case of a switch: the port it completes on, and when.</summary>
internal sealed record CompiledCase(string Port, CompiledExpression When);

/// <summary>An edge between two steps of the same scope.</summary>
internal sealed class CompiledEdge
{
    public required int From { get; init; }

    public required int To { get; init; }

    /// <summary>The port as matched: trimmed, lower case; null: any completion.</summary>
    public required string? Port { get; init; }

    /// <summary>The condition that must hold too, over the output of <see cref="From"/>; null: none.</summary>
    public required CompiledExpression? When { get; init; }

    /// <summary>The position among the outgoing edges of <see cref="From"/>; verdicts of conditions are kept by it.</summary>
    public required int Position { get; init; }

    /// <summary>True when this edge asks for one of these ports by name.</summary>
    public bool Names(string[] ports) => Port is not (null or "*") && Matches(ports);

    public bool TakesFailure => Port is "failed" or "*";

    public bool TakesCompletion => Port is not "failed";

    /// <summary>Whether a completion on <paramref name="ports"/> (null: just <c>done</c>) makes this edge live.</summary>
    public bool Matches(string[]? ports)
    {
        if (Port is null or "*")
        {
            return true;
        }

        if (ports is null)
        {
            return Port == StepResult.DonePort;
        }

        foreach (var port in ports)
        {
            if (port.AsSpan().Trim().Equals(Port, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
