using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// A store around another one that lets calls fail before or after they took effect, and takes down every call: the proof that a flow survives a bad day of its store.
/// Without faults it changes nothing.
/// </summary>
public sealed class FaultStore : IJobStore, IAsyncDisposable
{
    private readonly IJobStore _inner;

    /// <summary>Wraps a store; without <paramref name="faults"/> it gets a plan of its own.</summary>
    public FaultStore(IJobStore inner, StoreFaults? faults = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _inner = inner;
        Faults = faults ?? new StoreFaults();
        Traits = inner.Traits;
    }

    /// <summary>Which calls fail, and which were made.</summary>
    public StoreFaults Faults { get; }

    /// <summary>Those of the inner store, unless a test says otherwise.</summary>
    public StoreTraits Traits { get; init; }

    /// <summary>The store behind this one: calls that are the test's own look.</summary>
    internal IJobStore Inner => _inner;

    /// <summary>Called before a call is even noted; throws when nobody may call any more.</summary>
    internal Action Enter { get; set; } = static () => { };

    /// <summary>Called before each call reaches the store; may wait or throw.</summary>
    internal Func<StoreCall, ValueTask> Before { get; set; } = static _ => default;

    /// <summary>Called after each call took effect; may wait or throw.</summary>
    internal Func<StoreCall, ValueTask> After { get; set; } = static _ => default;

    /// <inheritdoc/>
    public ValueTask<NodeLease> RenewAsync(NodeBeat beat, CancellationToken cancellationToken)
        => PassAsync(StoreMember.Renew, [], _ => _inner.RenewAsync(beat, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<ClaimReply> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
        => PassAsync(StoreMember.Claim, [], async call =>
        {
            var reply = await _inner.ClaimAsync(request, cancellationToken).ConfigureAwait(false);
            call.Jobs = [.. reply.Jobs.Select(job => job.Creation.Id)];
            return reply;
        });

    /// <inheritdoc/>
    public async ValueTask CommitAsync(ReadOnlyMemory<JobTransition> batch, Memory<CommitVerdict> verdicts, CancellationToken cancellationToken)
        => await PassAsync(StoreMember.Commit, [.. batch.ToArray().Select(transition => transition.Id)], batch, async call =>
        {
            if (call.IsSwallowed)
            {
                verdicts.Span.Clear();
            }
            else
            {
                await _inner.CommitAsync(batch, verdicts, cancellationToken).ConfigureAwait(false);
            }

            return true;
        }).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<SendVerdict> SendAsync(JobMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        return PassAsync(StoreMember.Send, [message.JobId], _ => _inner.SendAsync(message, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<StoredJob?> LoadAsync(JobId id, JobParts parts, CancellationToken cancellationToken)
        => PassAsync(StoreMember.Load, [id], _ => _inner.LoadAsync(id, parts, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken)
        => PassAsync(StoreMember.List, [], _ => _inner.ListAsync(query, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<EventPage> ReadEventsAsync(EventQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return PassAsync(StoreMember.ReadEvents, query.Job is { } job ? [job] : [], _ => _inner.ReadEventsAsync(query, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<StoreOverview> OverviewAsync(CancellationToken cancellationToken)
        => PassAsync(StoreMember.Overview, [], _ => _inner.OverviewAsync(cancellationToken));

    /// <inheritdoc/>
    public async ValueTask SaveDefinitionsAsync(IReadOnlyList<StoredDefinition> definitions, CancellationToken cancellationToken)
        => await PassAsync(StoreMember.SaveDefinitions, [], async _ =>
        {
            await _inner.SaveDefinitionsAsync(definitions, cancellationToken).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredDefinition>> FindDefinitionsAsync(string kind, string? name, CancellationToken cancellationToken)
        => PassAsync(StoreMember.FindDefinitions, [], _ => _inner.FindDefinitionsAsync(kind, name, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PacketOwner>> PruneAsync(PruneRequest request, CancellationToken cancellationToken)
        => PassAsync(StoreMember.Prune, [], _ => _inner.PruneAsync(request, cancellationToken));

    /// <summary>The inner store's hints: they never fail, and may be lost anyway.</summary>
    public IAsyncEnumerable<StoreHint> HintsAsync(CancellationToken cancellationToken) => _inner.HintsAsync(cancellationToken);

    /// <summary>Closes the inner store.</summary>
    public ValueTask DisposeAsync() => (_inner as IAsyncDisposable)?.DisposeAsync() ?? default;

    private ValueTask<T> PassAsync<T>(StoreMember member, IReadOnlyList<JobId> jobs, Func<StoreCall, ValueTask<T>> go) => PassAsync(member, jobs, default, go);

    /// <summary>Completes at once when the inner store does, as a synchronous store has to.</summary>
    private async ValueTask<T> PassAsync<T>(StoreMember member, IReadOnlyList<JobId> jobs, ReadOnlyMemory<JobTransition> transitions, Func<StoreCall, ValueTask<T>> go)
    {
        Enter();
        var call = Faults.Note(member, jobs);
        call.Transitions = transitions;
        try
        {
            await Before(call).ConfigureAwait(false);
            StoreFaults.Strike(call, afterEffect: false);
            var result = await go(call).ConfigureAwait(false);
            StoreFaults.Strike(call, afterEffect: true);
            await After(call).ConfigureAwait(false);
            return result;
        }
        finally
        {
            call.Transitions = default;
        }
    }
}
