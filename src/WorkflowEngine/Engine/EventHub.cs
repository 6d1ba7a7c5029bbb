using System.Collections.Concurrent;
using System.Threading.Channels;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Hands committed events to those who watch on this node. A slow watcher loses events and harms nobody (S25); without watchers it costs one read.</summary>
internal sealed class EventHub
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<JobId, Watcher[]> _ofJob = new();
    private Watcher[] _ofAll = [];
    private int _count;
    private long _dropped;

    public bool HasWatchers => Volatile.Read(ref _count) > 0;

    /// <summary>How many rows were dropped because a watcher was too slow.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public void Publish(EventRow row)
    {
        var ofAll = Volatile.Read(ref _ofAll);
        var ofJob = _ofJob.GetValueOrDefault(row.JobId) ?? [];
        if (ofAll.Length + ofJob.Length > 0)
        {
            // The row's bytes are the runner's buffer; whoever keeps them needs a copy.
            var kept = row with { Bytes = row.Bytes.ToArray() };
            Hand(kept, ofAll);
            Hand(kept, ofJob);
        }
    }

    /// <summary>Watches one job, or all of them; dispose the watcher to end it.</summary>
    public Watcher Watch(JobId? job, int capacity = 4096)
    {
        var watcher = new Watcher(this, job, Channel.CreateBounded<EventRow>(new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.Wait }));
        lock (_gate)
        {
            Change(job, watchers => [.. watchers, watcher]);
            _count++;
        }

        return watcher;
    }

    private void Forget(Watcher watcher)
    {
        lock (_gate)
        {
            Change(watcher.Job, watchers => [.. watchers.Where(other => other != watcher)]);
            _count--;
        }
    }

    private void Change(JobId? job, Func<Watcher[], Watcher[]> change)
    {
        if (job is not { } id)
        {
            Volatile.Write(ref _ofAll, change(_ofAll));
            return;
        }

        var watchers = change(_ofJob.GetValueOrDefault(id) ?? []);
        if (watchers.Length > 0)
        {
            _ofJob[id] = watchers;
        }
        else
        {
            _ofJob.TryRemove(id, out _);
        }
    }

    private void Hand(EventRow row, Watcher[] watchers)
    {
        foreach (var watcher in watchers)
        {
            if (!watcher.Rows.Writer.TryWrite(row))
            {
                Interlocked.Increment(ref _dropped);
            }
        }
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
            if (Rows.Writer.TryComplete())
            {
                hub.Forget(this);
            }
        }
    }
}
