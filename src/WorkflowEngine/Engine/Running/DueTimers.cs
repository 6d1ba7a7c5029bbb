namespace WorkflowEngine;

/// <summary>One timer for everything that is due on this node: retry waits, wake-ups, job timeouts, grace periods. Touched only by what waits.</summary>
internal sealed class DueTimers : IDisposable
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<Action, long> _due = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _armedFor = long.MaxValue;

    public DueTimers(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static timers => ((DueTimers)timers!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Calls <paramref name="action"/> once, at or after the time, on a timer thread; it must not block.</summary>
    public void At(long dueTicks, Action action)
    {
        lock (_gate)
        {
            _due.Enqueue(action, dueTicks);
            if (dueTicks < _armedFor)
            {
                Arm(dueTicks);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Fire()
    {
        List<Action>? ready = null;
        lock (_gate)
        {
            var now = _time.GetUtcNow().UtcTicks;
            while (_due.TryPeek(out _, out var at) && at <= now)
            {
                (ready ??= []).Add(_due.Dequeue());
            }

            _armedFor = long.MaxValue;
            if (_due.TryPeek(out _, out var next))
            {
                Arm(next);
            }
        }

        ready?.ForEach(action => action());
    }

    private void Arm(long dueTicks)
    {
        _armedFor = dueTicks;
        // A timer takes whole milliseconds up to 49 days and may fire early by one: round up, and come back for what is farther.
        var wait = TimeSpan.FromTicks(Math.Max(0, dueTicks - _time.GetUtcNow().UtcTicks));
        var milliseconds = Math.Min(Math.Ceiling(wait.TotalMilliseconds), TimeSpan.FromDays(40).TotalMilliseconds);
        _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }
}
