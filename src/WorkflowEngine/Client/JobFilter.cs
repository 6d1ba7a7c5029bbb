using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Which jobs are meant. Members that are null do not restrict.</summary>
public sealed record JobFilter
{
    /// <summary>Every job that is not terminal.</summary>
    public static JobFilter Active { get; } = new() { Statuses = [JobStatus.Pending, JobStatus.Running, JobStatus.Waiting, JobStatus.Paused] };

    /// <summary>Every terminal job.</summary>
    public static JobFilter Finished { get; } = new() { Statuses = [JobStatus.Completed, JobStatus.CompletedNoItems, JobStatus.Failed, JobStatus.Cancelled] };

    /// <summary>Every job that ended well.</summary>
    public static JobFilter Succeeded { get; } = new() { Statuses = [JobStatus.Completed, JobStatus.CompletedNoItems] };

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

    /// <summary>Only jobs in which this step failed.</summary>
    public string? StepId { get; init; }

    /// <summary>Only jobs created at or after this time.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only jobs created before this time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>How many at most; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>Only jobs that come after this one, newest first.</summary>
    public JobId? After { get; init; }

    internal JobQuery ToQuery(JobId? after, int limit) => new()
    {
        Statuses = Statuses,
        FlowId = FlowId,
        FlowVersion = FlowVersion,
        Key = Key,
        Tenant = Tenant,
        Label = Label,
        Reason = Reason,
        Since = Since,
        Until = Until,
        After = after,
        Limit = limit,
    };
}

/// <summary>One line about a job.</summary>
/// <param name="Id">The job.</param>
/// <param name="FlowId">Its flow.</param>
/// <param name="FlowVersion">The version it is pinned to.</param>
/// <param name="Status">Where it stands.</param>
public sealed record JobSummary(JobId Id, string FlowId, string FlowVersion, JobStatus Status)
{
    /// <summary>Why it ended as it did.</summary>
    public string? Reason { get; init; }

    /// <summary>The same for people.</summary>
    public string? Message { get; init; }

    /// <summary>Its key.</summary>
    public string? Key { get; init; }

    /// <summary>Its tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>Its labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>0 to 100.</summary>
    public double Percentage { get; init; }

    /// <summary>When it was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its first step started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>How many jobs of each status there are.</summary>
/// <param name="ByStatus">Statuses without jobs are absent.</param>
public sealed record JobCounts(IReadOnlyDictionary<JobStatus, long> ByStatus)
{
    /// <summary>All of them.</summary>
    public long Total => ByStatus.Values.Sum();

    /// <summary>Those of one status.</summary>
    public long this[JobStatus status] => ByStatus.GetValueOrDefault(status);
}

/// <summary>A control for many jobs.</summary>
public enum JobAction
{
    /// <summary>Pause them.</summary>
    Pause,

    /// <summary>Resume them.</summary>
    Resume,

    /// <summary>Cancel them.</summary>
    Cancel,

    /// <summary>Retry them.</summary>
    Retry,
}

/// <summary>How a control for many jobs is carried out.</summary>
public sealed record BulkOptions
{
    /// <summary>Only count what would be meant.</summary>
    public bool DryRun { get; init; }

    /// <summary>At most so many jobs.</summary>
    public int? Limit { get; init; }

    /// <summary>At most so many jobs each second; null: as fast as it goes.</summary>
    public double? RatePerSecond { get; init; }

    /// <summary>How long to wait for each job's verdict; a command that has none by then stays in the job's inbox, and the job counts as matched only. Null: as long as it takes.</summary>
    public TimeSpan? AnswerWithin { get; init; }

    /// <summary>Who asks.</summary>
    public string? Actor { get; init; }

    /// <summary>What the asker typed.</summary>
    public string? Note { get; init; }
}

/// <summary>What a control for many jobs did.</summary>
/// <param name="Matched">Jobs that the filter named.</param>
/// <param name="Applied">Jobs that took it.</param>
/// <param name="Refused">Jobs for which it was not legal.</param>
public sealed record BulkResult(int Matched, int Applied, int Refused);

/// <summary>One of many starts.</summary>
/// <param name="FlowId">The flow.</param>
/// <param name="Input">Its input.</param>
/// <param name="Options">Its options.</param>
public sealed record JobStart(string FlowId, DataPacket? Input = null, JobOptions? Options = null);
