using System.Collections.Concurrent;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>A session's way into its job: the commands of its code, whose durable verdicts come back as results or exceptions.</summary>
/// <param name="runner">The job.</param>
/// <param name="run">The run of the session's own step.</param>
/// <param name="left">Called once, when the session is over.</param>
internal sealed class SessionSeat(FlowRunner runner, int run, Action left)
{
    /// <summary>A timer takes 49 days at most: a longer time goes in pieces.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(40);

    private readonly ConcurrentDictionary<string, bool> _used = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SessionBeginning> _begun = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IProgressSink> _reports = new(StringComparer.Ordinal);
    private int _heldByDrain;
    private int _isOver;

    /// <summary>In the turn, on a host that stops: a session that a program opened, and that is between two steps, is handed back.</summary>
    public static void CloseIdle(FlowRunner runner)
    {
        if (runner.State is { Flow.IsOpenedByHand: true, Running: > 0, Session.Running: 0 })
        {
            runner.Apply(new EndStep(0, runner.State.Steps[0].Run, new StepOutcome(OutcomeKind.Interrupted)));
        }
    }

    public FlowRunner Runner => runner;

    /// <summary>The run of the session's own step.</summary>
    public int Run => run;

    public EngineNode Node => runner.Bodies.Node;

    public PacketOwner Owner => new(runner.Facts.FlowId, runner.Id);

    /// <summary>Fires when the code is to stop: the job was cancelled or put back, the host stops, or the lease is lost. That of this opening: a later one has its own.</summary>
    public CancellationToken Stopping { get; } = runner.Bodies.Token;

    /// <summary>The code, or the program, is through with it.</summary>
    public bool IsOver => Volatile.Read(ref _isOver) != 0;

    /// <summary>The code comes to this id, for the first time in its run.</summary>
    /// <exception cref="DuplicateStepException">It came here before.</exception>
    public void Use(string id)
    {
        if (!_used.TryAdd(Checked(id), true))
        {
            throw new DuplicateStepException(id);
        }
    }

    public bool HasBegun(string id) => _begun.ContainsKey(id);

    /// <exception cref="InvalidOperationException">The code did not come to this step.</exception>
    public SessionBeginning BegunOf(string id) => _begun.TryGetValue(id, out var begun)
        ? begun
        : throw new InvalidOperationException($"Step '{id}' was not started in this run of the session. Call StartStepAsync(\"{id}\") first.");

    /// <exception cref="ArgumentException">It is no step id.</exception>
    public static string Checked(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        var isLegal = id.Length <= 128 && char.IsAsciiLetterOrDigit(id[0]) && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '[' or ']');
        return isLegal && id != CodeFlow.Root
            ? id
            : throw new ArgumentException($"'{id}' is no step id: a letter or digit, then letters, digits, '_', '-', '[' and ']', at most 128, and not '{CodeFlow.Root}'.", nameof(id));
    }

    /// <summary>Applies a command; returns when what it changed is durable, or, for what rides with the next commit, at once.</summary>
    public async ValueTask<CommandVerdict> SendAsync(JobCommand command)
    {
        if (IsOver || Stopping.IsCancellationRequested)
        {
            throw Gone();
        }

        var verdict = await runner.ApplyAsync(command).ConfigureAwait(false);
        return verdict.Effect != CommandEffect.Stale ? verdict
            : runner.Retired.IsCompleted || Stopping.IsCancellationRequested ? throw Gone()
            : throw new InvalidOperationException("This step is not running: it ended already, or a restored checkpoint took it back.");
    }

    /// <summary>Comes to a step: waits out a pause and a retry's delay; says what becomes of it then.</summary>
    public async ValueTask<SessionBeginning> BeginAsync(string id, string? name, CancellationToken cancellationToken)
    {
        while (true)
        {
            await HoldWhileDrainingAsync().ConfigureAwait(false);
            var ring = runner.Bodies.Bell.Next;
            var begin = new BeginSessionStep(run, id, name);
            await SendAsync(begin).ConfigureAwait(false);
            if (begin.Answer.Turn is not (SessionTurn.Held or SessionTurn.NotYet))
            {
                return _begun[id] = begin.Answer;
            }

            await WaitAsync(ring, begin.Answer.DueAt, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends a step, or, with <paramref name="retryAfter"/>, an attempt of it; durable when it returns.</summary>
    public async ValueTask<CommandVerdict> EndAsync(SessionBeginning begun, StepOutcome outcome, TimeSpan? retryAfter = null, string? recovery = null)
    {
        var verdict = await SendAsync(new EndSessionStep(run, begun.Step, begun.Run, outcome, retryAfter, recovery)).ConfigureAwait(false);
        if (Node.IsDraining)
        {
            runner.InTurn(ended => GiveWay(ended));
        }

        return verdict;
    }

    /// <summary>Ends a step that the code drives by hand; once.</summary>
    public async ValueTask EndByHandAsync(string id, SessionBeginning begun, StepOutcome outcome)
    {
        if (_reports.TryRemove(id, out var report))
        {
            report.Close();
        }

        await EndAsync(begun, outcome).ConfigureAwait(false);
        _begun[id] = begun with { Turn = SessionTurn.Ended };
    }

    /// <summary>Goes back to a checkpoint while the code that asks for it goes on; its steps may be come to again. False when there is no such checkpoint.</summary>
    public async ValueTask<bool> RestoreAsync(string checkpoint, CancellationToken cancellationToken)
    {
        var job = await Node.Store.LoadAsync(runner.Id, JobParts.Snapshots, cancellationToken).ConfigureAwait(false);
        if (job?.Checkpoints.FirstOrDefault(kept => kept.Id == checkpoint) is not { } found)
        {
            return false;
        }

        await PutBackAsync(checkpoint, found.Snapshot!).ConfigureAwait(false);
        return true;
    }

    /// <summary>Takes the steps and variables of an exported job in the place of its own.</summary>
    public async ValueTask ImportAsync(JobExport export, CancellationToken cancellationToken)
    {
        var document = export.Document;
        var rows = new List<StepRow>();
        foreach (var row in document.Steps.Where(row => row.Index >= runner.Flow.Flow.Steps.Length))
        {
            var output = row.Output.Packet is { } packet ? await Node.Vault.KeepAsync(Owner, row.Path, packet, cancellationToken).ConfigureAwait(false) : default;
            rows.Add(row with { Output = output });
        }

        await PutBackAsync($"export of job {document.Id}", new JobSnapshot(document.Head.Data ?? JobData.None, rows)).ConfigureAwait(false);
    }

    private async ValueTask PutBackAsync(string checkpoint, JobSnapshot snapshot)
    {
        var verdict = await SendAsync(new RestoreCheckpoint(checkpoint, snapshot) { KeepsRunning = 0 }).ConfigureAwait(false);
        if (verdict.Effect == CommandEffect.Refused)
        {
            throw new InvalidTransitionException(runner.Id, runner.FinalHead.Status, "restore", verdict.Message!);
        }

        CloseReports();
        _begun.Clear();
        _used.Clear();
    }

    /// <summary>Passes on how far a step is.</summary>
    public void Report(string id, double percent, string? message)
    {
        var begun = BegunOf(id);
        if (IsOver || Stopping.IsCancellationRequested)
        {
            throw Gone();
        }

        if (begun.Turn != SessionTurn.Ended && !double.IsNaN(percent))
        {
            _reports.GetOrAdd(id, _ => runner.Bodies.OpenProgress(begun.Step, begun.Run)).Report(Math.Clamp(percent, 0, 100), message);
        }
    }

    public void CloseReports()
    {
        foreach (var id in _reports.Keys)
        {
            if (_reports.TryRemove(id, out var report))
            {
                report.Close();
            }
        }
    }

    /// <summary>Makes everything durable that the code did so far; nothing when the session is over.</summary>
    public async ValueTask FlushAsync() => await runner.ApplyAsync(new FlushSession(run)).ConfigureAwait(false);

    /// <summary>Gives the job back, if a program opened it; its code is done with it either way. Once.</summary>
    public async ValueTask LeaveAsync()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
        {
            return;
        }

        CloseReports();
        if (runner.Flow.Flow.IsOpenedByHand)
        {
            await runner.ApplyAsync(new EndStep(0, run, new StepOutcome(OutcomeKind.Interrupted))).ConfigureAwait(false);
            runner.InTurn(static released => released.Release());
            await runner.Retired.ConfigureAwait(false);
        }

        left();
    }

    /// <summary>Waits for a ring of the bell, or this time in UTC ticks (0: none), whichever comes first.</summary>
    public async ValueTask WaitAsync(Task ring, long dueAt, CancellationToken cancellationToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Stopping);
        var time = dueAt == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromTicks(Math.Clamp(dueAt - Node.Now, 0, LongestWait.Ticks));
        await Task.WhenAny(ring, Task.Delay(time, Node.Time, ends.Token)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (Stopping.IsCancellationRequested)
        {
            throw Gone();
        }

        await ends.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Why the session can do nothing any more.</summary>
    public Exception Gone() => (runner.Bodies.Cause, IsOver) switch
    {
        (StopReason.LeaseLost, _) => new LeaseLostException(runner.Id),
        (StopReason.HostStopping, _) => new OperationCanceledException($"The host is stopping; job {runner.Id} goes on when its session is opened again.", Stopping),
        _ when Stopping.IsCancellationRequested => new OperationCanceledException($"Job {runner.Id} was stopped, or put back to a checkpoint.", Stopping),
        (_, true) => new InvalidOperationException($"The session of job {runner.Id} is over. Open it again to go on."),
        _ when Node.IsDraining => new OperationCanceledException($"The host is stopping; job {runner.Id} goes on when its session is opened again."),
        _ => new InvalidOperationException($"Job {runner.Id} has ended, or was taken from this session."),
    };

    /// <summary>
    /// Nothing new starts on a host that stops. Code that the engine runs is held here until its steps that run have ended, and is stopped then;
    /// a program that opened the session by hand is told at once.
    /// </summary>
    private async ValueTask HoldWhileDrainingAsync()
    {
        if (!Node.IsDraining)
        {
            return;
        }

        if (runner.Flow.Flow.IsOpenedByHand)
        {
            throw Gone();
        }

        Interlocked.Increment(ref _heldByDrain);
        runner.InTurn(held => GiveWay(held));
        await Task.Delay(Timeout.InfiniteTimeSpan, Node.Time, Stopping).ConfigureAwait(false);
    }

    /// <summary>In the turn, on a host that stops.</summary>
    private void GiveWay(FlowRunner held)
    {
        if (Volatile.Read(ref _heldByDrain) > 0 && held.State.Session is { Running: 0 })
        {
            held.Bodies.StopAll(StopReason.HostStopping);
        }

        held.Release();
    }
}
