namespace WorkflowEngine.Storage;

/// <summary>What became of a job that was offered to a claim.</summary>
internal enum Offer
{
    Taken,

    /// <summary>It ended, or has an owner: its entry was stale.</summary>
    Gone,

    /// <summary>The node cannot run it.</summary>
    Declined,
}

/// <summary>The unowned jobs of the in-memory store that are due, by rank, and those that will be, by time.</summary>
internal sealed class RunnableJobs
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<JobId, long> _ready = new();
    private readonly PriorityQueue<(JobId Job, long Rank), long> _later = new();

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _ready.Count;
            }
        }
    }

    /// <summary>When the next job becomes due, in UTC ticks; null: none is waiting for a time.</summary>
    public long? NextDue
    {
        get
        {
            lock (_gate)
            {
                return _later.TryPeek(out _, out var at) ? at : null;
            }
        }
    }

    public void Add(JobId job, long dueAt, long rank)
    {
        lock (_gate)
        {
            if (dueAt > 0)
            {
                _later.Enqueue((job, rank), dueAt);
            }
            else
            {
                _ready.Enqueue(job, rank);
            }
        }
    }

    /// <summary>Offers due jobs in order of rank until <paramref name="slots"/> are taken; one that is declined stays for another node or a later deployment.</summary>
    public void Take(int slots, long now, Func<JobId, Offer> take)
    {
        lock (_gate)
        {
            while (_later.TryPeek(out var due, out var at) && at <= now)
            {
                _later.Dequeue();
                _ready.Enqueue(due.Job, due.Rank);
            }

            List<(JobId, long)>? declined = null;
            while (slots > 0 && _ready.TryDequeue(out var job, out var rank))
            {
                var offer = take(job);
                slots -= offer == Offer.Taken ? 1 : 0;
                if (offer == Offer.Declined)
                {
                    (declined ??= []).Add((job, rank));
                }
            }

            if (declined is not null)
            {
                _ready.EnqueueRange(declined);
            }
        }
    }
}
