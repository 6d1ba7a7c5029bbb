using System.Text.Json;

namespace WorkflowEngine.Storage;

/// <summary>Which parts of a job to read.</summary>
[Flags]
public enum JobParts
{
    /// <summary>The job's row alone.</summary>
    Head = 0,

    /// <summary>The step rows.</summary>
    Steps = 1,

    /// <summary>The untaken messages.</summary>
    Mail = 2,

    /// <summary>The checkpoints without what they hold.</summary>
    Checkpoints = 4,

    /// <summary>The checkpoints with what they hold.</summary>
    Snapshots = 8,
}

/// <summary>A job as last committed.</summary>
/// <param name="Creation">What is fixed.</param>
/// <param name="Head">What changes.</param>
/// <param name="Epoch">How many owners the job has had.</param>
/// <param name="Owner">The incarnation that holds it; null: none.</param>
/// <param name="Steps">The step rows, when asked for.</param>
/// <param name="Mail">The untaken messages in order of arrival, when asked for.</param>
public sealed record StoredJob(JobCreation Creation, JobHead Head, int Epoch, Guid? Owner, IReadOnlyList<StepRow> Steps, IReadOnlyList<JobMessage> Mail)
{
    /// <summary>The checkpoints in the order in which they were made, when asked for.</summary>
    public IReadOnlyList<StoredCheckpoint> Checkpoints { get; init; } = [];

    /// <summary>The name of the owning node, if any and when read by itself.</summary>
    public string? Node { get; init; }

    /// <summary>When the owner's lease ends unless it renews it; null: no owner, or one that has no lease. Only when read by itself.</summary>
    public DateTimeOffset? LeasedUntil { get; init; }

    /// <summary>Its strikes (G4).</summary>
    public JobStrikes Strikes { get; init; }

    /// <summary>In a claim: what of the job cannot be read; its identity, epoch and counters can, and what cannot is kept as it is. Null: all was read.</summary>
    public string? Problem { get; init; }

    /// <summary>A place for the store to find the row again fast; handed into <see cref="JobTransition.StoreTag"/> of the owner's first commit.</summary>
    public object? StoreTag { get; init; }
}

/// <summary>A command for a job from anywhere: durable, taken once (G7).</summary>
public sealed record JobMessage
{
    /// <summary>The command's id: sending it twice has the effect of sending it once.</summary>
    public required Guid Id { get; init; }

    /// <summary>The job.</summary>
    public required JobId JobId { get; init; }

    /// <summary>What is asked for, in one word, for example <c>pause</c>.</summary>
    public required string Action { get; init; }

    /// <summary>The step, for the actions that name one.</summary>
    public string? Step { get; init; }

    /// <summary>A name: a signal's, a variable's or a checkpoint's.</summary>
    public string? Name { get; init; }

    /// <summary>What the command carries.</summary>
    public JsonElement? Value { get; init; }

    /// <summary>Who asks.</summary>
    public string? Actor { get; init; }

    /// <summary>What the asker typed.</summary>
    public string? Note { get; init; }

    /// <summary>A snake_case code, for <c>fail</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>True for the actions that a failed job takes: retry, skip, restore (S15).</summary>
    public bool Reopens { get; init; }
}
