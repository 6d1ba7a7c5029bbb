using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Engine;

/// <summary>An in-memory store that a test can make fail, or hold up, at one place.</summary>
internal sealed class FaultyStore : IJobStore
{
    private readonly InMemoryStore _inner = new(TimeProvider.System);

    public StoreTraits Traits => _inner.Traits;

    /// <summary>Called before each commit; may throw.</summary>
    public Action<JobTransition> BeforeCommit { get; set; } = static _ => { };

    /// <summary>Called before each claim; may throw.</summary>
    public Action BeforeClaim { get; set; } = static () => { };

    /// <summary>Called between a claim and its return.</summary>
    public Func<ClaimReply, Task> AfterClaim { get; set; } = static _ => Task.CompletedTask;

    public ValueTask<NodeLease> RenewAsync(NodeBeat beat, CancellationToken cancellationToken) => _inner.RenewAsync(beat, cancellationToken);

    public async ValueTask<ClaimReply> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        BeforeClaim();
        var reply = await _inner.ClaimAsync(request, cancellationToken);
        await AfterClaim(reply);
        return reply;
    }

    public ValueTask CommitAsync(ReadOnlyMemory<JobTransition> batch, Memory<CommitVerdict> verdicts, CancellationToken cancellationToken)
    {
        BeforeCommit(batch.Span[0]);
        return _inner.CommitAsync(batch, verdicts, cancellationToken);
    }

    public ValueTask<SendVerdict> SendAsync(JobMessage message, CancellationToken cancellationToken) => _inner.SendAsync(message, cancellationToken);

    public ValueTask<StoredJob?> LoadAsync(JobId id, JobParts parts, CancellationToken cancellationToken) => _inner.LoadAsync(id, parts, cancellationToken);

    public ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken) => _inner.ListAsync(query, cancellationToken);

    public ValueTask<EventPage> ReadEventsAsync(EventQuery query, CancellationToken cancellationToken) => _inner.ReadEventsAsync(query, cancellationToken);

    public ValueTask<StoreOverview> OverviewAsync(CancellationToken cancellationToken) => _inner.OverviewAsync(cancellationToken);

    public ValueTask SaveDefinitionsAsync(IReadOnlyList<StoredDefinition> definitions, CancellationToken cancellationToken) => _inner.SaveDefinitionsAsync(definitions, cancellationToken);

    public ValueTask<IReadOnlyList<StoredDefinition>> FindDefinitionsAsync(string kind, string? name, CancellationToken cancellationToken) => _inner.FindDefinitionsAsync(kind, name, cancellationToken);

    public ValueTask<IReadOnlyList<PacketOwner>> PruneAsync(PruneRequest request, CancellationToken cancellationToken) => _inner.PruneAsync(request, cancellationToken);

    public IAsyncEnumerable<StoreHint> HintsAsync(CancellationToken cancellationToken) => _inner.HintsAsync(cancellationToken);
}
