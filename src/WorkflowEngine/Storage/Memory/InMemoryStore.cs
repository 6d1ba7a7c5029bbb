using System.Collections.Concurrent;

namespace WorkflowEngine.Storage;

/// <summary>
/// Keeps jobs in this process; they end with it. A full citizen of the store contract: fencing, inbox, claims and verdicts are those of the durable stores.
/// Commits touch only the job's own lock; the index of runnable jobs is touched when a job is created unowned, released, or gets mail while unowned.
/// </summary>
internal sealed class InMemoryStore(TimeProvider time) : IJobStore
{
    /// <summary>What a packet may be at most that travels as one array.</summary>
    public const long MaxValueBytes = 1 << 30;

    private readonly ConcurrentDictionary<JobId, MemoryJob> _jobs = new();
    private readonly ConcurrentDictionary<(string? Tenant, string FlowId, string Key), JobId> _keys = new();
    private readonly ConcurrentDictionary<(string Kind, string Name), StoredDefinition> _definitions = new();
    private readonly MemoryNodes _nodes = new();

    /// <summary>Claims, leases and deaths, one after the other; commits never wait here.</summary>
    private readonly Lock _claiming = new();
    private readonly OwnedMail _ownedMail = new();
    private readonly RunnableJobs _runnable = new();
    private readonly MemoryHints _hints = new();

    public StoreTraits Traits { get; } = new(IsDurable: false, IsShared: false, IsSynchronous: true, MaxValueBytes);

    public ValueTask<NodeLease> RenewAsync(NodeBeat beat, CancellationToken cancellationToken)
    {
        lock (_claiming)
        {
            var now = time.GetUtcNow();
            Rescue(now, but: beat.Incarnation);
            if (!beat.Stopping)
            {
                return new(new NodeLease(_nodes.Renew(beat, now), now));
            }

            var wasAlive = _nodes.End(beat.Incarnation, beat.Node);
            FreeJobsOf(beat.Incarnation, diedAt: null);
            return new(new NodeLease(wasAlive, now));
        }
    }

    public ValueTask<ClaimReply> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        lock (_claiming)
        {
            var now = time.GetUtcNow();
            Rescue(now, but: request.Incarnation);
            if (_nodes.IsOver(request.Incarnation))
            {
                return new(new ClaimReply([], [], null, now));
            }

            if (request.Job is { } wanted)
            {
                return new(new ClaimReply(_jobs.GetValueOrDefault(wanted)?.Claim(request.Incarnation) is { } one ? [one] : [], [], null, now));
            }

            var claimed = Reclaim(request);
            Claim(request, claimed, now);
            return new(new ClaimReply(claimed, _ownedMail.Of(request.Incarnation, id => _jobs.GetValueOrDefault(id)), _runnable.NextDue is { } due ? new DateTimeOffset(due, TimeSpan.Zero) : null, now));
        }
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
        if (verdict is not (SendVerdict.Accepted or SendVerdict.Terminal))
        {
            return new(verdict);
        }

        if (isUnowned)
        {
            _runnable.Add(message.JobId, dueAt: 0, RunnableJobs.ForMail);
            _hints.Tell(new StoreHint(message.JobId));
        }
        else
        {
            _ownedMail.Add(message);
        }

        return new(verdict);
    }

    public ValueTask<StoredJob?> LoadAsync(JobId id, JobParts parts, CancellationToken cancellationToken)
    {
        var job = _jobs.GetValueOrDefault(id)?.Snapshot(parts);
        return new(job?.Owner is { } owner && _nodes.Find(owner) is { } life ? job with { Node = life.Node, LeasedUntil = life.LeasedUntil } : job);
    }

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
        return new(new StoreOverview(counts, _runnable.CountDue(time.GetUtcNow().UtcTicks), [.. _nodes.Living.Select(life => life.Node)]));
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
        var candidates = request.Job is { } id ? _jobs.TryGetValue(id, out var one) ? [one] : [] : _jobs.Values.Where(job => job.IsExpired(request.CompletedBefore, time.GetUtcNow()));
        foreach (var job in candidates.Where(job => job.IsOver).Take(request.Limit))
        {
            if (_jobs.TryRemove(job.Creation.Id, out _))
            {
                pruned.Add(new PacketOwner(job.Creation.FlowId, job.Creation.Id));
                if (job.Creation.Key is { } key)
                {
                    _keys.TryRemove(new((job.Creation.Tenant, job.Creation.FlowId, key), job.Creation.Id));
                }
            }
        }

        return new(pruned);
    }

    public IAsyncEnumerable<StoreHint> HintsAsync(CancellationToken cancellationToken) => _hints.ListenAsync(cancellationToken);

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

        var verdict = job.Apply(transition, time.GetUtcNow(), out var isRunnable, out var hasMail);
        if (isRunnable)
        {
            AddRunnable(job.Creation, transition.Head.DueAt, hasMail);
        }

        return verdict;
    }

    private CommitVerdict Create(JobTransition transition, JobCreation creation)
    {
        if (_nodes.IsOver(transition.Incarnation))
        {
            return new CommitVerdict(_jobs.ContainsKey(creation.Id) ? CommitResult.AlreadyCommitted : CommitResult.Stale); // Nobody would ever look after it (G3).
        }

        if (ValueLimit.Refuse(transition, MaxValueBytes) is { } refused)
        {
            return refused;
        }

        // The job before its key, so that who finds the key taken finds the job; it is not visible until it begins.
        var job = new MemoryJob(creation);
        if (!_jobs.TryAdd(creation.Id, job))
        {
            return new CommitVerdict(CommitResult.AlreadyCommitted);
        }

        var (isNew, isRunnable) = (false, false);
        lock (job)
        {
            if (creation.Key is null || _keys.GetOrAdd((creation.Tenant, creation.FlowId, creation.Key), creation.Id) == creation.Id)
            {
                transition.StoreTag = job;
                isRunnable = job.Begin(transition);
                isNew = true;
            }
        }

        if (!isNew)
        {
            _jobs.TryRemove(creation.Id, out _);
            return KeyHolder(creation) is { } holder ? new CommitVerdict(CommitResult.KeyTaken, holder) : Create(transition, creation);
        }

        if (isRunnable)
        {
            AddRunnable(creation, transition.Head.DueAt);
        }

        // A death that was declared while the job was being created has not seen it; this look comes after the job can be seen, so that one of the two finds it.
        if (_nodes.IsOver(transition.Incarnation) && job.Free(transition.Incarnation, death: null, out _, out var hasMail))
        {
            AddRunnable(creation, 0, hasMail);
        }

        return new CommitVerdict(CommitResult.Committed);
    }

    /// <summary>Null when the holder was pruned meanwhile. Waits for a holder that is just being created: its creator keeps its lock until it has begun.</summary>
    private JobCreation? KeyHolder(JobCreation creation)
        => _keys.TryGetValue((creation.Tenant, creation.FlowId, creation.Key!), out var id) ? _jobs.GetValueOrDefault(id)?.Snapshot(JobParts.Head)?.Creation : null;

    private void AddRunnable(JobCreation creation, long dueAt, bool hasMail = false)
    {
        // Rank = due − priority × 10 s, fixed at enqueue, so that waiting ages (S31).
        var rank = Math.Max(dueAt, creation.CreatedAt) - (creation.Priority * 10 * TimeSpan.TicksPerSecond);
        _runnable.Add(creation.Id, hasMail ? 0 : dueAt, hasMail ? RunnableJobs.ForMail : rank);
        _hints.Tell(new StoreHint(creation.Id));
    }

    /// <summary>Declares incarnations dead whose lease is over. From the mark on nothing they send counts; each of their jobs is struck and freed under its own lock, if it is still theirs (R4).</summary>
    private void Rescue(DateTimeOffset now, Guid but)
    {
        foreach (var life in _nodes.Expired(now, but))
        {
            _nodes.End(life.Incarnation, life.Node);
            FreeJobsOf(life.Incarnation, diedAt: now);
        }
    }

    private void FreeJobsOf(Guid incarnation, DateTimeOffset? diedAt)
    {
        var isAlone = diedAt is not null && _jobs.Values.Where(job => job.MayRunOn(incarnation)).Take(2).Count() == 1;
        foreach (var job in _jobs.Values)
        {
            if (job.Free(incarnation, diedAt is { } at ? new MemoryJob.Death(at, isAlone) : null, out var dueAt, out var hasMail))
            {
                AddRunnable(job.Creation, dueAt, hasMail);
            }
        }
    }

    private List<StoredJob> Reclaim(ClaimRequest request)
    {
        if (request.Held is not { } held)
        {
            return [];
        }

        var names = held as IReadOnlySet<JobId> ?? held.ToHashSet();
        return [.. _jobs.Values.Select(job => names.Contains(job.Creation.Id) ? null : job.Reclaim(request.Incarnation)).OfType<StoredJob>()];
    }

    private void Claim(ClaimRequest request, List<StoredJob> claimed, DateTimeOffset now)
    {
        var allowance = request.Struck;
        _runnable.Take(request.Slots - claimed.Count, now.UtcTicks, id =>
        {
            var job = _jobs.GetValueOrDefault(id);
            if (job is not null && !request.Flows.Contains(new FlowKey(job.Creation.FlowId, job.Creation.FlowVersion)))
            {
                return RunnableJobs.Taking.Declined;
            }

            var isHeldBack = false;
            if (job?.Claim(request.Incarnation, allowance, now, out isHeldBack) is not { } taken)
            {
                return isHeldBack ? RunnableJobs.Taking.Declined : RunnableJobs.Taking.Stale;
            }

            allowance = taken.Strikes.HeldUntil == 0 ? allowance.With(taken.Strikes.Count) : allowance;
            claimed.Add(taken);
            return RunnableJobs.Taking.Taken;
        });
    }
}
