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

    /// <summary>There is something to keep, or something kept to be overwritten.</summary>
    public readonly bool NeedsRow => Status != StepStatus.Pending || HasRow || Detail is not null;

    /// <summary>What its row keeps; everything that follows from it is to be derived.</summary>
    public void Fill(in StepRow row)
    {
        Status = row.Status;
        HasRow = true;
        NoItems = row.NoItems;
        Attempt = row.Attempt;
        StartedAt = row.StartedAt;
        CompletedAt = row.CompletedAt;
        Output = row.Output;
        Detail = row.Detail;
    }

    /// <summary>Writes its row.</summary>
    public readonly void WriteTo(ref StepRow row, int index, string path)
    {
        row.Path = path;
        row.Index = index;
        row.Status = Status == StepStatus.WaitingInputs ? StepStatus.Pending : Status;
        row.NoItems = NoItems;
        row.Attempt = Attempt;
        row.StartedAt = StartedAt;
        row.CompletedAt = CompletedAt;
        row.Output = Output;
        row.Detail = Detail;
    }
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
