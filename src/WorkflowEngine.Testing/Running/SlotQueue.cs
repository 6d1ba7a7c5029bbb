using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>The slots of a test host. Who asks for one is queued by rank and served by the host's own loop, one after the other, so that a run is the same each time.</summary>
internal sealed class SlotQueue(int slots) : IStepScheduler, IDisposable
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<ISlotTaker, (long Rank, long Order)> _queue = new();
    private readonly List<SlotUse> _uses = [];
    private readonly SemaphoreSlim _acted = new(0, 1);
    private long _order;
    private long _acts;

    public int Queued
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count;
            }
        }
    }

    public int Taken
    {
        get
        {
            lock (_gate)
            {
                return _uses.Count;
            }
        }
    }

    /// <summary>True when somebody can be served.</summary>
    public bool HasWork
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count > 0 && _uses.Count < slots;
            }
        }
    }

    /// <summary>True when every running body waits for virtual time.</summary>
    public bool AllWaitForTime
    {
        get
        {
            lock (_gate)
            {
                return _uses.TrueForAll(use => use.IsWaitingForTime);
            }
        }
    }

    /// <summary>Rises with everything that bodies and slot takers do.</summary>
    public long Acts => Interlocked.Read(ref _acts);

    public void Schedule(ISlotTaker taker)
    {
        lock (_gate)
        {
            _queue.Enqueue(taker, (taker.Rank, _order++));
        }

        Act();
    }

    public void Release()
    {
        lock (_gate)
        {
            // A slot is given back in the body's own context, or taken from one that ignores its token; then any that was asked to stop will do, for only their number matters.
            var own = SlotUse.Current is { } current ? _uses.IndexOf(current) : -1;
            var index = own >= 0 ? own : Math.Max(0, _uses.FindIndex(use => use.IsAskedToStop));
            _uses.RemoveAt(index);
        }

        Act();
    }

    /// <summary>Serves the first in the queue on this thread, up to the body's first real or virtual wait; false when there is nobody, or no slot.</summary>
    public bool TryServe()
    {
        SlotUse use;
        lock (_gate)
        {
            if (_uses.Count >= slots || !_queue.TryDequeue(out var taker, out _))
            {
                return false;
            }

            use = new SlotUse(taker, Act);
            _uses.Add(use);
        }

        use.Take();
        return true;
    }

    /// <summary>Waits, in real time, until somebody acts, but no longer than this.</summary>
    public Task WaitForActAsync(TimeSpan atMost, CancellationToken cancellationToken) => _acted.WaitAsync(atMost, cancellationToken);

    public void Dispose() => _acted.Dispose();

    private void Act()
    {
        Interlocked.Increment(ref _acts);
        if (_acted.CurrentCount == 0)
        {
            try
            {
                _acted.Release();
            }
            catch (SemaphoreFullException)
            {
                // Two at once: one signal is enough.
            }
            catch (ObjectDisposedException)
            {
                // A body that was given up outlived its host.
            }
        }
    }
}
