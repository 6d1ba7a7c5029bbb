using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace WorkflowEngine.Storage;

/// <summary>
/// Keeps jobs in this process; they end with it. A full citizen of the store contract: fencing, inbox, claims and verdicts are those of the durable stores.
/// Commits touch only the job's own lock; the index of runnable jobs is touched when a job is created unowned, released, or gets mail while unowned.
/// </summary>
internal sealed class InMemoryStore(TimeProvider time) : IJobStore
{
    private readonly ConcurrentDictionary<JobId, MemoryJob> _jobs = new();
    private readonly Dictionary<(string? Tenant, string FlowId, string Key), JobCreation> _keys = [];
    private readonly ConcurrentDictionary<(string Kind, string Name), StoredDefinition> _definitions = new();
    private readonly ConcurrentDictionary<Guid, NodeBeat> _nodes = new();
    private readonly RunnableJobs _runnable = new();
    private readonly Channel<StoreHint> _hints = Channel.CreateBounded<StoreHint>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropOldest });

    public StoreTraits Traits { get; } = new(IsDurable: false, IsShared: false, IsSynchronous: true, MaxValueBytes: 1 << 30);

    public ValueTask<NodeLease> RenewAsync(NodeBeat beat, CancellationToken cancellationToken)
    {
        if (beat.Stopping)
        {
            _nodes.TryRemove(beat.Incarnation, out _);
            FreeJobsOf(beat.Incarnation);
        }
        else
        {
            _nodes[beat.Incarnation] = beat;
        }

        return new(new NodeLease(IsAlive: true, time.GetUtcNow()));
    }

    public ValueTask<ClaimReply> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var claimed = new List<StoredJob>();
        if (request.Held is { } held)
        {
            var names = held as IReadOnlySet<JobId> ?? held.ToHashSet();
            claimed.AddRange(_jobs.Values.Select(job => names.Contains(job.Creation.Id) ? null : job.Reclaim(request.Incarnation)).OfType<StoredJob>());
        }

        _runnable.Take(request.Slots - claimed.Count, now.UtcTicks, id =>
        {
            var job = _jobs.GetValueOrDefault(id);
            if (job is not null && !request.Flows.Contains(new FlowKey(job.Creation.FlowId, job.Creation.FlowVersion)))
            {
                return Offer.Declined;
            }

            if (job?.Claim(request.Incarnation) is not { } taken)
            {
                return Offer.Gone;
            }

            claimed.Add(taken);
            return Offer.Taken;
        });
        return new(new ClaimReply(claimed, [], _runnable.NextDue is { } due ? new DateTimeOffset(due, TimeSpan.Zero) : null, now));
    }

    public ValueTask CommitAsync(ReadOnlyMemory<JobTransition> batch, Memory<CommitVerdict> verdicts, CancellationToken cancellationToken)
    {
        for (var i = 0; i < batch.Length; i++)
        {
            verdicts.Span[i] = Commit(batch.Span[i]);
        }

        return default;
    }

    public ValueTask<SendVerdict> SendAsync(JobMessage message, CancellationToken cancellationToken)
    {
        if (!_jobs.TryGetValue(message.JobId, out var job))
        {
            return new(SendVerdict.NoSuchJob);
        }

        var verdict = job.Receive(message, out var isUnowned);
        if (verdict == SendVerdict.Accepted && isUnowned)
        {
            _runnable.Add(message.JobId, dueAt: 0, rank: long.MinValue);
            _hints.Writer.TryWrite(new StoreHint(message.JobId));
        }

        return new(verdict);
    }

    public ValueTask<StoredJob?> LoadAsync(JobId id, JobParts parts, CancellationToken cancellationToken)
        => new(_jobs.TryGetValue(id, out var job) ? job.Snapshot(parts) : null);

    public ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken) => new(JobListing.Page(_jobs.Values, query));

    public ValueTask<EventPage> ReadEventsAsync(EventQuery query, CancellationToken cancellationToken)
    {
        if (query.Job is { } id)
        {
            return new(new EventPage(_jobs.TryGetValue(id, out var job) ? job.ReadEvents(query.After, query.Limit) : [], query.After));
        }

        throw new StoreException("The in-memory store keeps no common event stream; watch live instead.", isTransient: false);
    }

    public ValueTask<StoreOverview> OverviewAsync(CancellationToken cancellationToken)
    {
        var counts = _jobs.Values.Select(job => job.Status).Where(status => !status.IsTerminal()).CountBy(status => status).ToDictionary(pair => pair.Key, pair => (long)pair.Value);
        return new(new StoreOverview(counts, _runnable.Count, [.. _nodes.Values.Select(node => node.Node)]));
    }

    public ValueTask SaveDefinitionsAsync(IReadOnlyList<StoredDefinition> definitions, CancellationToken cancellationToken)
    {
        foreach (var definition in definitions)
        {
            _definitions[(definition.Kind, definition.Name)] = definition;
        }

        return default;
    }

    public ValueTask<IReadOnlyList<StoredDefinition>> FindDefinitionsAsync(string kind, string? name, CancellationToken cancellationToken)
        => new([.. _definitions.Values.Where(definition => definition.Kind == kind && (name is null || definition.Name == name)).OrderBy(definition => definition.Name, StringComparer.Ordinal)]);

    public ValueTask<IReadOnlyList<PacketOwner>> PruneAsync(PruneRequest request, CancellationToken cancellationToken)
    {
        var pruned = new List<PacketOwner>();
        var candidates = request.Job is { } id ? _jobs.TryGetValue(id, out var one) ? [one] : [] : _jobs.Values.Where(job => job.IsPrunable(request.CompletedBefore));
        foreach (var job in candidates.Where(job => job.Status.IsTerminal()).Take(request.Limit))
        {
            if (Remove(job.Creation))
            {
                pruned.Add(new PacketOwner(job.Creation.FlowId, job.Creation.Id));
            }
        }

        return new(pruned);
    }

    public async IAsyncEnumerable<StoreHint> HintsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var hint in _hints.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return hint;
        }
    }

    private CommitVerdict Commit(JobTransition transition)
    {
        if (transition.Creation is { } creation)
        {
            return Create(transition, creation);
        }

        var job = transition.StoreTag as MemoryJob ?? _jobs.GetValueOrDefault(transition.Id);
        if (job is null)
        {
            return new CommitVerdict(CommitResult.Stale);
        }

        var verdict = job.Apply(transition, out var isRunnable);
        if (isRunnable)
        {
            AddRunnable(job.Creation, transition.Head.DueAt);
        }

        return verdict;
    }

    private CommitVerdict Create(JobTransition transition, JobCreation creation)
    {
        if (creation.Key is not { } key)
        {
            return Insert(transition, creation);
        }

        // Under one lock, so that who is told that a key is taken finds its job.
        lock (_keys)
        {
            return _keys.TryAdd((creation.Tenant, creation.FlowId, key), creation) || _keys[(creation.Tenant, creation.FlowId, key)].Id == creation.Id
                ? Insert(transition, creation)
                : new CommitVerdict(CommitResult.KeyTaken, _keys[(creation.Tenant, creation.FlowId, key)]);
        }
    }

    private bool Remove(JobCreation creation)
    {
        if (creation.Key is not { } key)
        {
            return _jobs.TryRemove(creation.Id, out _);
        }

        lock (_keys)
        {
            return _jobs.TryRemove(creation.Id, out _) && _keys.Remove((creation.Tenant, creation.FlowId, key));
        }
    }

    private CommitVerdict Insert(JobTransition transition, JobCreation creation)
    {
        var job = new MemoryJob(creation);
        if (!_jobs.TryAdd(creation.Id, job))
        {
            return new CommitVerdict(CommitResult.AlreadyCommitted);
        }

        transition.StoreTag = job;
        job.Begin(transition);
        if (transition.Incarnation == Guid.Empty)
        {
            AddRunnable(creation, transition.Head.DueAt);
        }

        return new CommitVerdict(CommitResult.Committed);
    }

    private void AddRunnable(JobCreation creation, long dueAt)
    {
        // Rank = due − priority × 10 s, fixed at enqueue, so that waiting ages (S31).
        var due = Math.Max(dueAt, creation.CreatedAt);
        _runnable.Add(creation.Id, dueAt, due - (creation.Priority * 10 * TimeSpan.TicksPerSecond));
        _hints.Writer.TryWrite(new StoreHint(creation.Id));
    }

    private void FreeJobsOf(Guid incarnation)
    {
        foreach (var job in _jobs.Values)
        {
            if (job.Free(incarnation))
            {
                AddRunnable(job.Creation, 0);
            }
        }
    }
}
