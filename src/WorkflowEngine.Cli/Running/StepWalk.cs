namespace WorkflowEngine.Cli;

/// <summary>Walks a job in step mode on a terminal: Enter runs the next step, the end of input leaves the job paused.</summary>
internal static class StepWalk
{
    public static async Task<JobResult> RunAsync(JobHandle job, CancellationToken cancellationToken)
    {
        var end = job.WaitAsync(cancellationToken: cancellationToken);
        while (true)
        {
            var report = await job.GetStatusAsync(cancellationToken);
            var next = report.Status.IsTerminal() ? null : report.Steps.FirstOrDefault(IsNext);
            if (next is null)
            {
                return await job.WaitAsync(JobWait.Idle, cancellationToken);
            }

            await Console.Error.WriteAsync($"{next.Path}: Enter runs it, q leaves the job paused > ");

            // Reading a terminal blocks; a job that is cancelled meanwhile must not wait for Enter.
            var answer = Task.Run(Console.In.ReadLine);
            if (await Task.WhenAny(answer, end) == end || await answer is null or "q" or "quit")
            {
                return await job.WaitAsync(JobWait.Idle, cancellationToken);
            }

            try
            {
                await job.RunStepAsync(next.Path, cancellationToken: cancellationToken);
            }
            catch (InvalidTransitionException)
            {
                // The job was cancelled, or the step was skipped, while the question stood.
            }
        }
    }

    private static bool IsNext(StepStatusReport step)
        => step.Status is StepStatus.Pending && step.ReceivedInputs >= step.RequiredInputs;
}
