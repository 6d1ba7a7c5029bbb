using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// A live job on its owner. Only <see cref="JobMachine"/> changes it, and only in its runner's turn. Every change is noted in <see cref="Changes"/>,
/// the open change set that the next transition is sealed from.
/// </summary>
internal sealed class JobState
{
    private readonly ReadySteps _ready;
    private readonly StepState[] _steps;

    public JobState(CompiledFlow flow, JobCreation creation, int epoch)
    {
        Flow = flow;
        Creation = creation;
        Epoch = epoch;
        _steps = new StepState[flow.Steps.Length];
        Open = flow.Steps.Length;
        Session = flow.IsSession ? new SessionState(flow.Steps.Length) : null;
        Limit = creation.Options?.MaxConcurrentSteps ?? flow.MaxConcurrentSteps;
        _ready = new ReadySteps(flow.Strategy);
    }

    /// <summary>A field, not a property: a struct that is changed in place.</summary>
    public JobHead Head;

    /// <summary>The flow's own steps by index, and behind them the slots of its loops' rounds.</summary>
    public StepSlots Steps => new(_steps, Rounds);

    /// <summary>Null until a loop has begun.</summary>
    public RoundTable? Rounds { get; set; }

    public CompiledFlow Flow { get; }

    public JobCreation Creation { get; }

    public ChangeSet Changes { get; set; } = ChangeSet.Rent();

    /// <summary>What the code of a session has started; null for a graph (S28).</summary>
    public SessionState? Session { get; }

    /// <summary>A session that a program opens by hand, and that is not open.</summary>
    public bool IsUnopened => Flow.IsOpenedByHand && Running == 0 && ReadyCount > 0;

    /// <summary>The steps that may start as soon as there is a slot: their predecessors' commits are durable.</summary>
    public ReadySteps Ready => _ready;

    public int Epoch { get; }

    /// <summary>How many steps of this job may run at the same time.</summary>
    public int Limit { get; }

    public int NextRun { get; set; } = 1;

    /// <summary>Bodies that run.</summary>
    public int Running { get; set; }

    /// <summary>Steps in status waiting.</summary>
    public int Waiting { get; set; }

    /// <summary>Steps that are not terminal.</summary>
    public int Open { get; set; }

    /// <summary>Ready steps, whether or not their predecessors' commits are durable yet.</summary>
    public int ReadyCount { get; set; }

    public int CompletedCount { get; set; }

    /// <summary>Steps that completed with items: the difference between completed and completed_no_items.</summary>
    public int CompletedWithItems { get; set; }

    /// <summary>Weight of completed and skipped steps.</summary>
    public double DoneWeight { get; set; }

    /// <summary>Weight that running steps have reported.</summary>
    public double PartialWeight { get; set; }

    /// <summary>The step whose failure nothing handled; -1: none.</summary>
    public int FailedStep { get; set; } = -1;

    /// <summary>Every step has ended well; only the flow's output is still to be made.</summary>
    public bool IsConcluding { get; set; }

    /// <summary>What follows from the rows is being derived again: it was told when it happened first, and is not told twice.</summary>
    public bool IsLoading { get; set; }

    /// <summary>How many of this job's transitions in a row the store has refused for their content (G3).</summary>
    public int Refusals { get; set; }

    /// <summary>When waiting steps are due, soonest first; entries of steps that wait no longer are passed over.</summary>
    public PriorityQueue<int, long>? Due { get; set; }

    public JobData Data
    {
        get => Head.Data ?? JobData.None;
        set => Head.Data = value;
    }

    /// <summary>The deaths on the job's account (G4); while they hold it back nothing of it starts, and it is here for its mail alone.</summary>
    public JobStrikes Strikes { get; set; }

    public bool IsHeldBack => Strikes.HeldUntil > 0;

    public JobId Id => Creation.Id;

    public bool IsEnding => Head.Data?.Ending is not null;

    public bool IsTerminal => Head.Status.IsTerminal();

    /// <summary>How many steps could start now, given slots.</summary>
    public int Startable
    {
        get
        {
            if (IsTerminal || IsEnding || IsConcluding || IsHeldBack || Flow.IsOpenedByHand)
            {
                return 0;
            }

            return Math.Min(Head.Paused ? Ready.ForcedCount : Ready.Count, Limit - Running);
        }
    }

    /// <summary>What was declared for a step; never asked of the slot of a round itself.</summary>
    public CompiledStep Declared(int index) => index < _steps.Length ? Flow.Steps[index] : Rounds!.Declared(index);

    /// <summary>The scope's first slot: edges count from there.</summary>
    public int FirstOf(int index) => index < _steps.Length ? 0 : Rounds!.RoundOf(index).First;

    /// <summary>The round that a slot is in; null: in none.</summary>
    public Round? RoundOf(int index) => index < _steps.Length ? null : Rounds!.RoundOf(index);

    public string PathOf(int index) => index < _steps.Length ? Flow.Steps[index].Id : Rounds!.PathOf(index);

    /// <summary>Steps in rounds are no part of the job's weight: their loop is.</summary>
    public double WeightOf(int index) => index < _steps.Length ? Flow.Steps[index].Weight : 0;

    /// <summary>The slot of a path, or -1.</summary>
    public int Find(string path) => Flow.IndexOf(path) is >= 0 and var index ? index : Rounds?.Find(path) ?? -1;

    /// <summary>The one place where the job's status changes.</summary>
    public void Become(JobStatus to) => Head.Status = StatusChanges.Checked(Head.Status, to);

    /// <summary>The step, entered into the open change set.</summary>
    public ref StepState Touch(int index)
    {
        ref var step = ref Steps[index];
        if (!step.IsTouched)
        {
            step.IsTouched = true;
            Changes.Touched.Add(index);
        }

        return ref step;
    }

    /// <summary>The session step, entered into the open change set.</summary>
    public SessionStep Touch(SessionStep step)
    {
        if (!step.State.IsTouched)
        {
            step.State.IsTouched = true;
            Changes.SessionSteps.Add(step);
        }

        return step;
    }
}
