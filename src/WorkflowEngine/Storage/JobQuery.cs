namespace WorkflowEngine.Storage;

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
