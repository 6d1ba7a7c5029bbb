using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Slots of this node. While some are free a request costs one interlocked operation; the ordered queue, and its lock, are entered only when none is.</summary>
internal sealed class StepScheduler(int slots) : IStepScheduler
{
    private readonly int _slots = slots;
    private readonly Lock _gate = new();
    private readonly PriorityQueue<ISlotTaker, (long Rank, long Order)> _queue = new();
    private long _order;
    private int _free = slots;
    private int _queued;

    public int Queued => Volatile.Read(ref _queued);

    public int Taken => _slots - Volatile.Read(ref _free);

    public void Schedule(ISlotTaker taker)
    {
        if (TryTake())
        {
            Hand(taker);
            return;
        }

        lock (_gate)
        {
            _queue.Enqueue(taker, (taker.Rank, _order++));
            _queued++;
        }

        // A slot may have come free between the failed attempt and the entry; its releaser saw an empty queue.
        HandFreeSlots();
    }

    public void Release()
    {
        Interlocked.Increment(ref _free);
        if (Volatile.Read(ref _queued) > 0)
        {
            HandFreeSlots();
        }
    }

    private void HandFreeSlots()
    {
        while (Volatile.Read(ref _queued) > 0 && TryTake())
        {
            ISlotTaker? taker;
            lock (_gate)
            {
                if (_queue.TryDequeue(out taker, out _))
                {
                    _queued--;
                }
            }

            if (taker is null)
            {
                // Another thread was faster; look again, since a request may have come meanwhile.
                Interlocked.Increment(ref _free);
                continue;
            }

            Hand(taker);
        }
    }

    private bool TryTake()
    {
        while (Volatile.Read(ref _free) is > 0 and var free)
        {
            if (Interlocked.CompareExchange(ref _free, free - 1, free) == free)
            {
                return true;
            }
        }

        return false;
    }

    private static void Hand(ISlotTaker taker)
        => ThreadPool.UnsafeQueueUserWorkItem(static taken => taken.TakeSlot(), taker, preferLocal: false);
}
