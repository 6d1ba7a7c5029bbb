namespace WorkflowEngine;

/// <summary>The edges between the steps of one list. All walks are iterative and linear in steps and edges, so that a chain of 100,000 steps is no special case.</summary>
internal sealed class FlowGraph
{
    private readonly IReadOnlyList<StepDefinition> _steps;
    private readonly string _path;
    private readonly List<CompiledEdge>?[] _outgoing;
    private readonly List<CompiledEdge>?[] _incoming;
    private readonly int[] _declared;

    private FlowGraph(IReadOnlyList<StepDefinition> steps, string path)
    {
        _path = path;
        _steps = steps;
        _outgoing = new List<CompiledEdge>?[steps.Count];
        _incoming = new List<CompiledEdge>?[steps.Count];
        _declared = new int[steps.Count];
    }

    /// <summary>Resolves <c>after</c> or <c>order</c>; edges that cannot be are reported and left out.</summary>
    public static FlowGraph Connect(StepScope scope, StepRegistry registry, List<FlowDiagnostic> diagnostics)
    {
        var steps = scope.Steps;
        var graph = new FlowGraph(steps, scope.Path);
        if (StepOrder.IsUsed(steps))
        {
            StepOrder.Check(steps, scope.Path, diagnostics);
            graph.ConnectOrdered();
        }
        else
        {
            for (var index = 0; index < steps.Count; index++)
            {
                graph.ConnectStep(index, scope, registry, diagnostics);
            }
        }

        return graph;
    }

    public int Count => _steps.Count;

    /// <summary>How many edges the author declared into a step, right or wrong.</summary>
    public int DeclaredIncoming(int index) => _declared[index];

    public IReadOnlyList<CompiledEdge> Incoming(int index) => _incoming[index] ?? [];

    public IReadOnlyList<CompiledEdge> Outgoing(int index) => _outgoing[index] ?? [];

    /// <summary>Reports cycles and what lies behind nothing but cycles.</summary>
    public void CheckPaths(List<FlowDiagnostic> diagnostics)
    {
        var sorted = Sort();
        if (sorted.Count == _steps.Count)
        {
            return;
        }

        var cycles = new CycleSearch(this, sorted).Find();
        foreach (var cycle in cycles)
        {
            Report(cycle, diagnostics);
        }

        var reachable = Reach();
        foreach (var step in cycles.SelectMany(cycle => cycle))
        {
            reachable[step] = true;
        }

        for (var index = 0; index < reachable.Length; index++)
        {
            if (!reachable[index])
            {
                var message = $"Step {FlowProblems.Quote(_steps[index].Id)} can never start: every way to it begins in a cycle.";
                diagnostics.Report(FlowProblems.UnreachableStep, $"{_path}[{index}]", message, _steps[index].Id);
            }
        }
    }

    /// <summary>Gives the compiled steps of a graph without cycles their edges and what follows from them.</summary>
    public void Attach(CompiledStep[] steps)
    {
        foreach (var step in steps)
        {
            step.Outgoing = _outgoing[step.Index]?.ToArray() ?? [];
            step.Incoming = _incoming[step.Index]?.ToArray() ?? [];
            step.HasConditions = Array.Exists(step.Outgoing, edge => edge.When is not null);
            step.NamesPorts = Array.Exists(step.Outgoing, edge => edge.Port is not (null or StepResult.FailedPort or "*"));
        }

        var sorted = Sort();
        for (var rank = sorted.Count - 1; rank >= 0; rank--)
        {
            var step = steps[sorted[rank]];
            var longest = 0d;
            foreach (var edge in step.Outgoing)
            {
                longest = Math.Max(longest, steps[edge.To].CriticalPath);
            }

            step.CriticalPath = step.Weight + longest;
        }
    }

    private void ConnectOrdered()
    {
        var predecessors = StepOrder.Predecessors(_steps);
        for (var index = 0; index < predecessors.Length; index++)
        {
            if (predecessors[index] >= 0)
            {
                _declared[index] = 1;
                Add(predecessors[index], index, null, null);
            }
        }
    }

    private void ConnectStep(int index, StepScope scope, StepRegistry registry, List<FlowDiagnostic> diagnostics)
    {
        var step = _steps[index];
        var seen = step.After.Count > 1 ? new HashSet<(int From, string? Port)>() : null;
        _declared[index] = step.After.Count;
        for (var position = 0; position < step.After.Count; position++)
        {
            var edge = step.After[position];
            var path = $"{_path}[{index}].after[{position}]";
            var port = edge.Port?.Trim().ToLowerInvariant();
            var when = edge.When is null ? null : CompileWhen(edge.When, port, $"{path}.when", scope, diagnostics);
            if (!scope.Indexes.TryGetValue(edge.Step ?? string.Empty, out var from))
            {
                var message = scope.IsVisible(edge.Step)
                    ? $"Step {FlowProblems.Quote(edge.Step)} is outside of this loop's body, and an edge cannot cross that border; let the loop come after it."
                    : $"There is no step {FlowProblems.Quote(edge.Step)} to come after.{diagnostics.Hint(edge.Step, scope.Indexes.Keys)}";
                diagnostics.Report(FlowProblems.UnknownPredecessor, path, message, step.Id);
            }
            else if (seen?.Add((from, port)) == false)
            {
                diagnostics.Report(FlowProblems.DuplicateEdge, path, $"Step {FlowProblems.Quote(step.Id)} already comes after {FlowProblems.Quote(edge.Step)} this way.", step.Id);
            }
            else
            {
                CheckPort(port, _steps[from], registry, $"{path}.port", diagnostics);
                Add(from, index, port, when);
            }
        }
    }

    /// <summary>A condition is evaluated behind its predecessor, over what that made (S4).</summary>
    private static CompiledExpression? CompileWhen(string text, string? port, string path, StepScope scope, List<FlowDiagnostic> diagnostics)
    {
        var names = new ExpressionNames { Steps = scope.Visible, Loop = scope.LoopNames, HasError = () => port is StepResult.FailedPort or "*" };
        var isParsed = CompiledExpression.TryParseCondition(text, names, path, out var when, out var problems);
        foreach (var problem in problems)
        {
            diagnostics.Report(problem.Code ?? FlowProblems.BadExpression, path, $"{problem.Message} (column {problem.Column})");
        }

        return isParsed ? when : null;
    }

    private static void CheckPort(string? port, StepDefinition from, StepRegistry registry, string path, List<FlowDiagnostic> diagnostics)
    {
        if (port is null or StepResult.FailedPort or "*")
        {
            return;
        }

        if (port.Length == 0)
        {
            diagnostics.Report(FlowProblems.UnknownPort, path, "A port has a name; leave it out to take any completion.", from.Id);
        }
        else if (registry.TryGet(from.Type ?? string.Empty, out var type) && (BuiltInConfig.PortsOf(from) ?? type.Ports) is { Count: > 0 } ports && !ports.Contains(port, StringComparer.OrdinalIgnoreCase))
        {
            var hint = diagnostics.Hint(port, [.. ports, StepResult.FailedPort]);
            var message = $"Steps of type '{type.Type}' have no port {FlowProblems.Quote(port)}; they have {string.Join(", ", ports)} and failed.{hint}";
            diagnostics.Report(FlowProblems.UnknownPort, path, message, from.Id);
        }
    }

    private void Add(int from, int to, string? port, CompiledExpression? when)
    {
        var outgoing = _outgoing[from] ??= [];
        var edge = new CompiledEdge { From = from, To = to, Port = port, When = when, Position = outgoing.Count };
        outgoing.Add(edge);
        (_incoming[to] ??= []).Add(edge);
    }

    /// <summary>Steps with all predecessors before them (Kahn's algorithm); steps on cycles and behind them are missing.</summary>
    private List<int> Sort()
    {
        var missing = new int[_steps.Count];
        var sorted = new List<int>(_steps.Count);
        for (var index = 0; index < missing.Length; index++)
        {
            missing[index] = Incoming(index).Count;
            if (missing[index] == 0)
            {
                sorted.Add(index);
            }
        }

        for (var rank = 0; rank < sorted.Count; rank++)
        {
            foreach (var edge in Outgoing(sorted[rank]))
            {
                if (--missing[edge.To] == 0)
                {
                    sorted.Add(edge.To);
                }
            }
        }

        return sorted;
    }

    /// <summary>What some way leads to from a step without incoming edges.</summary>
    private bool[] Reach()
    {
        var reached = new bool[_steps.Count];
        var open = new Stack<int>();
        for (var index = 0; index < reached.Length; index++)
        {
            if (Incoming(index).Count == 0)
            {
                reached[index] = true;
                open.Push(index);
            }
        }

        while (open.TryPop(out var index))
        {
            foreach (var edge in Outgoing(index))
            {
                if (!reached[edge.To])
                {
                    reached[edge.To] = true;
                    open.Push(edge.To);
                }
            }
        }

        return reached;
    }

    private void Report(IReadOnlyList<int> cycle, List<FlowDiagnostic> diagnostics)
    {
        const int MostNamed = 20;
        var ids = cycle.Select(index => _steps[index].Id).ToArray();
        var shown = ids.Length <= MostNamed ? ids : [.. ids[..MostNamed], $"… ({ids.Length - MostNamed} more)"];
        diagnostics.Report(FlowProblems.Cycle, $"{_path}[{cycle[0]}].after", $"Steps wait for each other: {string.Join(" → ", shown)} → {ids[0]}.", ids);
    }
}
