namespace WorkflowEngine;

/// <summary>Names cycles, by a depth-first walk with a stack of its own over the steps that could not be sorted.</summary>
internal sealed class CycleSearch
{
    // Overlapping cycles can be more than there are edges; a person mends a few and compiles again.
    private const int MostCycles = 20;

    private readonly FlowGraph _graph;
    private readonly State[] _states;
    private readonly bool[] _named;
    private readonly List<(int Step, int Edge)> _path = [];
    private readonly List<IReadOnlyList<int>> _cycles = [];

    public CycleSearch(FlowGraph graph, IReadOnlyList<int> sorted)
    {
        _graph = graph;
        _states = new State[graph.Count];
        _named = new bool[graph.Count];
        foreach (var step in sorted)
        {
            _states[step] = State.Done;
        }
    }

    private enum State : byte
    {
        Unseen,
        OnPath,
        Done,
    }

    /// <summary>Cycles as paths, each from its first declared step on; every step that lies on a cycle is on one of them or reachable from one, up to 20 cycles.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Find()
    {
        for (var step = 0; step < _states.Length; step++)
        {
            if (_states[step] == State.Unseen)
            {
                WalkFrom(step);
            }
        }

        return _cycles;
    }

    private void WalkFrom(int start)
    {
        Enter(start);
        while (_path.Count > 0)
        {
            var (step, position) = _path[^1];
            var edges = _graph.Outgoing(step);
            if (position == edges.Count)
            {
                _states[step] = State.Done;
                _path.RemoveAt(_path.Count - 1);
                continue;
            }

            _path[^1] = (step, position + 1);
            var next = edges[position].To;
            if (_states[next] == State.Unseen)
            {
                Enter(next);
            }
            else if (_states[next] == State.OnPath && !(_named[next] && _named[step]) && _cycles.Count < MostCycles)
            {
                Name(next);
            }
        }
    }

    private void Enter(int step)
    {
        _states[step] = State.OnPath;
        _path.Add((step, 0));
    }

    /// <summary>The cycle is the path from the step that was met again.</summary>
    private void Name(int met)
    {
        var first = _path.FindLastIndex(entry => entry.Step == met);
        var cycle = _path.Skip(first).Select(entry => entry.Step).ToArray();
        foreach (var step in cycle)
        {
            _named[step] = true;
        }

        var smallest = Array.IndexOf(cycle, cycle.Min());
        _cycles.Add([.. cycle[smallest..], .. cycle[..smallest]]);
    }
}
