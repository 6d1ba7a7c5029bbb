using System.Text.Json;

namespace WorkflowEngine;

/// <summary>How a job ended, or where it stands when the wait for <see cref="JobWait.Idle"/> is over.</summary>
/// <param name="Id">The job.</param>
/// <param name="Status">Its status.</param>
/// <param name="Reason">A snake_case code, when it did not simply complete.</param>
/// <param name="Message">The same for people.</param>
/// <param name="Output">The flow's output; empty unless it ended well.</param>
public sealed record JobResult(JobId Id, JobStatus Status, string? Reason, string? Message, DataPacket Output)
{
    /// <summary>True for the two good ends.</summary>
    public bool Succeeded => Status.IsSuccess();

    /// <summary>Returns itself, or throws.</summary>
    /// <exception cref="JobFailedException">The job did not end well.</exception>
    public JobResult EnsureSucceeded() => Succeeded ? this : throw new JobFailedException(Id, Status, Reason, Message);
}

/// <summary>What to wait for.</summary>
public enum JobWait
{
    /// <summary>The job is terminal.</summary>
    Finished,

    /// <summary>Nothing is ready or running: the job is terminal, waiting or paused.</summary>
    Idle,
}

/// <summary>Where a job stands, as last committed.</summary>
public sealed record JobStatusReport
{
    /// <summary>The job.</summary>
    public required JobId Id { get; init; }

    /// <summary>Its flow.</summary>
    public required string FlowId { get; init; }

    /// <summary>The version it is pinned to.</summary>
    public required string FlowVersion { get; init; }

    /// <summary>Its status.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>A snake_case code, when it did not simply complete.</summary>
    public string? Reason { get; init; }

    /// <summary>The same for people.</summary>
    public string? Message { get; init; }

    /// <summary>What the flow's output is besides a packet.</summary>
    public OutputShape OutputShape { get; init; }

    /// <summary>Its key.</summary>
    public string? Key { get; init; }

    /// <summary>Its tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>Its labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>The job's attempt: 1, and one more each time a failed job is reopened.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>Deaths of processes that held the job, since its last committed outcome (G4); 0 for a job that harmed nobody.</summary>
    public int Strikes { get; init; }

    /// <summary>How far it is.</summary>
    public required JobProgressReport Progress { get; init; }

    /// <summary>Every step of the flow, also those that have not begun, in declared order.</summary>
    public required IReadOnlyList<StepStatusReport> Steps { get; init; }

    /// <summary>Times.</summary>
    public required JobMetrics Metrics { get; init; }

    /// <summary>What recovery did, newest last; empty when nothing needed it.</summary>
    public IReadOnlyList<string> Recovery { get; init; } = [];

    /// <summary>The ids of its checkpoints, oldest first.</summary>
    public IReadOnlyList<string> Checkpoints { get; init; } = [];

    /// <summary>The report of one step.</summary>
    /// <exception cref="ArgumentException">The flow has no such step.</exception>
    public StepStatusReport this[string step] => Steps.FirstOrDefault(report => report.Path == step) ?? throw new ArgumentException($"Flow '{FlowId}' has no step '{step}'.", nameof(step));
}

/// <summary>How far a job is (S24).</summary>
/// <param name="Percentage">0 to 100; 100 only at success.</param>
/// <param name="Completed">Steps that completed.</param>
/// <param name="Total">Steps in all.</param>
/// <param name="Running">Steps that run.</param>
/// <param name="Failed">Steps that failed.</param>
/// <param name="Skipped">Steps that were skipped.</param>
public sealed record JobProgressReport(double Percentage, int Completed, int Total, int Running, int Failed, int Skipped);

/// <summary>When things happened.</summary>
/// <param name="CreatedAt">When the job was created.</param>
/// <param name="StartedAt">When its first step started; null: not yet.</param>
/// <param name="CompletedAt">When it ended; null: not yet.</param>
/// <param name="Duration">From the first step's start to the end; null before the end.</param>
public sealed record JobMetrics(DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt, TimeSpan? Duration);

/// <summary>Where a step stands.</summary>
/// <param name="Id">Its id in the flow.</param>
/// <param name="Path">Its path.</param>
/// <param name="Status">Its status.</param>
/// <param name="Attempts">Attempts made in all, also before a retry of the job.</param>
public sealed record StepStatusReport(string Id, string Path, StepStatus Status, int Attempts)
{
    /// <summary>Its name for people.</summary>
    public string? Name { get; init; }

    /// <summary>The port on which it completed.</summary>
    public string? Port { get; init; }

    /// <summary>Why the latest attempt failed.</summary>
    public StepError? Error { get; init; }

    /// <summary>The snake_case reason of a skip, block or cancel.</summary>
    public string? Reason { get; init; }

    /// <summary>When its latest attempt started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>When a waiting step goes on by itself.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>The signal it waits for.</summary>
    public string? WaitsFor { get; init; }

    /// <summary>How many inputs have arrived, for a join.</summary>
    public int ReceivedInputs { get; init; }

    /// <summary>How many inputs it takes.</summary>
    public int RequiredInputs { get; init; }
}

/// <summary>Who asks for a control, and why.</summary>
public record ControlOptions
{
    /// <summary>Who asks; kept in the audit trail.</summary>
    public string? Actor { get; init; }

    /// <summary>What the asker typed; kept in the audit trail.</summary>
    public string? Note { get; init; }
}

/// <summary>How a failed job is retried.</summary>
public sealed record RetryOptions : ControlOptions
{
    /// <summary>Only this step, and what it blocked; null: everything that failed.</summary>
    public string? Step { get; init; }
}

/// <summary>How a signal is sent.</summary>
public sealed record SignalOptions : ControlOptions
{
    /// <summary>Sending again with the same key has no effect.</summary>
    public string? DedupeKey { get; init; }
}

/// <summary>Whether a step could be run now.</summary>
/// <param name="CanRun">True when it could.</param>
/// <param name="Why">Why not; null when it could.</param>
public readonly record struct StepReadiness(bool CanRun, string? Why)
{
    /// <summary><see cref="CanRun"/>.</summary>
    public static implicit operator bool(StepReadiness readiness) => readiness.CanRun;
}

/// <summary>Why a job is not moving, and the command that would move it.</summary>
/// <param name="Sentence">The answer in one sentence.</param>
/// <param name="Facts">What it rests on.</param>
/// <param name="Fixes">What would help, most promising first.</param>
public sealed record JobExplanation(string Sentence, IReadOnlyList<string> Facts, IReadOnlyList<string> Fixes);

/// <summary>Variables of a job by name; secrets are masked.</summary>
/// <param name="Values">By name.</param>
public sealed record JobVariables(IReadOnlyDictionary<string, JobVariable> Values)
{
    /// <summary>What a secret's value shows as.</summary>
    public const string Mask = "***";

    /// <summary>The value, or null.</summary>
    public JsonElement? this[string name] => Values.TryGetValue(name, out var variable) ? variable.Value : null;
}
