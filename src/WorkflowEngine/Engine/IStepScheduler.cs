namespace WorkflowEngine.Storage;

/// <summary>A job that wants a slot for its next ready step; which step that is, it decides when it gets the slot.</summary>
public interface ISlotTaker
{
    /// <summary>Lower goes first: due time − priority × 10 s, in ticks (S31).</summary>
    long Rank { get; }

    /// <summary>Called with a slot in hand, on a pool thread or inline; must not block and must call <see cref="IStepScheduler.Release"/> exactly once when the slot is free again.</summary>
    void TakeSlot();
}

/// <summary>
/// Hands the node's slots to jobs with ready steps (schedule-next). In memory by default; replace it through dependency injection. Safe for concurrent use.
/// </summary>
public interface IStepScheduler
{
    /// <summary>How many slots are asked for and not there.</summary>
    int Queued { get; }

    /// <summary>How many slots are taken.</summary>
    int Taken { get; }

    /// <summary>Asks for one slot, for the next ready step.</summary>
    void Schedule(ISlotTaker taker);

    /// <summary>Gives one slot back.</summary>
    void Release();
}
