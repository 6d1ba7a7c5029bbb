namespace WorkflowEngine.Cli;

/// <summary>
/// Applies one command to one job. It is durable in the job's inbox first; then the store's worker applies it, or, when there is none, this process owns the job for as long
/// as that takes (G7).
/// </summary>
internal static class JobControls
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <returns>The exit code.</returns>
    public static Task<int> ApplyAsync(JobRequest request, Func<JobHandle, Task> command, bool runsSteps = false)
        => SendAsync(request, command, (local, job) => JobReport.WriteAsync(job, local.Time, request.IsJson), runsSteps);

    /// <summary>A checkpoint has an id that is worth printing.</summary>
    public static Task<int> CheckpointAsync(JobRequest request, string? description, ControlOptions options)
    {
        Checkpoint? made = null;
        return SendAsync(request, async job => made = await job.CreateCheckpointAsync(description, options), async (_, _) => await Console.Out.WriteLineAsync(request.IsJson ? JsonText.Of(made) : made!.Id));
    }

    /// <summary>A new job like an old one, for any worker.</summary>
    public static async Task<int> RerunAsync(JobRequest request, ControlOptions options)
    {
        await using var local = StoreClient.Open(request.Store, request.Packets);
        var (job, _) = await StoreClient.FindAsync(local, request.JobId);
        var again = await job.RerunAsync(options);
        if (request.IsJson)
        {
            await JobReport.WriteAsync(again, local.Time, isJson: true, isQuiet: true);
        }
        else
        {
            await Console.Out.WriteLineAsync(again.Id.ToString());
        }

        return ExitCodes.Done;
    }

    private static async Task<int> SendAsync(JobRequest request, Func<JobHandle, Task> command, Func<LocalEngine, JobHandle, Task> answer, bool runsSteps = false)
    {
        await using var local = StoreClient.Open(request.Store, request.Packets, runsSteps);
        var (job, flow) = await StoreClient.FindAsync(local, request.JobId);
        var applied = SendAsync(job, command);
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
        await answer(local, job);
        return ExitCodes.Done;
    }

    private static async Task SendAsync(JobHandle job, Func<JobHandle, Task> command)
    {
        try
        {
            await command(job);
        }
        catch (ArgumentException error)
        {
            throw UsageException.Of(error);
        }
    }
}

/// <summary>Which job, where, and how to answer.</summary>
internal sealed record JobRequest(StoreAddress Store, string? Packets, string JobId, bool IsJson);
