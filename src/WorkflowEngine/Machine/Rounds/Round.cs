namespace WorkflowEngine;

/// <summary>
/// A block of slots for one round of a loop: a header, which stands for the round itself, and one slot per step of the body. A block that is free serves another round of the same
/// body, so that memory and rows are bounded by the rounds that are kept, whatever their number. A block never moves and never changes its body.
/// </summary>
internal sealed class Round(CompiledStep declaredLoop, int header)
{
    /// <summary>The header, then the body's steps.</summary>
    public readonly StepState[] Slots = new StepState[declaredLoop.Loop!.Body.Steps.Length + 1];

    public CompiledStep DeclaredLoop => declaredLoop;

    public CompiledScope Body => declaredLoop.Loop!.Body;

    public int Header => header;

    /// <summary>The slot of the body's first step: edges count from there.</summary>
    public int First => header + 1;

    /// <summary>Null while the block is free.</summary>
    public LoopRun? Loop { get; set; }

    public int Number { get; set; }

    /// <summary>For example <c>each[3]</c>.</summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>Steps of the body that are not terminal.</summary>
    public int Open { get; set; }

    /// <summary>The step whose failure nothing in the round handled; -1: none.</summary>
    public int FailedStep { get; set; } = -1;

    /// <summary>Nothing in here begins any more.</summary>
    public bool IsStopping { get; set; }

    public bool IsOpen => Loop is not null && Slots[0].Status == StepStatus.Waiting;
}

/// <summary>A loop that has begun: its rounds in order of their numbers.</summary>
internal sealed class LoopRun(int slot, CompiledLoop loop)
{
    /// <summary>The slot of the loop's step.</summary>
    public int Slot => slot;

    public CompiledLoop Loop => loop;

    public List<Round> Rounds { get; } = [];

    /// <summary>The fixed list, loaded once; null for a loop with a condition.</summary>
    public LoopItems? Items { get; set; }

    /// <summary>The round around it ends early: nothing new begins.</summary>
    public bool IsStopped { get; set; }

    /// <summary>How many rounds are open. Counted, for a loop may have had very many.</summary>
    public int OpenCount { get; set; }

    /// <summary>So many at the beginning of <see cref="Rounds"/> have ended.</summary>
    public int Finished { get; private set; }

    /// <summary>So many of those keep the outputs of a page of rounds.</summary>
    public int Pages { get; set; }

    /// <summary>The round whose failure is the loop's; null: none.</summary>
    public Round? FailedRound { get; set; }

    /// <summary>Finished rounds one after the other, behind the pages.</summary>
    public int FinishedInARow()
    {
        while (Finished < Rounds.Count && Rounds[Finished].Slots[0].Status.IsTerminal())
        {
            Finished++;
        }

        return Finished - Pages;
    }

    /// <summary>Takes rounds out of the list that have ended.</summary>
    public void Remove(int from, int count)
    {
        FinishedInARow();
        Rounds.RemoveRange(from, count);
        Finished -= count;
    }

    /// <summary>Counts anew, when the job is rebuilt.</summary>
    public void Recount()
    {
        (Finished, IsStopped) = (0, false);
        Rounds.Sort((one, other) => one.Number.CompareTo(other.Number));
        OpenCount = Rounds.Count(round => round.IsOpen);
        Pages = Rounds.TakeWhile(round => round.Slots[0].DetailOrNone.Covers > 0).Count();
        FailedRound = loop.ContinueOnError ? null : Rounds.Find(round => round.Slots[0].Status == StepStatus.Failed);
    }

    /// <summary>How many finished rounds behind the pages the leg that runs now puts together; -1: it ends the loop with all there is.</summary>
    public int Collects { get; set; }
}

/// <summary>The items of a <c>for_each</c>: kept in the loop's row, held in memory from the first look on, so that a round costs no reading of the whole list.</summary>
internal sealed class LoopItems(PacketSlot slot)
{
    public PacketSlot Slot => slot;

    /// <summary>Set by who looks first; two that look at once set the same.</summary>
    public DataPacket? Loaded { get; set; }
}

/// <summary>All slots of a job by index, changed in place: a flow without loops is an array and nothing else.</summary>
internal readonly struct StepSlots(StepState[] steps, RoundTable? rounds) : IEnumerable<StepState>
{
    public int Length => rounds?.End ?? steps.Length;

    public ref StepState this[int index]
    {
        get
        {
            if ((uint)index < (uint)steps.Length)
            {
                return ref steps[index];
            }

            return ref (rounds ?? throw new ArgumentOutOfRangeException(nameof(index))).SlotOf(index);
        }
    }

    public IEnumerator<StepState> GetEnumerator()
    {
        for (var index = 0; index < Length; index++)
        {
            yield return this[index];
        }
    }

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}
