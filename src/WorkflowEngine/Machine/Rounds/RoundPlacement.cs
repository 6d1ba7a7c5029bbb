using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Puts the rows behind those of the flow's own steps back into rounds. Each block has the row of its header, and lies behind the block before it without a gap.</summary>
internal static class RoundPlacement
{
    public static void Place(JobState state, IEnumerable<StepRow> rows)
    {
        var rounds = state.Rounds ??= new RoundTable(state.Flow);
        var placed = new List<(Round Block, string Path)>();
        var end = 0;
        foreach (var row in rows.OrderBy(row => row.Index))
        {
            if (row.Index >= end)
            {
                var block = rounds.TakeAt(row.Index, LoopOf(state.Flow, row.Path));
                end = block.Header + block.Slots.Length;
                placed.Add((block, row.Path));
            }

            state.Steps[row.Index].Fill(row);
        }

        // Outer rounds first: an inner one is found by the path of the loop it belongs to.
        foreach (var (block, path) in placed.OrderBy(one => one.Path.Count(letter => letter == '[')))
        {
            var open = path.LastIndexOf('[');
            if (path[0] == '#' || state.Find(path[..open]) is not (>= 0 and var loop))
            {
                rounds.Keep(block);
                continue;
            }

            rounds.Bind(block, Begin(state, loop), int.Parse(path.AsSpan(open + 1, path.Length - open - 2), System.Globalization.CultureInfo.InvariantCulture), path);
        }
    }

    /// <summary>Counters of loops and rounds, as they follow from the slots. The steps of a round are counted after it.</summary>
    public static void Reset(JobState state)
    {
        foreach (var run in state.Rounds?.Loops ?? [])
        {
            run.Recount();
            foreach (var round in run.Rounds)
            {
                (round.Open, round.FailedStep, round.IsStopping) = (0, -1, false);
            }
        }
    }

    /// <summary>Rounds that have ended or failed, and loops that have something to do, are looked at again.</summary>
    public static void Resume(JobState state)
    {
        foreach (var run in state.Rounds?.Loops ?? [])
        {
            foreach (var round in run.Rounds.Where(round => (round.IsOpen && (round.Open == 0 || round.FailedStep >= 0)) || round == run.Rounds[^1]))
            {
                LoopRounds.Requeue(state, round);
            }
        }
    }

    private static LoopRun Begin(JobState state, int slot)
    {
        var run = state.Rounds!.Begin(slot, state.Declared(slot).Loop!);
        run.Items ??= run.Loop.IsForEach ? new LoopItems(state.Steps[slot].Output) : null;
        return run;
    }

    /// <summary>The loop that a block serves, by the path of its header: <c>each[3].inner[0]</c>, or <c>#12.40</c> while the block is free.</summary>
    private static CompiledStep LoopOf(CompiledFlow flow, string path)
    {
        if (path[0] == '#')
        {
            return flow.AllSteps[int.Parse(path.AsSpan(1, path.IndexOf('.', StringComparison.Ordinal) - 1), System.Globalization.CultureInfo.InvariantCulture)];
        }

        var scope = flow.Scope;
        CompiledStep? loop = null;
        foreach (var part in path.Split('.'))
        {
            loop = scope.Steps[scope.IndexOf(part[..part.IndexOf('[', StringComparison.Ordinal)])];
            scope = loop.Loop!.Body;
        }

        return loop!;
    }
}
