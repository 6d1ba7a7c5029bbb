using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>One step of a live job: what its row keeps, and what is derived from its neighbours.</summary>
internal struct StepState
{
    /// <summary>Changed by <see cref="Become"/> alone.</summary>
    public StepStatus Status { readonly get; private set; }

    /// <summary>Pending with every input it needs: it only lacks a slot.</summary>
    public bool IsReady;

    /// <summary>An operator asked that it runs, even while the job is paused; good for one start.</summary>
    public bool IsForced;

    public bool NoItems;

    /// <summary>In the open change set already.</summary>
    public bool IsTouched;

    /// <summary>Has a row in the store, so that a reset must write one.</summary>
    public bool HasRow;

    public int Attempt;

    /// <summary>The number of the current start, unique within the epoch; an outcome that carries another is discarded.</summary>
    public int Run;

    /// <summary>Incoming edges resolved, of them live, of them blocked by a failure.</summary>
    public int Arrived;

    public int Live;

    public int Blocked;

    /// <summary>0 to 1, reported by the running body.</summary>
    public float Fraction;

    public long StartedAt;

    public long CompletedAt;

    public PacketSlot Output;

    /// <summary>Null: all at defaults.</summary>
    public StepDetail? Detail;

    public readonly StepDetail DetailOrNone => Detail ?? StepDetail.None;

    public readonly bool IsOpen => !Status.IsTerminal();

    /// <summary>The one place where a step's status changes.</summary>
    public void Become(StepStatus to) => Status = StatusChanges.Checked(Status, to);

    /// <summary>The status that the step's row holds.</summary>
    public void Restore(StepStatus stored) => Status = stored;
}

/// <summary>How an edge was resolved.</summary>
internal enum EdgeFate : byte
{
    /// <summary>Its source is still open, or was cancelled.</summary>
    Open,

    /// <summary>Its source came through here.</summary>
    Live,

    /// <summary>Its source ended otherwise; nothing comes this way.</summary>
    Dead,

    /// <summary>Its source failed, or was blocked by a failure, and no error edge took that.</summary>
    Blocked,
}
