namespace WorkflowEngine;

/// <summary>The rounds of a job's loops, and the blocks they live in.</summary>
internal sealed class RoundTable(CompiledFlow flow)
{
    private readonly List<Round> _bySlot = [];
    private readonly Dictionary<int, LoopRun> _loops = [];
    private readonly Dictionary<CompiledStep, Stack<Round>> _free = [];
    private readonly Dictionary<string, Round> _byPath = new(StringComparer.Ordinal);

    /// <summary>One past the last slot.</summary>
    public int End => flow.Steps.Length + _bySlot.Count;

    /// <summary>Rounds that may have ended, or have failed: looked at once the command is applied.</summary>
    public Queue<Round> Unsettled { get; } = new();

    public IEnumerable<LoopRun> Loops => _loops.Values;

    public Round RoundOf(int slot) => _bySlot[slot - flow.Steps.Length];

    public bool IsHeader(int slot) => RoundOf(slot).Header == slot;

    public ref StepState SlotOf(int slot)
    {
        var round = RoundOf(slot);
        return ref round.Slots[slot - round.Header];
    }

    public CompiledStep Declared(int slot)
    {
        var round = RoundOf(slot);
        return round.Body.Steps[slot - round.First];
    }

    /// <summary>A free block's rows have paths that no step can have: they tell where its block is, and of which loop.</summary>
    public string PathOf(int slot)
    {
        var round = RoundOf(slot);
        return round.Loop is null ? $"#{round.DeclaredLoop.Ordinal}.{slot}" : slot == round.Header ? round.Path : $"{round.Path}.{round.Body.Steps[slot - round.First].Id}";
    }

    /// <summary>The slot of a path such as <c>each[3].resize</c>, or -1.</summary>
    public int Find(string path)
    {
        var end = path.LastIndexOf(']');
        return end > 0 && end + 1 < path.Length && path[end + 1] == '.' && _byPath.TryGetValue(path[..(end + 1)], out var round) && round.Body.IndexOf(path[(end + 2)..]) is >= 0 and var index
            ? round.First + index
            : -1;
    }

    public LoopRun? LoopAt(int slot) => _loops.GetValueOrDefault(slot);

    /// <summary>The loop of this slot, begun now if it has not.</summary>
    public LoopRun Begin(int slot, CompiledLoop loop) => _loops.TryGetValue(slot, out var run) ? run : _loops[slot] = new LoopRun(slot, loop);

    public void Forget(LoopRun run) => _loops.Remove(run.Slot);

    /// <summary>A block for a round: a free one, or a new one behind all others.</summary>
    public Round Take(CompiledStep loop) => _free.TryGetValue(loop, out var free) && free.TryPop(out var block) ? block : Add(loop);

    /// <summary>A block at a given place, where rows say that there is one.</summary>
    public Round TakeAt(int header, CompiledStep loop)
    {
        if (header >= End)
        {
            return Add(loop);
        }

        var block = RoundOf(header);
        _free[loop] = new Stack<Round>(_free[loop].Where(free => free != block).Reverse());
        return block;
    }

    /// <summary>Gives a block to a round.</summary>
    public void Bind(Round block, LoopRun run, int number, string path)
    {
        block.Loop = run;
        block.Number = number;
        block.Path = path;
        block.Open = 0;
        block.FailedStep = -1;
        _byPath[path] = block;
        run.Rounds.Add(block);
    }

    /// <summary>Takes it back; the list of the loop's rounds is the caller's.</summary>
    public void Release(Round block)
    {
        _byPath.Remove(block.Path);
        block.Loop = null;
        Keep(block);
    }

    public void Keep(Round block)
    {
        if (!_free.TryGetValue(block.DeclaredLoop, out var free))
        {
            _free[block.DeclaredLoop] = free = new();
        }

        free.Push(block);
    }

    private Round Add(CompiledStep loop)
    {
        var block = new Round(loop, End);
        for (var slot = 0; slot < block.Slots.Length; slot++)
        {
            _bySlot.Add(block);
        }

        return block;
    }
}
