namespace WorkflowEngine.Cli;

/// <summary>Walks a job in step mode on a terminal: Enter runs the next step, the end of input leaves the job paused.</summary>
internal static class StepWalk
{
    public static async Task<JobResult> RunAsync(JobHandle job)
    {
        while (true)
        {
            var report = await job.GetStatusAsync();
            var next = report.Status.IsTerminal() ? null : report.Steps.FirstOrDefault(IsNext);
            if (next is null)
            {
                return await job.WaitAsync(JobWait.Idle);
            }

            await Console.Error.WriteAsync($"{next.Path}: Enter runs it, q leaves the job paused > ");
            var answer = await Console.In.ReadLineAsync();
            if (answer is null || answer.Trim() is "q" or "quit")
            {
                return await job.WaitAsync(JobWait.Idle);
            }

            try
            {
                await job.RunStepAsync(next.Path);
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
