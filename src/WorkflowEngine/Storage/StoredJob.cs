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
    /// <summary>The name of the owning node, if any.</summary>
    public string? Node { get; init; }

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

    /// <summary>A name: a signal's or a variable's.</summary>
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

/// <summary>Which jobs to list.</summary>
public sealed record JobQuery
{
    /// <summary>Empty: every status.</summary>
    public IReadOnlyCollection<JobStatus> Statuses { get; init; } = [];

    /// <summary>Only this flow.</summary>
    public string? FlowId { get; init; }

    /// <summary>Only this version.</summary>
    public string? FlowVersion { get; init; }

    /// <summary>Only this key.</summary>
    public string? Key { get; init; }

    /// <summary>Only this tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>Only jobs that carry this label.</summary>
    public string? Label { get; init; }

    /// <summary>Only jobs that ended with this reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Only jobs created at or after this time.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only jobs created before this time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only jobs that come after this one, newest first.</summary>
    public JobId? After { get; init; }

    /// <summary>How many at most.</summary>
    public int Limit { get; init; } = 100;
}

/// <summary>A page of jobs.</summary>
/// <param name="Jobs">Without steps and mail.</param>
/// <param name="Next">Where the next page begins; null: this was the last.</param>
public sealed record JobPage(IReadOnlyList<StoredJob> Jobs, JobId? Next);

/// <summary>Which events to read.</summary>
/// <param name="Job">One job, exactly in sequence; null: all jobs, best effort.</param>
/// <param name="After">For a job the sequence number, for all jobs the position, after which to read.</param>
/// <param name="Limit">How many rows at most.</param>
public sealed record EventQuery(JobId? Job, long After, int Limit = 1000);

/// <summary>A page of event rows; the first may begin before what was asked for.</summary>
/// <param name="Rows">In order.</param>
/// <param name="Position">For all jobs: where to read on.</param>
public sealed record EventPage(IReadOnlyList<EventRow> Rows, long Position);
