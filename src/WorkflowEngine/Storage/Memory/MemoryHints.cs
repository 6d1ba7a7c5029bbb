using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace WorkflowEngine.Storage;

/// <summary>Tells every node of this process that a claim may find something. Each has a queue of its own, so that no node's hint is taken by another.</summary>
internal sealed class MemoryHints
{
    private readonly Lock _gate = new();
    private Channel<StoreHint>[] _listeners = [];

    public void Tell(StoreHint hint)
    {
        foreach (var listener in Volatile.Read(ref _listeners))
        {
            listener.Writer.TryWrite(hint);
        }
    }

    public async IAsyncEnumerable<StoreHint> ListenAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var own = Channel.CreateBounded<StoreHint>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropOldest });
        Change(listeners => [.. listeners, own]);
        try
        {
            await foreach (var hint in own.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return hint;
            }
        }
        finally
        {
            Change(listeners => [.. listeners.Where(other => other != own)]);
        }
    }

    private void Change(Func<Channel<StoreHint>[], Channel<StoreHint>[]> change)
    {
        lock (_gate)
        {
            Volatile.Write(ref _listeners, change(_listeners));
        }
    }
}
