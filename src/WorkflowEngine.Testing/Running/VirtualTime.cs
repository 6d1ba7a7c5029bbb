using System.Diagnostics.CodeAnalysis;

namespace WorkflowEngine;

/// <summary>Time that stands still until the host moves it. Timers fire on the thread that asks for them, one at a time, in order of due time and then of arming.</summary>
internal sealed class VirtualTime : TimeProvider
{
    /// <summary>
    /// The poll interval of a test host: long enough never to matter (hints are not lost inside one process), odd enough to tell the engine's polls from a step's waits.
    /// </summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromDays(40) + TimeSpan.FromMilliseconds(7);

    private readonly Lock _gate = new();
    private readonly SortedSet<VirtualTimer> _armed = new(VirtualTimer.ByDueTime);
    private long _now = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks;
    private long _arming;

    public long Now => Interlocked.Read(ref _now);

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => new(Now, TimeSpan.Zero);

    public override long GetTimestamp() => Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => CreateTimer(callback, state, dueTime, period, owner: null);

    public VirtualTimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period, NodeTime? owner)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(this, callback, state) { IsBackground = state is EngineLoop or LeaseKeeper or Pruner || dueTime == PollInterval, Owner = owner };
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>The soonest due time that is a reason to move: a step's, a job's or a test's own; null: nobody waits for time.</summary>
    public long? NextDue()
    {
        lock (_gate)
        {
            return _armed.FirstOrDefault(timer => !timer.IsBackground)?.Due;
        }
    }

    /// <summary>The soonest due time of the engine's own rounds, which are no reason to move but are made on the way; null: there are none.</summary>
    public long? NextRound()
    {
        lock (_gate)
        {
            return _armed.FirstOrDefault(timer => timer.IsBackground)?.Due;
        }
    }

    /// <summary>Moves on; the caller sees to it that nothing is passed over.</summary>
    public void MoveTo(long now) => Interlocked.Exchange(ref _now, Math.Max(Now, now));

    /// <summary>Fires the first timer that is due now; false when there is none.</summary>
    public bool TryFire()
    {
        if (!TryTakeDue(out var timer))
        {
            return false;
        }

        timer.Fire();
        return true;
    }

    /// <summary>Disarms all timers of a node that died.</summary>
    public void Forget(NodeTime owner)
    {
        lock (_gate)
        {
            foreach (var timer in _armed.Where(timer => timer.Owner == owner).ToList())
            {
                _armed.Remove(timer);
                timer.IsArmed = false;
            }
        }
    }

    /// <summary>Arms or disarms a timer.</summary>
    internal void Set(VirtualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            _armed.Remove(timer);
            timer.Period = period > TimeSpan.Zero ? period.Ticks : 0;
            timer.IsArmed = dueTime >= TimeSpan.Zero && timer.Owner is not { IsDead: true };
            if (timer.IsArmed)
            {
                timer.Due = Now + dueTime.Ticks;
                timer.Arming = _arming++;
                _armed.Add(timer);
            }
        }
    }

    private bool TryTakeDue([NotNullWhen(true)] out VirtualTimer? timer)
    {
        lock (_gate)
        {
            timer = _armed.Min;
            if (timer is null || timer.Due > Now)
            {
                timer = null;
                return false;
            }

            _armed.Remove(timer);
            timer.IsArmed = timer.Period > 0;
            if (timer.IsArmed)
            {
                // A round that was jumped over is made once, not once per period: nothing happened in between.
                var periods = timer.IsBackground ? ((Now - timer.Due) / timer.Period) + 1 : 1;
                timer.Due += periods * timer.Period;
                timer.Arming = _arming++;
                _armed.Add(timer);
            }

            return true;
        }
    }
}

/// <summary>One timer of <see cref="VirtualTime"/>.</summary>
internal sealed class VirtualTimer : ITimer
{
    public static readonly IComparer<VirtualTimer> ByDueTime
        = Comparer<VirtualTimer>.Create(static (left, right) => (left.Due, left.Arming).CompareTo((right.Due, right.Arming)));

    private readonly VirtualTime _time;
    private readonly TimerCallback _callback;
    private readonly object? _state;
    private readonly SlotUse? _use = SlotUse.Current;
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private bool _isDisposed;
    private bool _isCounted;

    public VirtualTimer(VirtualTime time, TimerCallback callback, object? state)
    {
        _time = time;
        _callback = callback;
        _state = state;

        // Whoever only limits how long something else may take does something else: these are no sign that a body rests.
        IsLimit = state is CancellationTokenSource or StepDeadline
            || (state is Task && state.GetType().Name.StartsWith("CancellationPromise", StringComparison.Ordinal));
    }

    public long Due { get; set; }

    /// <summary>Orders timers that are due at the same time.</summary>
    public long Arming { get; set; }

    /// <summary>0: fires once.</summary>
    public long Period { get; set; }

    public bool IsArmed { get; set; }

    /// <summary>One of the engine's own rounds.</summary>
    public bool IsBackground { get; init; }

    /// <summary>The node that made it; null: the test.</summary>
    public NodeTime? Owner { get; init; }

    private bool IsLimit { get; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_isDisposed)
        {
            return false;
        }

        _time.Set(this, dueTime, period);
        Count();
        return true;
    }

    public void Fire()
    {
        if (_isDisposed)
        {
            return;
        }

        Count();
        if (_state is StepDeadline)
        {
            // It fires the body's token on the pool: what the body waits for is about to change.
            _use?.Disturb();
        }

        if (_context is null)
        {
            _callback(_state);
        }
        else
        {
            ExecutionContext.Run(_context, static timer => ((VirtualTimer)timer!)._callback(((VirtualTimer)timer)._state), this);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _time.Set(this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Count();
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <summary>Keeps account of how many timers the body in whose slot this one was made waits for.</summary>
    private void Count()
    {
        if (_use is not null)
        {
            lock (this)
            {
                var counts = IsArmed && !IsLimit && !_isDisposed;
                _use.Act(counts == _isCounted ? 0 : counts ? 1 : -1);
                _isCounted = counts;
            }
        }
    }
}
