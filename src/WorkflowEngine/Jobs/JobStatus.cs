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

/// <summary>The legal changes of status, one line per status: what may follow it. Everything else is a mistake of the engine, refused where it happens.</summary>
internal static class StatusChanges
{
    /// <summary>A failed job is reopened by retry, skip or restore (S15); the other ends are final.</summary>
    private static readonly int[] OfJobs = Table(
        (JobStatus.Pending, [JobStatus.Running, JobStatus.Paused, JobStatus.CompletedNoItems, JobStatus.Failed, JobStatus.Cancelled]),
        (JobStatus.Running, [JobStatus.Waiting, JobStatus.Paused, JobStatus.Completed, JobStatus.CompletedNoItems, JobStatus.Failed, JobStatus.Cancelled]),
        (JobStatus.Waiting, [JobStatus.Running, JobStatus.Paused, JobStatus.Completed, JobStatus.CompletedNoItems, JobStatus.Failed, JobStatus.Cancelled]),
        (JobStatus.Paused, [JobStatus.Pending, JobStatus.Running, JobStatus.Waiting, JobStatus.Completed, JobStatus.CompletedNoItems, JobStatus.Failed, JobStatus.Cancelled]),
        (JobStatus.Completed, []),
        (JobStatus.CompletedNoItems, []),
        (JobStatus.Failed, [JobStatus.Pending, JobStatus.Running, JobStatus.Paused]),
        (JobStatus.Cancelled, []));

    /// <summary>Completed and skipped steps stay so; the other ends begin anew when the job is reopened, or are skipped by an operator. A round of a loop waits for its steps and ends from there; a loop that is reopened waits for its rounds.</summary>
    private static readonly int[] OfSteps = Table(
        (StepStatus.Pending, [StepStatus.Pending, StepStatus.WaitingInputs, StepStatus.Waiting, StepStatus.Running, StepStatus.Skipped, StepStatus.Blocked, StepStatus.Cancelled]),
        (StepStatus.WaitingInputs, [StepStatus.WaitingInputs, StepStatus.Pending, StepStatus.Skipped, StepStatus.Blocked, StepStatus.Cancelled]),
        (StepStatus.Waiting, [StepStatus.Pending, StepStatus.Completed, StepStatus.Failed, StepStatus.Skipped, StepStatus.Cancelled]),
        (StepStatus.Running, [StepStatus.Pending, StepStatus.Waiting, StepStatus.Completed, StepStatus.Failed, StepStatus.Skipped, StepStatus.Cancelled]),
        (StepStatus.Completed, []),
        (StepStatus.Failed, [StepStatus.Pending, StepStatus.Skipped]),
        (StepStatus.Skipped, []),
        (StepStatus.Blocked, [StepStatus.Pending, StepStatus.Skipped]),
        (StepStatus.Cancelled, [StepStatus.Pending, StepStatus.Skipped]));

    public static bool IsLegal(JobStatus from, JobStatus to) => (OfJobs[(int)from] & (1 << (int)to)) != 0;

    public static bool IsLegal(StepStatus from, StepStatus to) => (OfSteps[(int)from] & (1 << (int)to)) != 0;

    /// <summary>The new status.</summary>
    /// <exception cref="InvalidOperationException">The change is not in the table.</exception>
    public static JobStatus Checked(JobStatus from, JobStatus to) => IsLegal(from, to) ? to : throw Illegal("job", from.ToWord(), to.ToWord());

    /// <summary>The new status.</summary>
    /// <exception cref="InvalidOperationException">The change is not in the table.</exception>
    public static StepStatus Checked(StepStatus from, StepStatus to) => IsLegal(from, to) ? to : throw Illegal("step", from.ToWord(), to.ToWord());

    private static InvalidOperationException Illegal(string what, string from, string to) => new($"A {what} cannot change from {from} to {to}.");

    private static int[] Table<T>(params (T From, T[] To)[] lines) where T : struct, Enum
    {
        var table = new int[lines.Length];
        foreach (var (from, to) in lines)
        {
            table[(int)(object)from] = to.Sum(next => 1 << (int)(object)next);
        }

        return table;
    }
}

internal sealed class JobStatusForm() : JsonStringEnumConverter<JobStatus>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

internal sealed class StepStatusForm() : JsonStringEnumConverter<StepStatus>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
