namespace WorkflowEngine;

/// <summary>How a session runs one step. Every member is optional.</summary>
public sealed record StepOptions
{
    internal static readonly StepOptions None = new();

    /// <summary>The name for people; null: the id.</summary>
    public string? Name { get; init; }

    /// <summary>When a failed attempt is made again; null: <c>RunStepAsync</c> makes one attempt, <c>TryRunStepAsync</c> follows its <see cref="RecoveryPlan"/>.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>How long one attempt may take; then it fails with reason <c>timeout</c>. Null: no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>For <c>TryRunStepAsync</c>: what to do instead when the attempts are used up, or cannot help.</summary>
    public Func<CancellationToken, Task>? Alternative { get; init; }

    /// <summary>For <c>TryRunStepAsync</c>: the job can do without this step. It is recorded as skipped then, never as completed.</summary>
    public bool CanSkip { get; init; }

    /// <summary>
    /// For <c>TryRunStepAsync</c>: when nothing else helps, go back to the job's latest checkpoint and try once more. Meant for a step right behind a checkpoint: the code
    /// itself does not go back, so steps and variables made in between are gone until it comes to them again.
    /// </summary>
    public bool RestoresCheckpoint { get; init; }
}
