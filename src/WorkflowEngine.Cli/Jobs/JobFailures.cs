using WorkflowEngine.Storage;

namespace WorkflowEngine.Cli;

/// <summary>What failed, grouped by flow, step and reason, the largest group first, each with the line that retries it.</summary>
internal static class JobFailures
{
    public static async Task<int> ReportAsync(StoreAddress store, DateTimeOffset? since, bool isJson)
    {
        await using var local = StoreClient.Open(store, packets: null);
        var groups = await GroupsAsync(local, since);
        if (isJson)
        {
            Console.Out.WriteLine(JsonText.Of(new { Items = groups.Select(group => ItemOf(group, store, since)), Next = default(string) }));
            return ExitCodes.Done;
        }

        foreach (var group in groups)
        {
            Console.Out.WriteLine($"{group.Count,6}  {group.FlowId}  {group.Step ?? "-"}  {group.Reason ?? "-"}  latest {group.LatestAt:yyyy-MM-dd HH:mm:ss}Z{(group.Message is null ? string.Empty : $"  {JsonText.OneLine(group.Message)}")}");
            Console.Out.WriteLine($"        {RetryLine(group, store, since)}");
        }

        await Console.Error.WriteLineAsync(groups.Count == 0 ? "wf: nothing failed." : $"wf: {groups.Sum(group => group.Count)} failed jobs in {groups.Count} groups.");
        return ExitCodes.Done;
    }

    private static async Task<List<Group>> GroupsAsync(LocalEngine local, DateTimeOffset? since)
    {
        var groups = new Dictionary<(string, string?, string?), Group>();
        await foreach (var job in local.Engine.ListJobsAsync(new JobFilter { Statuses = [JobStatus.Failed], Since = since }))
        {
            var step = await FailedStepAsync(local.Store, job.Id);
            var group = groups.GetValueOrDefault((job.FlowId, step, job.Reason)) ?? new Group(job.FlowId, step, job.Reason);
            var isLatest = group.LatestAt is null || job.CompletedAt > group.LatestAt;
            groups[(job.FlowId, step, job.Reason)] = group with
            {
                Count = group.Count + 1,
                LatestAt = isLatest ? job.CompletedAt : group.LatestAt,
                LatestJob = isLatest ? job.Id : group.LatestJob,
                Message = isLatest ? job.Message : group.Message,
            };
        }

        return [.. groups.Values.OrderByDescending(group => group.Count).ThenByDescending(group => group.LatestAt)];
    }

    /// <summary>The step that failed first; null when none did: the job was failed by a person, or by its time limit.</summary>
    private static async Task<string?> FailedStepAsync(IJobStore store, JobId id)
    {
        var job = await store.LoadAsync(id, JobParts.Steps, CancellationToken.None);
        return job?.Steps.Where(row => row.Status == StepStatus.Failed).OrderBy(row => row.CompletedAt).Select(row => row.Path).FirstOrDefault();
    }

    private static object ItemOf(Group group, StoreAddress store, DateTimeOffset? since)
        => new { group.FlowId, group.Step, group.Reason, group.Count, group.LatestAt, group.LatestJob, group.Message, Retry = RetryLine(group, store, since) };

    /// <summary>A line for a shell, whatever characters the words hold.</summary>
    private static string RetryLine(Group group, StoreAddress store, DateTimeOffset? since)
    {
        List<string> words = ["wf", "jobs", "retry", "--status", "failed", "--flow", group.FlowId];
        words.AddRange(group.Step is null ? [] : ["--failed-step", group.Step]);
        words.AddRange(group.Reason is null ? [] : ["--reason", group.Reason]);
        words.AddRange(since is { } time ? ["--since", $"{time.UtcDateTime:O}"] : []);
        words.AddRange(["--store", store.ToString()]);
        return string.Join(' ', words.Select(Quoted));
    }

    private static string Quoted(string word)
        => word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_.:/+".Contains(letter, StringComparison.Ordinal)) ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private sealed record Group(string FlowId, string? Step, string? Reason)
    {
        public int Count { get; init; }

        public DateTimeOffset? LatestAt { get; init; }

        public JobId LatestJob { get; init; }

        public string? Message { get; init; }
    }
}
