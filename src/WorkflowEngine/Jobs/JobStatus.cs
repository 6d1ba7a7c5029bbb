using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorkflowEngine;

/// <summary>Where a job stands. In JSON, SQL and logs the words are snake_case.</summary>
[JsonConverter(typeof(JobStatusForm))]
public enum JobStatus
{
    /// <summary>Created, nothing started.</summary>
    Pending,

    /// <summary>A step is ready or running.</summary>
    Running,

    /// <summary>Every open step waits: for a signal, a time or a child.</summary>
    Waiting,

    /// <summary>A person asked that nothing new starts.</summary>
    Paused,

    /// <summary>Ended well, with at least one step that completed with items.</summary>
    Completed,

    /// <summary>Ended well, with nothing to process.</summary>
    CompletedNoItems,

    /// <summary>Ended by a failure that nothing handled; can be reopened by retry, skip or restore.</summary>
    Failed,

    /// <summary>Ended on request.</summary>
    Cancelled,
}

/// <summary>Where one step of one job stands.</summary>
[JsonConverter(typeof(StepStatusForm))]
public enum StepStatus
{
    /// <summary>No input has arrived, or it is ready and has no slot yet.</summary>
    Pending,

    /// <summary>A join of which some, not all, inputs have arrived.</summary>
    WaitingInputs,

    /// <summary>Waits for a signal, a time, a retry or a child.</summary>
    Waiting,

    /// <summary>Its body runs.</summary>
    Running,

    /// <summary>Its outcome is committed.</summary>
    Completed,

    /// <summary>It failed and has no attempts left.</summary>
    Failed,

    /// <summary>It will not run, and that is fine.</summary>
    Skipped,

    /// <summary>It cannot run because a predecessor failed.</summary>
    Blocked,

    /// <summary>The job ended, or a join was satisfied, before it did.</summary>
    Cancelled,
}

/// <summary>The facts about statuses that many places need.</summary>
public static class StatusFacts
{
    /// <summary>True for the four ends. Only <see cref="JobStatus.Failed"/> can be reopened.</summary>
    public static bool IsTerminal(this JobStatus status) => status >= JobStatus.Completed;

    /// <summary>True for the two good ends.</summary>
    public static bool IsSuccess(this JobStatus status) => status is JobStatus.Completed or JobStatus.CompletedNoItems;

    /// <summary>True when the step will not change again by itself.</summary>
    public static bool IsTerminal(this StepStatus status) => status >= StepStatus.Completed;

    /// <summary>The snake_case word.</summary>
    public static string ToWord(this JobStatus status) => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());

    /// <summary>The snake_case word.</summary>
    public static string ToWord(this StepStatus status) => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());
}

internal sealed class JobStatusForm() : JsonStringEnumConverter<JobStatus>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

internal sealed class StepStatusForm() : JsonStringEnumConverter<StepStatus>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
