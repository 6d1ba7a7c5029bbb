using System.Runtime.CompilerServices;

namespace WorkflowEngine.Storage;

/// <summary>
/// Holds a store and its packets against the rules: first the store's own look at itself, then every job, then the packet files that nobody knows. Reads committed state, so that
/// it may run beside a worker; repairs do not.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="packets">Its packets.</param>
/// <param name="flowOf">A flow version that is known here, by id and version; null: unknown.</param>
internal sealed class StoreInspection(IJobStore store, IDataPacketStore packets, Func<string, string, CompiledFlow?> flowOf)
{
    private const int PageSize = 500;

    private readonly HashSet<(string?, string, string)> _keys = [];
    private readonly Dictionary<(string, string), int> _unknownFlows = [];

    /// <summary>How many jobs were looked at.</summary>
    public int Jobs { get; private set; }

    /// <summary>How many packets were read and compared with their checksums.</summary>
    public int Packets { get; private set; }

    public async IAsyncEnumerable<StoreFinding> InspectAsync(bool repairs, TimeSpan youngestOrphan, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var finding in store is IStoreInspection itself ? await itself.InspectAsync(repairs, cancellationToken).ConfigureAwait(false) : [])
        {
            yield return finding;
        }

        await foreach (var id in IdsAsync(cancellationToken).ConfigureAwait(false))
        {
            Jobs++;
            foreach (var finding in await OfJobAsync(id, cancellationToken).ConfigureAwait(false))
            {
                yield return finding;
            }
        }

        foreach (var ((flow, version), jobs) in _unknownFlows)
        {
            yield return new("unknown_flow", $"{jobs} unfinished jobs of flow {flow} version {version}: the store has no such flow, so only a host that registers it runs them") { IsNote = true };
        }

        if (packets is FilePacketStore files && await OrphansAsync(files, youngestOrphan, repairs, cancellationToken).ConfigureAwait(false) is > 0 and var orphans)
        {
            yield return new("orphan_packets", $"{orphans} packet folders or unfinished files of no job") { IsRepaired = repairs };
        }
    }

    private async IAsyncEnumerable<JobId> IdsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (JobId? after = null; ;)
        {
            IReadOnlyList<JobId> page;
            if (store is IStoreInspection itself)
            {
                page = await itself.ListIdsAsync(after, PageSize, cancellationToken).ConfigureAwait(false);
                after = page.Count < PageSize ? null : page[^1];
            }
            else
            {
                var listed = await store.ListAsync(new JobQuery { After = after, Limit = PageSize }, cancellationToken).ConfigureAwait(false);
                page = [.. listed.Jobs.Select(job => job.Creation.Id)];
                after = listed.Next;
            }

            foreach (var id in page)
            {
                yield return id;
            }

            if (after is null)
            {
                yield break;
            }
        }
    }

    private async ValueTask<List<StoreFinding>> OfJobAsync(JobId id, CancellationToken cancellationToken)
    {
        try
        {
            return await store.LoadAsync(id, JobParts.Steps | JobParts.Mail, cancellationToken).ConfigureAwait(false) is { } job
                ? job.Problem is { } problem ? Unreadable(id, problem) : await OfJobAsync(job, cancellationToken).ConfigureAwait(false)
                : [];
        }
        catch (StoreException error) when (!error.IsTransient)
        {
            return Unreadable(id, error.Message);
        }
    }

    private static List<StoreFinding> Unreadable(JobId id, string problem)
        => [new("job_unreadable", problem, id) { Advice = "Other jobs are not concerned. Restore the file from a backup if this one matters." }];

    private async ValueTask<List<StoreFinding>> OfJobAsync(StoredJob job, CancellationToken cancellationToken)
    {
        var creation = job.Creation;
        var flow = flowOf(creation.FlowId, creation.FlowVersion);
        var findings = JobInspection.Of(job, flow).ToList();
        if (flow is null && !job.Head.Status.IsTerminal())
        {
            _unknownFlows[(creation.FlowId, creation.FlowVersion)] = _unknownFlows.GetValueOrDefault((creation.FlowId, creation.FlowVersion)) + 1;
        }

        if (creation.Key is { } key && !_keys.Add((creation.Tenant, creation.FlowId, key)))
        {
            findings.Add(new("key_twice", $"key '{key}' of flow {creation.FlowId} has another job already", creation.Id) { Advice = "Repairing the store rebuilds the index; cancel the job that is not wanted." });
        }

        if (await EventGapAsync(job, cancellationToken).ConfigureAwait(false) is { } gap)
        {
            findings.Add(gap);
        }

        findings.AddRange(await BadPacketsAsync(job, cancellationToken).ConfigureAwait(false));
        return findings;
    }

    /// <summary>A job that moved on between the two reads has more events than its head said; only fewer, or a gap, are a finding.</summary>
    private async ValueTask<StoreFinding?> EventGapAsync(StoredJob job, CancellationToken cancellationToken)
    {
        var rows = new List<EventRow>();
        for (long after = 0; after < job.Head.Sequence;)
        {
            var page = await store.ReadEventsAsync(new EventQuery(job.Creation.Id, after), cancellationToken).ConfigureAwait(false);
            rows.AddRange(page.Rows.Where(row => row.FirstSequence <= job.Head.Sequence));
            if (page.Rows.Count == 0)
            {
                break;
            }

            after = page.Rows[^1].FirstSequence + page.Rows[^1].Count - 1;
        }

        return JobInspection.OfEvents(job, rows);
    }

    /// <summary>A completed job keeps its output only (S23); any other one keeps all that its rows name.</summary>
    private async ValueTask<List<StoreFinding>> BadPacketsAsync(StoredJob job, CancellationToken cancellationToken)
    {
        PacketSlot[] slots = job.Head.Status.IsSuccess() ? [job.Head.Output] : [job.Creation.Input, job.Head.Output, .. job.Steps.Select(row => row.Output)];
        var findings = new List<StoreFinding>();
        foreach (var reference in slots.Select(slot => slot.Reference).OfType<PacketReference>().Distinct())
        {
            try
            {
                Packets++;
                await packets.RetrievePacketAsync(reference, cancellationToken).ConfigureAwait(false);
            }
            catch (DataPacketException error)
            {
                findings.Add(new("bad_packet", error.Message, job.Creation.Id) { Advice = "Restore the packet folder from a backup; steps that need it fail with data_retrieval_failed." });
            }
        }

        return findings.Count > 0 && await HasMovedOnAsync(job, cancellationToken).ConfigureAwait(false) ? [] : findings;
    }

    /// <summary>Beside a worker a job may complete, and its packets go, while it is looked at.</summary>
    private async ValueTask<bool> HasMovedOnAsync(StoredJob job, CancellationToken cancellationToken)
        => await store.LoadAsync(job.Creation.Id, JobParts.Head, cancellationToken).ConfigureAwait(false) is not { } now || now.Head.Version != job.Head.Version;

    private ValueTask<int> OrphansAsync(FilePacketStore files, TimeSpan youngest, bool removes, CancellationToken cancellationToken)
    {
        return removes ? files.SweepAsync(IsGoneAsync, youngest, cancellationToken) : files.CountOrphansAsync(IsGoneAsync, youngest, cancellationToken);

        async ValueTask<bool> IsGoneAsync(PacketOwner owner) => await store.LoadAsync(owner.Id, JobParts.Head, cancellationToken).ConfigureAwait(false) is null;
    }
}
