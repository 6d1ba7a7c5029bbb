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
    private readonly ConcurrentDictionary<(string? Tenant, string FlowId, string Key), JobId> _keys = new();
    private readonly ConcurrentDictionary<(string Kind, string Name), StoredDefinition> _definitions = new();
    private readonly ConcurrentDictionary<Guid, NodeBeat> _nodes = new();
    private readonly ConcurrentQueue<JobMessage> _ownedMail = new();
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
        if (request.Job is { } wanted)
        {
            return new(new ClaimReply(_jobs.GetValueOrDefault(wanted)?.Claim(request.Incarnation) is { } one ? [one] : [], [], null, now));
        }

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
                return RunnableJobs.Taking.Declined;
            }

            if (job?.Claim(request.Incarnation) is not { } taken)
            {
                return RunnableJobs.Taking.Stale;
            }

            claimed.Add(taken);
            return RunnableJobs.Taking.Taken;
        });
        return new(new ClaimReply(claimed, MailOf(request.Incarnation), _runnable.NextDue is { } due ? new DateTimeOffset(due, TimeSpan.Zero) : null, now));
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
            _runnable.Add(message.JobId, dueAt: 0, rank: long.MinValue);
            _hints.Writer.TryWrite(new StoreHint(message.JobId));
        }
        else
        {
            _ownedMail.Enqueue(message);
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
        return new(new StoreOverview(counts, _runnable.CountDue(time.GetUtcNow().UtcTicks), [.. _nodes.Values.Select(node => node.Node)]));
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

        var verdict = job.Apply(transition, Traits.MaxValueBytes, out var isRunnable, out var hasMail);
        if (isRunnable)
        {
            AddRunnable(job.Creation, hasMail ? 0 : transition.Head.DueAt);
        }

        return verdict;
    }

    private CommitVerdict Create(JobTransition transition, JobCreation creation)
    {
        if (ValueLimit.Refuse(transition, Traits.MaxValueBytes) is { } refused)
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

        return new CommitVerdict(CommitResult.Committed);
    }

    /// <summary>Null when the holder was pruned meanwhile. Waits for a holder that is just being created: its creator keeps its lock until it has begun.</summary>
    private JobCreation? KeyHolder(JobCreation creation)
        => _keys.TryGetValue((creation.Tenant, creation.FlowId, creation.Key!), out var id) ? _jobs.GetValueOrDefault(id)?.Snapshot(JobParts.Head)?.Creation : null;

    /// <summary>
    /// Messages that came while their job was owned. Usually the owner has them already, handed over in this process; one that came between the claim and the
    /// owner's being ready would otherwise wait for ever.
    /// </summary>
    private List<JobMessage> MailOf(Guid incarnation)
    {
        var mail = new List<JobMessage>();
        for (var left = _ownedMail.Count; left > 0 && _ownedMail.TryDequeue(out var message); left--)
        {
            var owner = _jobs.GetValueOrDefault(message.JobId)?.OwnerOfUntaken(message.Id);
            if (owner == incarnation)
            {
                mail.Add(message);
            }
            else if (owner is not null)
            {
                _ownedMail.Enqueue(message);
            }
        }

        return mail;
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
