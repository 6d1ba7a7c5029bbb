namespace WorkflowEngine;

/// <summary>One node's view of the host's time: its timers die with it, and its wall clock may be wrong.</summary>
internal sealed class NodeTime(VirtualTime time) : TimeProvider
{
    private long _error;

    /// <summary>True once the node is dead: no timer of its own fires any more.</summary>
    public bool IsDead { get; private set; }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow().AddTicks(Interlocked.Read(ref _error));

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => time.CreateTimer(callback, state, dueTime, period, this);

    /// <summary>Sets the wall clock on or back; the monotonic clock goes on.</summary>
    public void Jump(TimeSpan by) => Interlocked.Add(ref _error, by.Ticks);

    public void Die()
    {
        IsDead = true;
        time.Forget(this);
    }
}
