using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Removes finished jobs whose retention is over: rows first, then their packets (S23).</summary>
internal sealed class Pruner(EngineNode node) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private ITimer? _timer;

    public void Start() => _timer = node.Time.CreateTimer(static pruner => _ = ((Pruner)pruner!).PruneAsync(CancellationToken.None), this, Interval, Interval);

    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        try
        {
            var retention = node.Options.Retention ?? (node.Store.Traits.IsDurable ? TimeSpan.FromDays(7) : TimeSpan.FromHours(1));
            var request = new PruneRequest(node.Time.GetUtcNow() - retention, Limit: 1000);
            IReadOnlyList<PacketOwner> pruned;
            do
            {
                pruned = await node.Store.PruneAsync(request, cancellationToken).ConfigureAwait(false);
                foreach (var job in pruned)
                {
                    await node.CleanPacketsAsync(job.Id, job.FlowId, default).ConfigureAwait(false);
                }
            }
            while (pruned.Count == request.Limit);
        }
        catch (StoreException error)
        {
            EngineLog.PruneFailed(node.Log, error);
        }
    }

    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? default;
}
