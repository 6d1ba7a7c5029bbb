using Microsoft.Extensions.Logging;

namespace WorkflowEngine;

/// <summary>Every message that the engine logs, in one place.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(1, LogLevel.Information, "Workflow engine '{Node}' started with {Slots} step slots; store: {Store}.")]
    public static partial void Started(ILogger log, string node, int slots, string store);

    [LoggerMessage(2, LogLevel.Warning, "Jobs are kept in memory: they end with this process. Register a durable store to keep them.")]
    public static partial void InMemory(ILogger log);

    [LoggerMessage(3, LogLevel.Information, "Workflow engine '{Node}' stopped; {Released} unfinished jobs were handed back.")]
    public static partial void Stopped(ILogger log, string node, int released);

    [LoggerMessage(4, LogLevel.Error, "The runner of job {Job} failed; the job is dropped here and will be claimed again.")]
    public static partial void RunnerFailed(ILogger log, Exception error, JobId job);

    [LoggerMessage(5, LogLevel.Warning, "A commit of job {Job} was refused ({Result}); the job is dropped here.")]
    public static partial void CommitRefused(ILogger log, JobId job, string result);

    [LoggerMessage(6, LogLevel.Warning, "Step '{Step}' of job {Job} ignored its token and was given up after the grace period.")]
    public static partial void StepAbandoned(ILogger log, JobId job, string step);

    [LoggerMessage(7, LogLevel.Warning, "Step '{Step}' of job {Job} returned after it was given up; its result was discarded.")]
    public static partial void LateResult(ILogger log, JobId job, string step);

    [LoggerMessage(8, LogLevel.Warning, "A cancellation callback of job {Job} threw.")]
    public static partial void CancellationCallbackFailed(ILogger log, Exception error, JobId job);

    [LoggerMessage(9, LogLevel.Error, "The engine loop could not claim; it tries again in {Delay}.")]
    public static partial void ClaimFailed(ILogger log, Exception error, TimeSpan delay);

    [LoggerMessage(10, LogLevel.Warning, "Step '{Step}' of job {Job} failed in attempt {Attempt}: {Reason}: {Message}")]
    public static partial void StepFailed(ILogger log, Exception? error, JobId job, string step, int attempt, string reason, string message);

    [LoggerMessage(11, LogLevel.Error, "Job {Job} of flow '{Flow}' version {Version} was claimed, but that version is not known here.")]
    public static partial void FlowMissing(ILogger log, JobId job, string flow, string version);

    [LoggerMessage(12, LogLevel.Warning, "The packets of job {Job} could not be removed; the sweep tries again.")]
    public static partial void CleanupFailed(ILogger log, Exception error, JobId job);

    [LoggerMessage(13, LogLevel.Warning, "An observer failed on an event of job {Job}.")]
    public static partial void ObserverFailed(ILogger log, Exception error, JobId job);

    [LoggerMessage(14, LogLevel.Warning, "Finished jobs could not be pruned; the next round tries again.")]
    public static partial void PruneFailed(ILogger log, Exception error);

    [LoggerMessage(15, LogLevel.Warning, "A commit of {Transitions} transitions failed; it is tried again in {Delay}.")]
    public static partial void CommitDelayed(ILogger log, Exception error, int transitions, TimeSpan delay);

    [LoggerMessage(20, LogLevel.Warning, "The lease of node '{Node}' could not be renewed; it is tried again in {Delay}.")]
    public static partial void RenewalFailed(ILogger log, Exception error, string node, TimeSpan delay);

    [LoggerMessage(21, LogLevel.Error, "Node '{Node}' gave up its {Jobs} jobs: {Why}. Their running steps are asked to stop; whoever owns the jobs next runs those steps again.")]
    public static partial void LeaseLost(ILogger log, string node, int jobs, string why);

    [LoggerMessage(22, LogLevel.Information, "Node '{Node}' has its lease again and claims jobs.")]
    public static partial void LeaseRegained(ILogger log, string node);

    [LoggerMessage(23, LogLevel.Error, "Job {Job} cannot be read; it is tried again after {Delay}: {Problem}")]
    public static partial void JobUnreadable(ILogger log, JobId job, TimeSpan delay, string problem);

    [LoggerMessage(24, LogLevel.Error, "Job {Job} is parked as failed ({Reason}): {Message}")]
    public static partial void JobParked(ILogger log, JobId job, string reason, string message);

    [LoggerMessage(16, LogLevel.Warning, "Some packets of unknown jobs could not be removed; the next sweep tries again.")]
    public static partial void SweepFailed(ILogger log, Exception error);

    [LoggerMessage(60, LogLevel.Warning, "There is no room for the output of '{Step}' of job {Job}; it is stored once there is. Tried again in {Delay}.")]
    public static partial void OutputDelayed(ILogger log, Exception error, JobId job, string step, TimeSpan delay);
}
