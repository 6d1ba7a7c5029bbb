namespace WorkflowEngine.Cli;

/// <summary>
/// Applies one command to one job. It is durable in the job's inbox first; then the store's worker applies it, or, when there is none, this process owns the job for as long
/// as that takes (G7).
/// </summary>
internal static class JobControls
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <returns>The exit code.</returns>
    public static async Task<int> ApplyAsync(JobRequest request, Func<JobHandle, Task> command, bool runsSteps = false)
    {
        await using var local = StoreClient.Open(request.Store, request.Packets, runsSteps);
        var (job, flow) = await StoreClient.FindAsync(local, request.JobId);
        var applied = command(job);
        if (!applied.IsCompleted)
        {
            await using var seat = await WorkerSeat.TakeOrAwaitAsync(local);
            var isKnown = flow is not null || !seat.WasFree;
            if (!isKnown || await Task.WhenAny(applied, Task.Delay(runsSteps ? Timeout.InfiniteTimeSpan : Patience, local.Time)) != applied)
            {
                await Console.Error.WriteLineAsync($"wf: the command is kept in the inbox of job {job.Id}; a worker that knows its flow applies it.");
                return ExitCodes.Done;
            }
        }

        await applied;
        await JobReport.WriteAsync(job, flow, local.Time, request.IsJson);
        return ExitCodes.Done;
    }

    /// <summary>A new job like an old one, for any worker.</summary>
    public static async Task<int> RerunAsync(JobRequest request, ControlOptions options)
    {
        await using var local = StoreClient.Open(request.Store, request.Packets);
        var (job, flow) = await StoreClient.FindAsync(local, request.JobId);
        var again = await job.RerunAsync(options);
        if (request.IsJson)
        {
            await JobReport.WriteAsync(again, flow, local.Time, isJson: true, isQuiet: true);
        }
        else
        {
            await Console.Out.WriteLineAsync(again.Id.ToString());
        }

        return ExitCodes.Done;
    }
}

/// <summary>Which job, where, and how to answer.</summary>
internal sealed record JobRequest(StoreAddress Store, string? Packets, string JobId, bool IsJson);
