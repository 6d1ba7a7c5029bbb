using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Something that a job's state may change by.</summary>
internal abstract record JobCommand;

/// <summary>A body ended, or was given up.</summary>
internal sealed record EndStep(int Step, int Run, StepOutcome Outcome) : JobCommand;

/// <summary>A running body says how far it is.</summary>
internal sealed record ReportProgress(int Step, int Run, double Percent, string? Message) : JobCommand;

/// <summary>Some waiting step's time has come.</summary>
internal sealed record WakeDue : JobCommand;

/// <summary>The job has taken as long as it may.</summary>
internal sealed record TimeOutJob : JobCommand;

/// <summary>The job has killed its process too often: it ends here, for people to look at (G4).</summary>
internal sealed record ParkJob(string Message) : JobCommand;

/// <summary>The store refused what these steps made; the job was loaded again without it (G3).</summary>
internal sealed record RefuseContent(IReadOnlyList<int> Steps, string Message, bool EndsJob) : JobCommand;

/// <summary>The flow's output is made, or cannot be.</summary>
internal sealed record Conclude(PacketSlot Output, StepError? Error, OutputShape Shape = OutputShape.Packet) : JobCommand;

/// <summary>A command from a person or another program.</summary>
internal abstract record ControlCommand : JobCommand
{
    /// <summary>The inbox message's id; empty for one that came no such way.</summary>
    public Guid Id { get; init; }

    public string? Actor { get; init; }

    public string? Note { get; init; }

    /// <summary>The word in events and errors.</summary>
    public abstract string Word { get; }
}

internal sealed record PauseJob : ControlCommand
{
    public override string Word => "pause";
}

internal sealed record ResumeJob : ControlCommand
{
    public override string Word => "resume";
}

internal sealed record CancelJob : ControlCommand
{
    public override string Word => "cancel";
}

internal sealed record FailJob(string Reason, string Message) : ControlCommand
{
    public override string Word => "fail";
}

internal sealed record SkipStep(string Step, PacketSlot Output) : ControlCommand
{
    public override string Word => "skip";
}

internal sealed record RetryJob(string? Step) : ControlCommand
{
    public override string Word => "retry";
}

internal sealed record RunStep(string Step) : ControlCommand
{
    public override string Word => "run_step";
}

internal sealed record SendSignal(string Name, JsonElement Value, string? DedupeKey) : ControlCommand
{
    public override string Word => "signal";
}

internal sealed record WriteVariable(JobVariable Variable) : ControlCommand
{
    public override string Word => "set_variable";
}

internal sealed record CreateCheckpoint(string CheckpointId, string? Description) : ControlCommand
{
    public override string Word => "checkpoint";
}

/// <summary>Puts the job back; a snapshot that is null was not found.</summary>
internal sealed record RestoreCheckpoint(string CheckpointId, JobSnapshot? Snapshot) : ControlCommand
{
    /// <summary>The step whose own body asks for this and goes on; -1: none. Only of a flow of one step, whose body nobody else shares a token with.</summary>
    public int KeepsRunning { get; init; } = -1;

    public override string Word => "restore";
}

/// <summary>A message that this version does not understand, or whose content the store refused: refused, never dropped silently.</summary>
internal sealed record RefusedCommand(string Action, string Message) : ControlCommand
{
    public override string Word => Action;
}

/// <summary>How a body ended, as the machine sees it: packets are stored already.</summary>
internal readonly record struct StepOutcome(OutcomeKind Kind)
{
    public PacketSlot Output { get; init; }

    /// <summary>An implicitly empty packet (S10).</summary>
    public bool IsImplicitlyEmpty { get; init; }

    public string[]? Ports { get; init; }

    public StepError? Error { get; init; }

    /// <summary>The verdicts of the conditions on the outgoing edges, by position; null: no conditions (S4).</summary>
    public bool[]? Verdicts { get; init; }

    public StepWrites? Writes { get; init; }

    public string? Message
    {
        get => _more?.Message;
        init => _more = (_more ?? new More()) with { Message = value };
    }

    public string? Signal
    {
        get => _more?.Signal;
        init => _more = (_more ?? new More()) with { Signal = value };
    }

    public TimeSpan? Delay
    {
        get => _more?.Delay;
        init => _more = (_more ?? new More()) with { Delay = value };
    }

    public JsonElement? State
    {
        get => _more?.State;
        init => _more = (_more ?? new More()) with { State = value };
    }

    /// <summary>What the step fails with when no edge names its port: an approval that is refused must not pass for one.</summary>
    public StepError? Otherwise
    {
        get => _more?.Otherwise;
        init => _more = (_more ?? new More()) with { Otherwise = value };
    }

    /// <summary>Where a loop begins.</summary>
    public LoopCursor? Loop
    {
        get => _more?.Loop;
        init => _more = (_more ?? new More()) with { Loop = value };
    }

    /// <summary>What only skips and suspensions carry, apart, so that the usual outcome is small.</summary>
    private readonly More? _more;

    private sealed record More
    {
        public string? Message { get; init; }

        public string? Signal { get; init; }

        public TimeSpan? Delay { get; init; }

        public JsonElement? State { get; init; }

        public StepError? Otherwise { get; init; }

        public LoopCursor? Loop { get; init; }
    }
}

/// <summary>The closed set of ends of a body.</summary>
internal enum OutcomeKind : byte
{
    Completed,
    NoItems,
    Skipped,
    Failed,
    Finished,
    Waits,
    RunsAgain,

    /// <summary>A loop goes on with its rounds.</summary>
    Rounds,

    /// <summary>Stopped because its job was cancelled or is ending.</summary>
    Cancelled,

    /// <summary>Stopped because the process ends or lost its lease: no attempt (S12).</summary>
    Interrupted,
}
