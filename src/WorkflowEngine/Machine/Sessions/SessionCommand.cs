using System.Text.Json;

namespace WorkflowEngine;

/// <summary>The code of a job's session comes to life: its own step starts without a slot.</summary>
internal sealed record OpenSession(int TotalSteps) : JobCommand
{
    /// <summary>Set by the machine when it applied the command.</summary>
    public StepStart? Start { get; set; }
}

/// <summary>A command of a session's code. <paramref name="Session"/> is the run of the session's own step: that of an earlier opening is stale.</summary>
internal abstract record SessionCommand(int Session) : JobCommand;

/// <summary>The code comes to a step.</summary>
internal sealed record BeginSessionStep(int Session, string Id, string? Name) : SessionCommand(Session)
{
    /// <summary>Set by the machine when it applied the command.</summary>
    public SessionBeginning Answer { get; set; }
}

/// <summary>A step ended, or, with <paramref name="RetryAfter"/>, failed and is to be tried again.</summary>
internal sealed record EndSessionStep(int Session, int Step, int Run, StepOutcome Outcome, TimeSpan? RetryAfter = null, string? Recovery = null) : SessionCommand(Session);

/// <summary>A step waits for a signal, a time, or whichever comes first.</summary>
internal sealed record WaitInSession(int Session, int Step, int Run, string? Signal, TimeSpan? Time) : SessionCommand(Session);

/// <summary>What a step that waits has got so far.</summary>
internal sealed record LookAtWait(int Session, int Step, int Run) : SessionCommand(Session)
{
    public JsonElement? Signal { get; set; }

    /// <summary>When the wait is over whatever comes, in UTC ticks; 0: never.</summary>
    public long DueAt { get; set; }
}

/// <summary>A step's result, which the code gives by hand.</summary>
internal sealed record KeepSessionResult(int Session, string Id, PacketSlot Result) : SessionCommand(Session);

/// <summary>A variable that the code writes; it rides with the next commit unless <paramref name="IsUrgent"/>.</summary>
internal sealed record WriteSessionVariable(int Session, JobVariable Variable, bool IsUrgent) : SessionCommand(Session);

/// <summary>Makes everything durable that happened so far.</summary>
internal sealed record FlushSession(int Session) : SessionCommand(Session);

/// <summary>What becomes of a step that the code has come to.</summary>
internal enum SessionTurn : byte
{
    /// <summary>The job is paused: come back when it is resumed.</summary>
    Held,

    /// <summary>It is to be tried again, but not before its time.</summary>
    NotYet,

    /// <summary>It begins now.</summary>
    Begins,

    /// <summary>It has been waiting since an earlier opening, and goes on with that.</summary>
    Waits,

    /// <summary>It ended well in an earlier opening: this is its result.</summary>
    Ended,
}

/// <summary>The machine's answer to a beginning.</summary>
internal readonly record struct SessionBeginning(SessionTurn Turn, int Step = 0, int Run = 0, int Attempt = 0)
{
    public PacketSlot Output { get; init; }

    public StepStatus Status { get; init; }

    public int Generation { get; init; }

    /// <summary>For <see cref="SessionTurn.NotYet"/>, in UTC ticks.</summary>
    public long DueAt { get; init; }
}
