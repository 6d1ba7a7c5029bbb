namespace WorkflowEngine.Cli;

/// <summary>Applies one command to every job that a filter names (S14).</summary>
internal static class BulkControl
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <returns>The exit code: refused when there were jobs and every one of them refused.</returns>
    public static async Task<int> ApplyAsync(StoreAddress store, JobAction action, JobFilter filter, BulkOptions options, bool isJson)
    {
        await using var local = StoreClient.Open(store, packets: null);
        await StoredFlows.LoadAsync(local);
        await using var seat = options.DryRun ? null : await WorkerSeat.TakeOrAwaitAsync(local);
        var result = await local.Engine.ControlJobsAsync(action, MeantBy(action, filter), options with { AnswerWithin = Patience });
        await Console.Error.WriteLineAsync(LineOf(result, action, options.DryRun));
        if (isJson)
        {
            Console.Out.WriteLine(JsonText.Of(result));
        }

        return result is { Applied: 0, Refused: > 0 } && result.Refused == result.Matched ? ExitCodes.Refused : ExitCodes.Done;
    }

    /// <summary>Without a status the jobs that the action can be for.</summary>
    private static JobFilter MeantBy(JobAction action, JobFilter filter) => filter.Statuses.Count > 0 ? filter : filter with
    {
        Statuses = action switch
        {
            JobAction.Retry => [JobStatus.Failed],
            JobAction.Resume => [JobStatus.Paused],
            _ => JobFilter.Active.Statuses,
        },
    };

    private static string LineOf(BulkResult result, JobAction action, bool isDryRun)
    {
        var verb = action.ToString().ToLowerInvariant();
        if (isDryRun)
        {
            return $"wf: {verb} would be asked of {result.Matched} jobs.";
        }

        var kept = result.Matched - result.Applied - result.Refused;
        return $"wf: {verb}: {result.Matched} jobs matched, {result.Applied} applied, {result.Refused} refused."
            + (kept == 0 ? string.Empty : $" {kept} have it in their inbox; a worker that knows their flow applies it.");
    }
}
