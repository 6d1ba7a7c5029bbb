using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// Keeps this node alive in the store's eyes (G3): one row for the whole process, renewed three times per lease from a thread of its own, so that a thread pool full of
/// blocked bodies costs no lease. After the fence, which falls before the lease can be over by the store's time, the node owns nothing: bodies stop, runners are dropped.
/// </summary>
internal sealed class LeaseKeeper(EngineNode node, Action wake) : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private readonly ManualResetEventSlim _stopped = new();
    private ITimer? _timer;
    private long _renewedAt;
    private bool _hasBegun;
    private bool _isFailing;

    /// <summary>How long the node may go on after the last good renewal was sent. The margin is for bodies to learn of it.</summary>
    private TimeSpan Fence => node.Options.LeaseDuration * 0.9;

    private TimeSpan Pause => _isFailing ? node.Options.LeaseDuration / 15
        : node.Options.LeaseDuration / 3 is var third && third < LongestPause ? third : LongestPause;

    /// <summary>Gives the first sign of life, and goes on giving it.</summary>
    /// <exception cref="StoreException">The store did not take it.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var sentAt = node.Time.GetTimestamp();
        await node.Store.RenewAsync(new NodeBeat(node.Incarnation, node.Name, node.Options.LeaseDuration), cancellationToken).ConfigureAwait(false);
        _renewedAt = sentAt;
        _hasBegun = true;
        if (node.Time == TimeProvider.System)
        {
            new Thread(KeepUntilStopped) { IsBackground = true, Name = "workflow-lease", Priority = ThreadPriority.AboveNormal }.Start();
        }
        else
        {
            // A clock that others move: what it drives is as deterministic as the clock.
            _timer = node.Time.CreateTimer(static keeper => ((LeaseKeeper)keeper!).BeatAndArm(), this, Pause, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>A clean stop: the node's jobs are free at once, without a strike.</summary>
    public async Task StopAsync()
    {
        _stopped.Set();
        _timer?.Dispose();
        if (!_hasBegun)
        {
            return; // The store has never taken a sign of life: there is nothing to hand back.
        }

        await node.Store.RenewAsync(new NodeBeat(node.Incarnation, node.Name, node.Options.LeaseDuration, Stopping: true), CancellationToken.None).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _stopped.Set(); // Not disposed: the thread may still look at it.
        _timer?.Dispose();
    }

    private void KeepUntilStopped()
    {
        while (!_stopped.Wait(Pause))
        {
            Beat();
        }
    }

    private void BeatAndArm()
    {
        Beat();
        _timer?.Change(Pause, Timeout.InfiniteTimeSpan);
    }

    /// <summary>One sign of life. What goes wrong is tried again until the fence falls, and after it.</summary>
    private void Beat()
    {
        FenceIfDue(); // Before anything else: the process may have slept since the last look.
        var sentAt = node.Time.GetTimestamp();
        try
        {
            var renewal = node.Store.RenewAsync(new NodeBeat(node.Incarnation, node.Name, node.Options.LeaseDuration), CancellationToken.None).AsTask();
            while (!renewal.IsCompleted && !renewal.Wait(Pause))
            {
                FenceIfDue();
            }

            Take(renewal.GetAwaiter().GetResult(), sentAt);
        }
        catch (Exception error)
        {
            _isFailing = true;
            EngineLog.RenewalFailed(node.Log, error is AggregateException { InnerException: { } inner } ? inner : error, node.Name, Pause);
            FenceIfDue();
        }
    }

    private void Take(NodeLease lease, long sentAt)
    {
        if (_stopped.IsSet)
        {
            return; // A stop that came meanwhile has ended this life on purpose.
        }

        if (!lease.IsAlive)
        {
            // Declared dead: what it owned is others' by now. The process goes on as a new life, which owns nothing.
            node.LoseJobs("another node has declared it dead");
            node.Incarnation = Guid.CreateVersion7(node.Time.GetUtcNow());
            Beat();
            return;
        }

        _isFailing = false;
        _renewedAt = sentAt;
        if (node.IsFenced)
        {
            node.LostTrack = true; // What is still owned, since nobody came to rescue it, is claimed anew.
            node.IsFenced = false;
            EngineLog.LeaseRegained(node.Log, node.Name);
            wake();
        }
    }

    private void FenceIfDue()
    {
        if (!node.IsFenced && !_stopped.IsSet && node.Time.GetElapsedTime(_renewedAt) >= Fence)
        {
            node.LoseJobs("its lease could not be renewed in time");
        }
    }
}
