namespace WorkflowEngine;

/// <summary>
/// What tests say about jobs, with any test framework or none. Each throws <see cref="FlowAssertionException"/> with a table of all steps; those on a handle also
/// show the last events.
/// </summary>
public static class JobAssertions
{
    /// <summary>The job has this status now; returns its report.</summary>
    /// <exception cref="FlowAssertionException">It has another.</exception>
    public static Task<JobStatusReport> ShouldBeAsync(this JobHandle job, JobStatus status, CancellationToken cancellationToken = default)
        => CheckAsync(job, report => WhenNot(report, status), cancellationToken);

    /// <summary>These steps have completed; returns the job's report.</summary>
    /// <exception cref="FlowAssertionException">One has not.</exception>
    public static Task<JobStatusReport> ShouldHaveRunAsync(this JobHandle job, params string[] steps)
        => CheckAsync(job, report => WhenNot(report, steps, StepStatus.Completed), CancellationToken.None);

    /// <summary>These steps have been skipped; returns the job's report.</summary>
    /// <exception cref="FlowAssertionException">One has not.</exception>
    public static Task<JobStatusReport> ShouldHaveSkippedAsync(this JobHandle job, params string[] steps)
        => CheckAsync(job, report => WhenNot(report, steps, StepStatus.Skipped), CancellationToken.None);

    /// <summary>This step has failed, for this reason if one is named; returns the job's report.</summary>
    /// <exception cref="FlowAssertionException">It has not.</exception>
    public static Task<JobStatusReport> ShouldHaveFailedAsync(this JobHandle job, string step, string? reason = null, CancellationToken cancellationToken = default)
        => CheckAsync(job, report => WhenNot(report, step, reason), cancellationToken);

    /// <summary>The job has this status in the report; returns the report.</summary>
    /// <exception cref="FlowAssertionException">It has another.</exception>
    public static JobStatusReport ShouldBe(this JobStatusReport report, JobStatus status) => Check(report, WhenNot(report, status), []);

    /// <summary>These steps have completed; returns the report.</summary>
    /// <exception cref="FlowAssertionException">One has not.</exception>
    public static JobStatusReport ShouldHaveRun(this JobStatusReport report, params string[] steps) => Check(report, WhenNot(report, steps, StepStatus.Completed), []);

    /// <summary>These steps have been skipped; returns the report.</summary>
    /// <exception cref="FlowAssertionException">One has not.</exception>
    public static JobStatusReport ShouldHaveSkipped(this JobStatusReport report, params string[] steps) => Check(report, WhenNot(report, steps, StepStatus.Skipped), []);

    /// <summary>This step has failed, for this reason if one is named; returns the report.</summary>
    /// <exception cref="FlowAssertionException">It has not.</exception>
    public static JobStatusReport ShouldHaveFailed(this JobStatusReport report, string step, string? reason = null) => Check(report, WhenNot(report, step, reason), []);

    private static async Task<JobStatusReport> CheckAsync(JobHandle job, Func<JobStatusReport, string?> problem, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(job);
        var report = await job.GetStatusAsync(cancellationToken).ConfigureAwait(false);
        return problem(report) is { } found ? Check(report, found, await job.EventsSoFarAsync(cancellationToken).ConfigureAwait(false)) : report;
    }

    private static JobStatusReport Check(JobStatusReport report, string? problem, IReadOnlyList<JobEvent> events)
        => problem is null ? report : throw new FlowAssertionException($"{problem}{Environment.NewLine}{JobTable.Of(report, events)}");

    private static string? WhenNot(JobStatusReport report, JobStatus status)
    {
        ArgumentNullException.ThrowIfNull(report);
        return report.Status == status ? null : $"The job should be {status.ToWord()}, but is {report.Status.ToWord()}.";
    }

    private static string? WhenNot(JobStatusReport report, string[] steps, StepStatus status)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(steps);
        var others = steps.Where(step => Find(report, step)?.Status != status).Select(step => $"'{step}' is {Word(Find(report, step))}").ToList();
        return others.Count == 0 ? null : $"Every one of '{string.Join("', '", steps)}' should be {status.ToWord()}, but {string.Join(", ", others)}.";
    }

    private static string? WhenNot(JobStatusReport report, string step, string? reason)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentException.ThrowIfNullOrEmpty(step);
        var found = Find(report, step);
        return found?.Status != StepStatus.Failed ? $"Step '{step}' should have failed, but is {Word(found)}."
            : reason is not null && found.Error?.Reason != reason ? $"Step '{step}' should have failed with '{reason}', but failed with '{found.Error?.Reason}'."
            : null;
    }

    private static StepStatusReport? Find(JobStatusReport report, string step) => report.Steps.FirstOrDefault(found => found.Path == step);

    private static string Word(StepStatusReport? step) => step is null ? "no step of the flow" : step.Status.ToWord();
}
