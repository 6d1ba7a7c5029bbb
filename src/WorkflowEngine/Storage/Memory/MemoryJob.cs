using System.Runtime.CompilerServices;

namespace WorkflowEngine.Storage;

/// <summary>One job of the in-memory store, under its own lock. Finished steps are a struct array, events encoded bytes: what a kept job costs.</summary>
internal sealed class MemoryJob(JobCreation creation)
{
    private StepRow[] _steps = [];
    private MemoryEvents _events = new();
    private StrongBox<JobStrikes>? _strikes;
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
    public CommitVerdict Apply(JobTransition transition, DateTimeOffset now, out bool isRunnable, out bool hasMail)
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

            if (ValueLimit.Refuse(transition, InMemoryStore.MaxValueBytes, _head.Data) is { } refused)
            {
                return refused;
            }

            Take(transition);
            _strikes = transition.Strikes switch
            {
                StrikeChange.Cleared => null,
                StrikeChange.Added => new(Strikes.Struck(alone: true, now.UtcTicks)),
                _ => _strikes,
            };
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
                _events.Trim();
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

    /// <summary>Exactly this job, whatever holds it back: a person asks for it.</summary>
    public StoredJob? Claim(Guid incarnation)
        => Claim(incarnation, new StrikeAllowance(int.MaxValue, 0, 0), DateTimeOffset.MaxValue, out _);

    /// <summary>Null: the job has an owner, has ended, or is held back; then <paramref name="isHeldBack"/> says which.</summary>
    public StoredJob? Claim(Guid incarnation, StrikeAllowance allowance, DateTimeOffset now, out bool isHeldBack)
    {
        lock (this)
        {
            isHeldBack = false;
            if (_owner != Guid.Empty || _head.Version == 0 || (_head.Status.IsTerminal() && !HasMail))
            {
                return null;
            }

            var strikes = Strikes;
            if (strikes.Count > 0 && !allowance.Hands(ref strikes, HasMail, now.UtcTicks))
            {
                isHeldBack = true;
                return null;
            }

            _owner = incarnation;
            _epoch++;
            return Read(JobParts.Steps | JobParts.Mail) with { Strikes = strikes };
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

    /// <summary>Owned by this incarnation and able to run something: company for the other jobs it holds.</summary>
    public bool MayRunOn(Guid incarnation)
    {
        lock (this)
        {
            return _owner == incarnation && _head.Status is JobStatus.Pending or JobStatus.Running or JobStatus.Paused;
        }
    }

    /// <summary>The owner stopped cleanly, or is dead (<paramref name="death"/>): true when the job must enter the index again. Another owner's job, or one that ended meanwhile, is left as it is.</summary>
    public bool Free(Guid incarnation, Death? death, out long dueAt, out bool hasMail)
    {
        lock (this)
        {
            (dueAt, hasMail) = (0, HasMail);
            if (_owner != incarnation)
            {
                return false;
            }

            _owner = Guid.Empty;
            if (death is { } died && !_head.Status.IsTerminal())
            {
                var strikes = Strikes.Struck(died.IsAlone && Array.Exists(_steps, step => step.Status == StepStatus.Running), died.At.UtcTicks);
                _strikes = new(strikes);
                dueAt = strikes.HeldUntil;
            }

            return !_head.Status.IsTerminal() || HasMail;
        }
    }

    /// <summary>The end of an incarnation, and whether the job was the only one that it could run.</summary>
    internal readonly record struct Death(DateTimeOffset At, bool IsAlone);

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
            return _events.Read(creation, after, limit);
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

    private JobStrikes Strikes => _strikes?.Value ?? default;

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
            _events.Append(transition.Events, _steps.Length);
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

    private StoredJob Read(JobParts parts)
    {
        var rows = (parts & JobParts.Steps) != 0 ? [.. _steps.Where(row => row.Path is not null)] : (IReadOnlyList<StepRow>)[];
        var mail = (parts & JobParts.Mail) != 0 && _mail is not null ? [.. _mail.Untaken] : (IReadOnlyList<JobMessage>)[];
        var job = new StoredJob(creation, _head, _epoch, _owner == Guid.Empty ? null : _owner, rows, mail) { StoreTag = this, Strikes = Strikes };
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
