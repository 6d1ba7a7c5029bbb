using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// One slot in use. It flows with the execution context, so that a timer knows in whose body it was made: a body that waits for virtual time can be told from
/// one that works for real.
/// </summary>
internal sealed class SlotUse(ISlotTaker taker, Action acted)
{
    private static readonly AsyncLocal<SlotUse?> Flowing = new();

    private int _waits;
    private long _acts;
    private long _disturbedAt = -1;
    private bool _isStopSeen;

    /// <summary>The slot in which the caller runs; null outside of bodies.</summary>
    public static SlotUse? Current => Flowing.Value;

    /// <summary>True when the body does nothing but wait for virtual time, as far as can be told from outside.</summary>
    public bool IsWaitingForTime
    {
        get
        {
            if (!_isStopSeen && IsAskedToStop)
            {
                _isStopSeen = true;
                Disturb();
            }

            return Volatile.Read(ref _waits) > 0 && Interlocked.Read(ref _acts) != Interlocked.Read(ref _disturbedAt);
        }
    }

    /// <summary>True when the job's token has fired, so that its slot may be taken back.</summary>
    public bool IsAskedToStop => taker is FlowRunner runner && runner.Bodies.Cause != StopReason.None;

    public void Take()
    {
        Flowing.Value = this;
        try
        {
            taker.TakeSlot();
        }
        finally
        {
            Flowing.Value = null;
        }
    }

    /// <summary>The body made, changed or dropped a timer.</summary>
    public void Act(int waits)
    {
        Interlocked.Add(ref _waits, waits);
        Interlocked.Increment(ref _acts);
        acted();
    }

    /// <summary>Something is on its way to the body on another thread: it does not rest before it has acted again.</summary>
    public void Disturb()
    {
        Interlocked.Exchange(ref _disturbedAt, Interlocked.Read(ref _acts));
        acted();
    }
}
