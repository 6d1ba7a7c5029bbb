namespace WorkflowEngine.Cli;

/// <summary>When following a job is over although it has not ended.</summary>
internal static class Standstill
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Until the job is terminal, or nothing that can reach it will move it: in memory nobody else can, in a durable store any process may.</summary>
    public static async Task<JobResult> WaitAsync(JobHandle job, RunRequest request, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await job.WaitAsync(JobWait.Idle, cancellationToken);
            if (result.Status.IsTerminal() || request.UntilIdle || (!request.Store.IsDurable && IsForever(await job.GetStatusAsync(cancellationToken))))
            {
                return result;
            }

            await Task.Delay(LookInterval, time, cancellationToken);
        }
    }

    /// <summary>True when only a command from outside can move the job: it is paused, or waits for a signal that no time limit bounds.</summary>
    public static bool IsForever(JobStatusReport report)
        => report.Status == JobStatus.Paused
        || (report.Status == JobStatus.Waiting
            && report.Steps.Where(step => step.Status == StepStatus.Waiting).All(step => step.DueAt is null));
}
