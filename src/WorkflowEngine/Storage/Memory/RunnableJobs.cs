namespace WorkflowEngine.Storage;

/// <summary>The unowned jobs of the in-memory store that are due, by rank, and those that will be, by time.</summary>
internal sealed class RunnableJobs
{
    /// <summary>The rank of a job that has mail: before all others, and beyond the slots asked for (G7).</summary>
    public const long ForMail = long.MinValue;

    private readonly Lock _gate = new();
    private readonly PriorityQueue<JobId, long> _ready = new();
    private readonly PriorityQueue<(JobId Job, long Rank), long> _later = new();

    public int CountDue(long now)
    {
        lock (_gate)
        {
            Promote(now);
            return _ready.Count;
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

    /// <summary>What became of an offer.</summary>
    internal enum Taking
    {
        /// <summary>The entry is spent and a slot with it.</summary>
        Taken,

        /// <summary>The node cannot run it, or holds enough struck jobs: it stays for another node, or for later.</summary>
        Declined,

        /// <summary>The job is gone, or owned by now: a left-over entry, which costs no slot.</summary>
        Stale,
    }

    /// <summary>Offers those with mail, and other due jobs in order of rank until <paramref name="slots"/> are taken.</summary>
    public void Take(int slots, long now, Func<JobId, Taking> take)
    {
        lock (_gate)
        {
            Promote(now);
            List<(JobId, long)>? declined = null;
            while (_ready.TryPeek(out var job, out var rank) && (slots > 0 || rank == ForMail))
            {
                _ready.Dequeue();
                switch (take(job))
                {
                    case Taking.Taken:
                        slots--;
                        break;
                    case Taking.Declined:
                        (declined ??= []).Add((job, rank));
                        break;
                }
            }

            if (declined is not null)
            {
                _ready.EnqueueRange(declined);
            }
        }
    }

    private void Promote(long now)
    {
        while (_later.TryPeek(out var due, out var at) && at <= now)
        {
            _later.Dequeue();
            _ready.Enqueue(due.Job, due.Rank);
        }
    }
}
