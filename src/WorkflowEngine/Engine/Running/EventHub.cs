using System.Threading.Channels;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Hands committed events to those who watch on this node. A slow watcher loses events and harms nobody (S25); without watchers it costs one read.</summary>
internal sealed class EventHub
{
    private readonly Lock _gate = new();
    private Watcher[] _watchers = [];
    private long _dropped;

    public bool HasWatchers => Volatile.Read(ref _watchers).Length > 0;

    /// <summary>How many rows were dropped because a watcher was too slow.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public void Publish(EventRow row)
    {
        EventRow? kept = null;
        foreach (var watcher in Volatile.Read(ref _watchers))
        {
            if (watcher.Job is { } job && job != row.JobId)
            {
                continue;
            }

            // The row's bytes are the runner's buffer; whoever keeps them needs a copy.
            kept ??= row with { Bytes = row.Bytes.ToArray() };
            if (!watcher.Rows.Writer.TryWrite(kept.Value))
            {
                Interlocked.Increment(ref _dropped);
            }
        }
    }

    /// <summary>Watches one job, or all of them; dispose the watcher to end it.</summary>
    public Watcher Watch(JobId? job, int capacity = 4096)
    {
        var watcher = new Watcher(this, job, Channel.CreateBounded<EventRow>(new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.Wait }));
        lock (_gate)
        {
            _watchers = [.. _watchers, watcher];
        }

        return watcher;
    }

    internal sealed class Watcher(EventHub hub, JobId? job, Channel<EventRow> rows) : IDisposable
    {
        public JobId? Job { get; } = job;

        public Channel<EventRow> Rows { get; } = rows;

        /// <summary>Waits for any row, but no longer than this; takes all there are.</summary>
        public async ValueTask AnyAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(Rows.Reader.WaitToReadAsync(ends.Token).AsTask(), Task.Delay(atMost, time, ends.Token)).ConfigureAwait(false);
            await ends.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            while (Rows.Reader.TryRead(out _))
            {
            }
        }

        public void Dispose()
        {
            lock (hub._gate)
            {
                hub._watchers = [.. hub._watchers.Where(watcher => watcher != this)];
            }

            Rows.Writer.TryComplete();
        }
    }
}
