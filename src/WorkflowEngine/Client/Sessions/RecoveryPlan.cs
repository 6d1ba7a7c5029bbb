namespace WorkflowEngine;

/// <summary>What kind of thing went wrong, by the exception's type and flags, never by its text (S13).</summary>
public enum ErrorCategory
{
    /// <summary>The type says nothing: treated as an execution error.</summary>
    Unknown,

    /// <summary>The input or its form is wrong.</summary>
    Validation,

    /// <summary>The work itself failed.</summary>
    Execution,

    /// <summary>It took too long.</summary>
    Timeout,

    /// <summary>Memory, disk, handles.</summary>
    Resource,

    /// <summary>The way to another machine.</summary>
    Network,

    /// <summary>Not known, or not allowed.</summary>
    Authentication,

    /// <summary>The process is in danger.</summary>
    System,

    /// <summary>Something that this one needs: a database, a file, a service.</summary>
    Dependency,

    /// <summary>It was set up wrongly.</summary>
    Configuration,

    /// <summary>A person, or the caller, stopped it.</summary>
    User,
}

/// <summary>How bad an error is.</summary>
public enum ErrorSeverity
{
    /// <summary>Likely gone the next time.</summary>
    Low,

    /// <summary>May be gone after a while.</summary>
    Medium,

    /// <summary>Stays until somebody changes something.</summary>
    High,

    /// <summary>Going on would do harm.</summary>
    Critical,
}

/// <summary>What is to be done about an error.</summary>
public enum RecoveryAction
{
    /// <summary>Try again.</summary>
    Retry,

    /// <summary>Try again after a wait that grows.</summary>
    RetryWithBackoff,

    /// <summary>Go on without the step.</summary>
    Skip,

    /// <summary>Do something else instead.</summary>
    AlternativePath,

    /// <summary>Go back to the latest checkpoint.</summary>
    RestoreCheckpoint,

    /// <summary>A person has to look at it.</summary>
    ManualIntervention,

    /// <summary>Stop at once.</summary>
    FailFast,
}

/// <summary>
/// What an error means and what may be done about it (S13): advice, computed from the error's type and flags and from how often the step was tried. It changes
/// nothing by itself; <c>JobSession.TryRunStepAsync</c> follows it.
/// </summary>
public sealed record RecoveryPlan
{
    /// <summary>The step that failed.</summary>
    public required string StepId { get; init; }

    /// <summary>What kind of error it is.</summary>
    public required ErrorCategory Category { get; init; }

    /// <summary>How bad it is.</summary>
    public required ErrorSeverity Severity { get; init; }

    /// <summary>What is to be done.</summary>
    public required RecoveryAction Action { get; init; }

    /// <summary>How long to wait before the next attempt; zero for the actions that make none.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>True when the action needs no person.</summary>
    public bool IsAutomated => Action is not (RecoveryAction.ManualIntervention or RecoveryAction.FailFast);

    /// <summary>The plan in one sentence, for people.</summary>
    public required string Description { get; init; }
}
