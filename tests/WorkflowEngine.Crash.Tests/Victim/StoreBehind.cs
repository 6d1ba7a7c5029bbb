using WorkflowEngine.Storage;

namespace WorkflowEngine.Crash;

/// <summary>A store with another behind it; what is wrong with it is in its heirs.</summary>
internal abstract class StoreBehind(IJobStore store) : IJobStore, IAsyncDisposable
{
    public StoreTraits Traits => store.Traits;

    public virtual ValueTask<NodeLease> RenewAsync(NodeBeat beat, CancellationToken cancellationToken) => store.RenewAsync(beat, cancellationToken);

    public virtual ValueTask<ClaimReply> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) => store.ClaimAsync(request, cancellationToken);

    public virtual ValueTask CommitAsync(ReadOnlyMemory<JobTransition> batch, Memory<CommitVerdict> verdicts, CancellationToken cancellationToken)
        => store.CommitAsync(batch, verdicts, cancellationToken);

    public ValueTask<SendVerdict> SendAsync(JobMessage message, CancellationToken cancellationToken) => store.SendAsync(message, cancellationToken);

    public ValueTask<StoredJob?> LoadAsync(JobId id, JobParts parts, CancellationToken cancellationToken) => store.LoadAsync(id, parts, cancellationToken);

    public ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken) => store.ListAsync(query, cancellationToken);

    public ValueTask<EventPage> ReadEventsAsync(EventQuery query, CancellationToken cancellationToken) => store.ReadEventsAsync(query, cancellationToken);

    public ValueTask<StoreOverview> OverviewAsync(CancellationToken cancellationToken) => store.OverviewAsync(cancellationToken);

    public ValueTask SaveDefinitionsAsync(IReadOnlyList<StoredDefinition> definitions, CancellationToken cancellationToken) => store.SaveDefinitionsAsync(definitions, cancellationToken);

    public ValueTask<IReadOnlyList<StoredDefinition>> FindDefinitionsAsync(string kind, string? name, CancellationToken cancellationToken)
        => store.FindDefinitionsAsync(kind, name, cancellationToken);

    public ValueTask<IReadOnlyList<PacketOwner>> PruneAsync(PruneRequest request, CancellationToken cancellationToken) => store.PruneAsync(request, cancellationToken);

    public IAsyncEnumerable<StoreHint> HintsAsync(CancellationToken cancellationToken) => store.HintsAsync(cancellationToken);

    public ValueTask DisposeAsync() => store is IAsyncDisposable disposable ? disposable.DisposeAsync() : default;
}
