namespace WorkflowEngine.Cli;

/// <summary>Jobs as files, from one store to another (S27).</summary>
internal static class JobFiles
{
    public static async Task<int> ExportAsync(JobRequest request)
    {
        await using var local = StoreClient.Open(request.Store, request.Packets);
        var (job, _) = await StoreClient.FindAsync(local, request.JobId);
        await Console.Out.WriteLineAsync((await job.ExportAsync()).ToJson());
        return ExitCodes.Done;
    }

    public static async Task<int> ImportAsync(StoreAddress store, string? packets, string path, bool isJson)
    {
        var export = JobExport.Parse(FlowFile.ReadText(path));
        await using var local = StoreClient.Open(store, packets);
        await StoredFlows.LoadAsync(local);
        var job = await local.Engine.ImportJobAsync(export);
        if (isJson)
        {
            await JobReport.WriteAsync(job, local.Time, isJson: true, isQuiet: true);
        }
        else
        {
            await Console.Out.WriteLineAsync(job.Id.ToString());
        }

        return ExitCodes.Done;
    }
}
