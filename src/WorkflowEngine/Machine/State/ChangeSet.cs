using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>What the commands since the last transition changed, and what is to happen once that is durable.</summary>
internal sealed class ChangeSet
{
    [ThreadStatic]
    private static ChangeSet? _spare;

    private List<StepStop>? _stops;
    private List<SessionStep>? _sessionSteps;
    private List<int>? _forced;
    private List<Guid>? _taken;
    private List<CommandAnswer>? _answers;
    private List<StoredCheckpoint>? _checkpoints;

    /// <summary>Stands where a retired job's was; never changed.</summary>
    public static ChangeSet Retired { get; } = new();

    /// <summary>An empty one: that of a job which this thread has finished with, if there is one.</summary>
    public static ChangeSet Rent()
    {
        var rented = _spare ?? new ChangeSet();
        _spare = null;
        return rented;
    }

    /// <summary>For the next job; whoever gives it back must not touch it again.</summary>
    public static void Return(ChangeSet finished)
    {
        finished.Clear();
        _spare = finished;
    }

    /// <summary>Steps whose row changes.</summary>
    public List<int> Touched { get; } = new(4);

    /// <summary>Steps of a session's code whose row changes.</summary>
    public List<SessionStep> SessionSteps => _sessionSteps ??= [];

    public bool HasSessionSteps => _sessionSteps is { Count: > 0 };

    /// <summary>Something came that the code of a session may wait for.</summary>
    public bool RingsSession { get; set; }

    /// <summary>Steps that may start once this change set is durable.</summary>
    public List<int> Readied { get; } = new(2);

    /// <summary>Ready steps that an operator asked to run, to be forced once this change set is durable.</summary>
    public List<int> Forced => _forced ??= [];

    public bool HasForced => _forced is { Count: > 0 };

    public EventWriter Events { get; } = new();

    /// <summary>True when the job's head changed without an event.</summary>
    public bool HeadChanged { get; set; }

    /// <summary>When the first start in here was noted, in UTC ticks: a start still uncommitted after 250 ms gets a commit of its own. 0: none.</summary>
    public long FirstStartAt { get; set; }

    /// <summary>Something in here must become durable soon; a start or progress report alone can ride with the next commit.</summary>
    public bool IsUrgent { get; set; }

    /// <summary>The job is put back to a checkpoint: what earlier change sets readied counts no more, and <see cref="Stops"/> are of runs that are over.</summary>
    public bool Restores { get; set; }

    /// <summary>Runs whose tokens fire once this is durable.</summary>
    public IReadOnlyList<StepStop> Stops => _stops ?? (IReadOnlyList<StepStop>)[];

    /// <summary>Inbox messages that are taken by this commit.</summary>
    public IReadOnlyList<Guid> Taken => _taken ?? (IReadOnlyList<Guid>)[];

    /// <summary>What the senders of commands are told once this is durable.</summary>
    public IReadOnlyList<CommandAnswer> Answers => _answers ?? (IReadOnlyList<CommandAnswer>)[];

    public IReadOnlyList<StoredCheckpoint> Checkpoints => _checkpoints ?? (IReadOnlyList<StoredCheckpoint>)[];

    public bool IsEmpty => Touched.Count == 0 && !HasSessionSteps && Events.Count == 0 && !HeadChanged && _taken is not { Count: > 0 };

    public void Stop(int step, int run, StopReason cause, string path) => (_stops ??= []).Add(new StepStop(step, run, cause, path));

    public void Take(Guid message) => (_taken ??= []).Add(message);

    public void Keep(StoredCheckpoint checkpoint) => (_checkpoints ??= []).Add(checkpoint);

    public void Answer(Guid command, CommandVerdict verdict) => (_answers ??= []).Add(new CommandAnswer(command, verdict));

    /// <summary>A start rides with the next commit, but not for long (S25).</summary>
    public void NoteStart(long now) => FirstStartAt = FirstStartAt == 0 ? now : FirstStartAt;

    public void Clear()
    {
        Touched.Clear();
        _sessionSteps?.Clear();
        RingsSession = false;
        Readied.Clear();
        _forced?.Clear();
        Events.Reset();
        HeadChanged = false;
        FirstStartAt = 0;
        IsUrgent = false;
        Restores = false;
        // New lists: what was sealed may still be read by those who act on the commit.
        _stops = null;
        _taken = null;
        _answers = null;
        _checkpoints = null;
    }
}

/// <summary>A run whose token fires.</summary>
internal readonly record struct StepStop(int Step, int Run, StopReason Cause, string Path);

/// <summary>What the sender of a command is told.</summary>
internal readonly record struct CommandAnswer(Guid Command, CommandVerdict Verdict);

/// <summary>Whether a command had an effect.</summary>
internal enum CommandEffect : byte
{
    /// <summary>It changed something.</summary>
    Applied,

    /// <summary>What it asks for is already so.</summary>
    AlreadySo,

    /// <summary>It is not legal now.</summary>
    Refused,

    /// <summary>It speaks of a run that is over; it is counted and dropped.</summary>
    Stale,
}

/// <summary>The machine's answer to a command.</summary>
internal readonly record struct CommandVerdict(CommandEffect Effect, string? Message = null)
{
    public static CommandVerdict Applied => new(CommandEffect.Applied);

    public static CommandVerdict AlreadySo => new(CommandEffect.AlreadySo);

    public static CommandVerdict Stale => new(CommandEffect.Stale);

    public static CommandVerdict Refused(string message) => new(CommandEffect.Refused, message);
}
