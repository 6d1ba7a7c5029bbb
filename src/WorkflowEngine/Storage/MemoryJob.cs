namespace WorkflowEngine.Storage;

/// <summary>One job of the in-memory store, under its own lock. Finished steps are a struct array, events encoded bytes: what a kept job costs.</summary>
internal sealed class MemoryJob(JobCreation creation)
{
    private StepRow[] _steps = [];
    private byte[] _events = [];
    private int _eventsLength;
    private Mailbox? _mail;
    private List<StoredCheckpoint>? _checkpoints;
    private JobHead _head;
    private Guid _owner;
    private int _epoch;

    public JobCreation Creation => creation;

    public JobStatus Status
    {
        get
        {
            lock (this)
            {
                return _head.Status;
            }
        }
    }

    /// <summary>True when the job begins unowned and must enter the index.</summary>
    public bool Begin(JobTransition transition)
    {
        lock (this)
        {
            _owner = transition.Incarnation;
            _epoch = transition.Epoch;
            _steps = new StepRow[transition.Head.Total];
            Take(transition);
            return _owner == Guid.Empty && !_head.Status.IsTerminal() && IsWoken;
        }
    }

    /// <summary>Guarded by incarnation, epoch and version (G3). <paramref name="isRunnable"/>: the job is unowned now and must enter the index.</summary>
    public CommitVerdict Apply(JobTransition transition, out bool isRunnable, out bool hasMail)
    {
        lock (this)
        {
            isRunnable = hasMail = false;
            // The transition that gave the job up left it unowned, so a repetition finds the epoch but no owner.
            if (_epoch == transition.Epoch && _head.Version == transition.Head.Version && (_owner == transition.Incarnation || _owner == Guid.Empty))
            {
                return new CommitVerdict(CommitResult.AlreadyCommitted);
            }

            if (_owner != transition.Incarnation || _epoch != transition.Epoch || _head.Version + 1 != transition.Head.Version)
            {
                return new CommitVerdict(CommitResult.Stale);
            }

            Take(transition);
            hasMail = HasMail;
            if (transition.Releases)
            {
                _owner = Guid.Empty;
                isRunnable = !_head.Status.IsTerminal() && (IsWoken || hasMail);
            }

            if (_head.Status.IsTerminal())
            {
                _owner = Guid.Empty;
                isRunnable = hasMail;
                Array.Resize(ref _events, _eventsLength);
            }

            return new CommitVerdict(CommitResult.Committed);
        }
    }

    public SendVerdict Receive(JobMessage message, out bool isUnowned)
    {
        lock (this)
        {
            isUnowned = _owner == Guid.Empty;
            if (_mail?.Received.Contains(message.Id) == true)
            {
                return SendVerdict.Duplicate;
            }

            (_mail ??= new()).Received.Add(message.Id);
            _mail.Untaken.Add(message);
            return _head.Status.IsTerminal() && !(message.Reopens && _head.Status == JobStatus.Failed) ? SendVerdict.Terminal : SendVerdict.Accepted;
        }
    }

    /// <summary>The owner, while the message is untaken; null when it was taken, or the job is unowned and its claim brings the mail along.</summary>
    public Guid? OwnerOfUntaken(Guid message)
    {
        lock (this)
        {
            return _owner != Guid.Empty && _mail?.Untaken.Exists(kept => kept.Id == message) == true ? _owner : null;
        }
    }

    public StoredJob? Claim(Guid incarnation)
    {
        lock (this)
        {
            if (_owner != Guid.Empty || _head.Version == 0 || (_head.Status.IsTerminal() && !HasMail))
            {
                return null;
            }

            _owner = incarnation;
            _epoch++;
            return Read(JobParts.Steps | JobParts.Mail);
        }
    }

    /// <summary>A job that the incarnation owns without knowing it: claimed again, with a new epoch.</summary>
    public StoredJob? Reclaim(Guid incarnation)
    {
        lock (this)
        {
            if (_owner != incarnation)
            {
                return null;
            }

            _epoch++;
            return Read(JobParts.Steps | JobParts.Mail);
        }
    }

    /// <summary>The node stopped cleanly: true when the job must enter the index again.</summary>
    public bool Free(Guid incarnation)
    {
        lock (this)
        {
            if (_owner != incarnation)
            {
                return false;
            }

            _owner = Guid.Empty;
            return !_head.Status.IsTerminal() || HasMail;
        }
    }

    public StoredJob? Snapshot(JobParts parts)
    {
        lock (this)
        {
            return _head.Version > 0 ? Read(parts) : null;
        }
    }

    public IReadOnlyList<EventRow> ReadEvents(long after, int limit)
    {
        lock (this)
        {
            var rows = new List<EventRow>();
            long sequence = 0;
            for (var at = 0; at < _eventsLength && rows.Count < limit;)
            {
                var count = ReadNumber(ref at);
                var length = ReadNumber(ref at);
                if (sequence + count > after)
                {
                    rows.Add(new EventRow(creation.Id, creation.FlowId, sequence + 1, count, _events.AsMemory(at, length).ToArray()));
                }

                sequence += count;
                at += length;
            }

            return rows;
        }
    }

    /// <summary>Finished and in nobody's hands; a failed job that is being reopened has an owner.</summary>
    public bool IsOver
    {
        get
        {
            lock (this)
            {
                return _head.Status.IsTerminal() && _owner == Guid.Empty;
            }
        }
    }

    /// <summary>By its own retention if it has one, otherwise by the asked age.</summary>
    public bool IsExpired(DateTimeOffset before, DateTimeOffset now)
    {
        lock (this)
        {
            return creation.Options?.Retention is { } own ? _head.CompletedAt + own.Ticks < now.UtcTicks : _head.CompletedAt < before.UtcTicks;
        }
    }

    /// <summary>A job that waits without a time limit is runnable only by mail.</summary>
    private bool IsWoken => _head.DueAt > 0 || _head.Status is JobStatus.Pending or JobStatus.Running;

    private bool HasMail => _mail is { Untaken.Count: > 0 };

    private void Take(JobTransition transition)
    {
        _head = transition.Head;
        foreach (ref readonly var row in transition.Steps)
        {
            if (row.Index >= _steps.Length)
            {
                Array.Resize(ref _steps, Math.Max(row.Index + 1, row.Index < transition.Head.Total ? transition.Head.Total : _steps.Length * 3 / 2));
            }

            _steps[row.Index] = row;
        }

        if (transition.Events.Count > 0)
        {
            Append(transition.Events);
        }

        if (transition.Checkpoints.Count > 0)
        {
            (_checkpoints ??= []).AddRange(transition.Checkpoints.ExceptBy(_checkpoints.Select(kept => kept.Id), made => made.Id, StringComparer.Ordinal));
        }

        foreach (var id in transition.Taken)
        {
            _mail?.Untaken.RemoveAll(message => message.Id == id);
        }
    }

    /// <summary>Count and length, seven bits a byte, then the row's bytes.</summary>
    private void Append(EventRow row)
    {
        var needed = _eventsLength + row.Bytes.Length + 10;
        if (_events.Length < needed)
        {
            // A step leaves some forty bytes of events; what is too much is cut off when the job ends.
            Array.Resize(ref _events, Math.Max(needed, _events.Length == 0 ? 64 + Math.Min(_steps.Length * 40, 4096) : _events.Length * 2));
        }

        WriteNumber(row.Count);
        WriteNumber(row.Bytes.Length);
        row.Bytes.Span.CopyTo(_events.AsSpan(_eventsLength));
        _eventsLength += row.Bytes.Length;
    }

    private void WriteNumber(int value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _events[_eventsLength++] = (byte)(value | 0x80);
        }

        _events[_eventsLength++] = (byte)value;
    }

    private int ReadNumber(ref int at)
    {
        var value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = _events[at++];
            value |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    private StoredJob Read(JobParts parts)
    {
        var rows = (parts & JobParts.Steps) != 0 ? [.. _steps.Where(row => row.Path is not null)] : (IReadOnlyList<StepRow>)[];
        var mail = (parts & JobParts.Mail) != 0 && _mail is not null ? [.. _mail.Untaken] : (IReadOnlyList<JobMessage>)[];
        var job = new StoredJob(creation, _head, _epoch, _owner == Guid.Empty ? null : _owner, rows, mail) { StoreTag = this };
        return (parts & (JobParts.Checkpoints | JobParts.Snapshots)) == 0 || _checkpoints is null ? job
            : job with { Checkpoints = parts.HasFlag(JobParts.Snapshots) ? [.. _checkpoints] : _checkpoints.ConvertAll(kept => kept with { Snapshot = null }) };
    }

    /// <summary>Most jobs never get a message.</summary>
    private sealed class Mailbox
    {
        public List<JobMessage> Untaken { get; } = [];

        public HashSet<Guid> Received { get; } = [];
    }
}
