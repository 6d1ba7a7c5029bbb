namespace WorkflowEngine.Storage;

/// <summary>Filtering and paging over jobs in memory: newest first, by id.</summary>
internal static class JobListing
{
    public static JobPage Page(IEnumerable<MemoryJob> jobs, JobQuery query)
    {
        var limit = Math.Clamp(query.Limit, 1, 10_000);
        var found = jobs
            .Where(job => query.After is not { } after || job.Creation.Id < after)
            .Where(job => Matches(job.Creation, query))
            .Select(job => job.Snapshot(JobParts.Head))
            .OfType<StoredJob>()
            .Where(job => Matches(job, query))
            .OrderByDescending(job => job.Creation.Id)
            .Take(limit + 1)
            .ToList();
        return found.Count <= limit ? new JobPage(found, null) : new JobPage(found[..limit], found[limit - 1].Creation.Id);
    }

    public static bool Matches(JobCreation job, JobQuery query)
        => (query.FlowId is null || job.FlowId == query.FlowId)
        && (query.FlowVersion is null || job.FlowVersion == query.FlowVersion)
        && (query.Key is null || job.Key == query.Key)
        && (query.Tenant is null || job.Tenant == query.Tenant)
        && (query.Label is null || job.Options?.Labels.Contains(query.Label) == true)
        && (query.Since is not { } since || job.CreatedAt >= since.UtcTicks)
        && (query.Until is not { } until || job.CreatedAt < until.UtcTicks);

    /// <summary>What the changing part of a job must fit.</summary>
    public static bool Matches(StoredJob job, JobQuery query)
        => (query.Statuses.Count == 0 || query.Statuses.Contains(job.Head.Status))
        && (query.Reason is null || job.Head.Data?.Reason == query.Reason);
}
