using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorkflowEngine;

/// <summary>
/// Something that happened to a job, published after the commit that made it true (S25). The same records are the audit trail.
/// <see cref="Sequence"/> has no gaps within a job. Members that do not apply are null.
/// </summary>
/// <param name="Sequence">1 for the first event of the job, then without gaps.</param>
/// <param name="Type">One of <see cref="JobEventTypes"/>.</param>
/// <param name="Timestamp">When it happened.</param>
/// <param name="JobId">The job.</param>
/// <param name="FlowId">Its flow.</param>
public sealed record JobEvent(long Sequence, string Type, DateTimeOffset Timestamp, JobId JobId, string FlowId)
{
    /// <summary>The step's id in the flow.</summary>
    public string? StepId { get; init; }

    /// <summary>The step's path, which tells the rounds of a loop apart.</summary>
    public string? StepPath { get; init; }

    /// <summary>The status before, as its snake_case word.</summary>
    public string? From { get; init; }

    /// <summary>The status after, as its snake_case word.</summary>
    public string? To { get; init; }

    /// <summary>The step's attempt, or the job's, 1 being the first.</summary>
    public int? Attempt { get; init; }

    /// <summary>The node on which it happened.</summary>
    public string? Node { get; init; }

    /// <summary>Who asked for it.</summary>
    public string? Actor { get; init; }

    /// <summary>A snake_case code.</summary>
    public string? Reason { get; init; }

    /// <summary>A text for people.</summary>
    public string? Message { get; init; }

    /// <summary>What else is worth keeping, for example a progress <c>percentage</c>, a retry's <c>delay_seconds</c> or an operator's <c>note</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Data { get; init; }
}

/// <summary>The words of <see cref="JobEvent.Type"/>.</summary>
public static class JobEventTypes
{
#pragma warning disable CS1591 // Each constant is its own description.
    public const string JobCreated = "job.created";
    public const string JobStarted = "job.started";
    public const string JobPaused = "job.paused";
    public const string JobResumed = "job.resumed";
    public const string JobWaiting = "job.waiting";
    public const string JobRetried = "job.retried";
    public const string JobCompleted = "job.completed";
    public const string JobFailed = "job.failed";
    public const string JobCancelled = "job.cancelled";
    public const string StepQueued = "step.queued";
    public const string StepStarted = "step.started";
    public const string StepProgress = "step.progress";
    public const string StepRetrying = "step.retrying";
    public const string StepWaiting = "step.waiting";
    public const string StepCompleted = "step.completed";
    public const string StepFailed = "step.failed";
    public const string StepSkipped = "step.skipped";
    public const string StepBlocked = "step.blocked";
    public const string StepCancelled = "step.cancelled";
    public const string CheckpointCreated = "checkpoint.created";
    public const string CheckpointRestored = "checkpoint.restored";
    public const string VariableSet = "variable.set";
    public const string CommandApplied = "command.applied";
    public const string CommandRefused = "command.refused";
#pragma warning restore CS1591
}
