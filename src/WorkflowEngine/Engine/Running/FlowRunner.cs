using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// Holds one job on its owner (run-flow): the single writer of its state, by turn (<see cref="Turn"/>). Step bodies never run inside a turn, so a hung body blocks nobody.
/// </summary>
internal sealed class FlowRunner : ISlotTaker
{
    private readonly EngineNode _node;
    private readonly JobState _state;
    private readonly JobCommits _commits;
    private readonly Turn _turn;
    private readonly StepStarts _starts;
    private HashSet<Guid>? _delivered;
    private bool _holdsStarts;

    public FlowRunner(EngineNode node, RunnableFlow flow, JobState state, object? storeTag)
    {
        _node = node;
        _state = state;
        _turn = new Turn(this);
        Flow = flow;
        Bodies = new RunningBodies(node, this);
        _commits = new JobCommits(node, this, state, storeTag);
        _starts = new StepStarts(node, this, state, _commits);
        Facts = flow.FactsOf(node, state, Bodies);
        Rank = state.Creation.CreatedAt - (state.Creation.Priority * 10 * TimeSpan.TicksPerSecond);
    }

    public JobId Id => _state.Id;

    public JobState State => _state; // In the turn only.
    public JobHead FinalHead => _state.Head; // As last committed, once this runner is retired.

    public JobFacts Facts { get; private set; }

    public long Rank { get; }

    public RunnableFlow Flow { get; }

    /// <summary>The bodies that run, and how they are asked to stop.</summary>
    public RunningBodies Bodies { get; }

    /// <summary>Completes when this node has no more to do with the job: it ended, was released, or was lost.</summary>
    public Task Retired => _commits.Retired;

    /// <summary>In the turn: no commit and no output is on its way, so that only a body, a time or a message moves the job on.</summary>
    public bool IsResting => _commits.IsIdle && (_commits.IsRetired || !_state.IsConcluding);

    /// <summary>Read by the executor right before a body: a step that got its slot before the pause was applied must not begin after it (S14).</summary>
    public bool HoldsStarts { get => Volatile.Read(ref _holdsStarts); private set => Volatile.Write(ref _holdsStarts, value); }

    /// <summary>Commits a creation, or whatever loading, the mail that came along, and then the opening of a session changed, and asks for slots. Called once, by who made the runner.</summary>
    public ValueTask<CommitVerdict> BeginAsync(List<ControlCommand> mail, OpenSession? open = null)
    {
        SpinWait.SpinUntil(_turn.TryEnter); // Only somebody who found the job by its id can be in here, for a microsecond.
        try
        {
            Open(mail, open);
            return _commits.FirstVerdict();
        }
        catch (Exception error)
        {
            Fail(error);
            throw; // Who starts a job must not be told that it is stored.
        }
        finally
        {
            _turn.Leave();
        }
    }

    /// <summary>
    /// Applies a command and returns its verdict once it is durable. A retired runner answers Stale: a message stays in the inbox for the next owner.
    /// <paramref name="keepsSlot"/>: the caller ended a step and will call <see cref="BeginNextAsync"/> with the slot it holds.
    /// </summary>
    public ValueTask<CommandVerdict> ApplyAsync(JobCommand command, bool keepsSlot = false)
    {
        if (!_turn.TryEnter())
        {
            return new(_turn.Post(new Letter { Command = command, KeepsSlot = keepsSlot }));
        }

        var verdict = Apply(command, keepsSlot);
        ValueTask<CommandVerdict> durable = _commits.IsIdle ? new(_commits.IsLost ? CommandVerdict.Stale : verdict) : new(_commits.Await(new Letter { Verdict = verdict }));
        _turn.Leave();
        return durable;
    }

    /// <summary>Applies a command whose verdict nobody waits for.</summary>
    public void Tell(JobCommand command) => _ = _turn.Post(new Letter { Command = command });

    /// <summary>Applies a command from the inbox, once.</summary>
    public void Deliver(ControlCommand command) => InTurn(runner =>
    {
        runner.Take(command);
        runner._commits.Flush(force: false);
        runner._starts.AskForSlots();
    });

    /// <summary>Does something in the turn, now or when its holder drains the mailbox.</summary>
    public void InTurn(Action<FlowRunner> work)
    {
        if (_turn.TryEnter())
        {
            Run(work);
            _turn.Leave();
        }
        else
        {
            _ = _turn.Post(new Letter { Work = work });
        }
    }

    /// <summary>Called by the scheduler with a slot in hand.</summary>
    public void TakeSlot() => SlotRun.Begin(_node, this);

    /// <summary>With a slot in hand: starts the next ready step; the default value when there is none.</summary>
    public ValueTask<StepTask> BeginNextAsync()
    {
        if (!_turn.TryEnter())
        {
            return BeginByLetterAsync();
        }

        var start = BeginNext();
        _turn.Leave();
        return start;
    }

    /// <summary>In the turn: the commit that was in flight came back.</summary>
    public void AfterCommit()
    {
        _commits.Flush(force: false);
        if (_node.IsDraining)
        {
            Release();
        }

        _starts.AskForSlots();
    }

    /// <summary>In the turn: some waiting step is due, or the job's time is over.</summary>
    public void Wake()
    {
        Apply(JobDue.EndOf(_state) is > 0 and var end && end <= _node.Now ? new TimeOutJob() : new WakeDue());
        Bodies.Arm(_state, _commits.IsRetired);
    }

    /// <summary>In the turn: starts and reports that no commit has taken along get one of their own (S25).</summary>
    public void FlushOld(long now)
    {
        Bodies.FlushReports();
        if (_commits.IsOverdue(now))
        {
            _commits.Flush(force: true);
        }
    }

    /// <summary>In the turn: gives the job back unfinished, if no body runs. An open session that is between two steps is closed for it.</summary>
    public void Release()
    {
        SessionSeat.CloseIdle(this);
        _commits.Release();
    }

    public void Lose() => _commits.Drop(); // In the turn: the job is, or may be, another owner's by now.

    private async ValueTask<StepTask> BeginByLetterAsync()
    {
        ValueTask<StepTask> start = default;
        await _turn.Post(new Letter { Work = runner => start = runner.BeginNext() }).ConfigureAwait(false);
        return await start.ConfigureAwait(false);
    }

    private ValueTask<StepTask> BeginNext()
    {
        try
        {
            return _starts.CommitAsync(_starts.BeginNext());
        }
        catch (Exception error)
        {
            Fail(error);
            return default;
        }
    }

    private void Take(ControlCommand command)
    {
        if ((_delivered ??= []).Add(command.Id) && !_commits.IsRetired)
        {
            Change(command);
        }
    }

    /// <summary>In the turn: applies a command, commits what it may, and asks for the slots that follow.</summary>
    public CommandVerdict Apply(JobCommand command, bool keepsSlot = false)
    {
        if (_commits.IsRetired)
        {
            return CommandVerdict.Stale;
        }

        try
        {
            var verdict = Change(command);
            if (keepsSlot && verdict.Effect != CommandEffect.Stale)
            {
                _starts.KeepSlot();
            }

            _commits.Flush(force: false);
            _starts.AskForSlots();
            return verdict;
        }
        catch (Exception error)
        {
            return Fail(error);
        }
    }

    private void Run(Action<FlowRunner> work)
    {
        try
        {
            work(this);
        }
        catch (Exception error)
        {
            Fail(error);
        }
    }

    private void Open(List<ControlCommand> mail, OpenSession? open)
    {
        if (_state.IsConcluding)
        {
            FlowOutput.Begin(_node, this, _state);
        }

        HoldsStarts = _state.Head.Paused;
        mail.ForEach(Take);
        _ = open is null ? CommandVerdict.AlreadySo : Change(open);
        _commits.Flush(force: true);
        Bodies.Arm(_state, _commits.IsRetired);
        _commits.ReleaseIfIdle();
        _starts.AskForSlots();
    }

    private CommandVerdict Change(JobCommand command)
    {
        var wasConcluding = _state.IsConcluding;
        var verdict = JobMachine.Apply(_state, command, _node.Now);
        HoldsStarts = _state.Head.Paused;
        Facts = _state.Head.Attempt == Facts.JobAttempt ? Facts : Facts with { JobAttempt = _state.Head.Attempt };
        if (command is RestoreCheckpoint && verdict.Effect == CommandEffect.Applied)
        {
            Bodies.MarkStale(_state.Changes.Stops);
        }

        if (_state.IsConcluding && !wasConcluding)
        {
            FlowOutput.Begin(_node, this, _state);
        }

        return verdict;
    }

    /// <summary>In the turn: something here is broken, or the store broke its contract. The job is given up on this node and claimed anew.</summary>
    public CommandVerdict Fail(Exception error)
    {
        EngineLog.RunnerFailed(_node.Log, error, Id);
        _node.LostTrack = true;
        _commits.Drop();
        return CommandVerdict.Stale;
    }

    public void Open(Letter letter) // In the turn: called by it for every letter.
    {
        if (letter.Work is { } work)
        {
            Run(work);
            letter.TrySetResult(CommandVerdict.Applied);
            return;
        }

        letter.Verdict = Apply(letter.Command!, letter.KeepsSlot);
        if (_commits.IsIdle)
        {
            letter.TrySetResult(_commits.IsLost ? CommandVerdict.Stale : letter.Verdict);
        }
        else
        {
            _commits.Await(letter);
        }
    }
}
