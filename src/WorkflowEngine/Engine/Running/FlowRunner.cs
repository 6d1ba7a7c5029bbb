using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// Holds one job on its owner (run-flow): the single writer of its state, by <see cref="Turn"/>. Step bodies never run inside a turn, so a hung body blocks nobody.
/// </summary>
internal sealed class FlowRunner : ISlotTaker
{
    private readonly EngineNode _node;
    private readonly JobState _state;
    private readonly JobCommits _commits;
    private HashSet<Guid>? _delivered;
    private Turn _turn;
    private bool _holdsStarts;

    /// <summary>Slots asked for, or kept by a step's ender, whose next steps have not begun.</summary>
    private int _asked;

    public FlowRunner(EngineNode node, RunnableFlow flow, JobState state, object? storeTag)
    {
        _node = node;
        _state = state;
        Flow = flow;
        Bodies = new RunningBodies(node, this, state);
        _commits = new JobCommits(node, this, state, storeTag);
        Facts = node.FactsOf(flow.Flow, state, Bodies);
        Rank = state.Creation.CreatedAt - (state.Creation.Priority * 10 * TimeSpan.TicksPerSecond);
    }

    public JobId Id => _state.Id;

    public JobFacts Facts { get; private set; }

    public long Rank { get; }

    public RunnableFlow Flow { get; }

    /// <summary>The bodies that run, and how they are asked to stop.</summary>
    public RunningBodies Bodies { get; }

    /// <summary>The job's head as last committed, once this runner is retired.</summary>
    public JobHead FinalHead => _state.Head;

    /// <summary>Completes when this node has no more to do with the job: it ended, was released, or was lost.</summary>
    public Task Retired => _commits.Retired;

    public bool IsRetired => _commits.IsRetired;

    /// <summary>Read by the executor right before a body: a step that got its slot before the pause was applied must not begin after it (S14).</summary>
    public bool HoldsStarts => Volatile.Read(ref _holdsStarts);

    /// <summary>
    /// Applies the mail that a claim brought, commits it with the creation or whatever loading changed, and asks for slots. Called once, before anybody else knows the runner.
    /// The mail comes first: without it a paused job would be released again in this very commit.
    /// </summary>
    public ValueTask<CommitVerdict> BeginAsync(IReadOnlyList<JobMessage> mail)
    {
        while (!_turn.TryEnter())
        {
            Thread.SpinWait(20); // Somebody who found the job by its id is in here: a microsecond.
        }

        try
        {
            foreach (var message in mail)
            {
                (_delivered ??= []).Add(message.Id);
                Change(ControlMessages.ToCommand(message));
            }

            Volatile.Write(ref _holdsStarts, _state.Head.Paused);
            _commits.Flush(force: true);
            Bodies.Arm();
            _commits.ReleaseIfIdle();
            if (_state.IsConcluding && !IsRetired)
            {
                FlowOutput.Begin(_node, this, _state);
            }

            AskForSlots();
            return _commits.FirstVerdict();
        }
        catch (Exception error)
        {
            Fail(error);
            throw;
        }
        finally
        {
            _turn.Leave(this);
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
            return new(_turn.Post(this, new Letter { Command = command, KeepsSlot = keepsSlot }));
        }

        var verdict = Apply(command, keepsSlot);
        if (_commits.IsIdle)
        {
            _turn.Leave(this);
            return new(verdict);
        }

        var letter = new Letter { Verdict = verdict };
        _commits.Await(letter);
        _turn.Leave(this);
        return new(letter.Task);
    }

    /// <summary>Applies a command whose verdict nobody waits for.</summary>
    public void Tell(JobCommand command) => _ = _turn.Post(this, new Letter { Command = command });

    /// <summary>Applies an inbox message, once.</summary>
    public void Deliver(JobMessage message) => InTurn(runner =>
    {
        if ((runner._delivered ??= []).Add(message.Id))
        {
            runner.Apply(ControlMessages.ToCommand(message));
        }
    });

    /// <summary>Does something in the turn, now or when its holder drains the mailbox.</summary>
    public void InTurn(Action<FlowRunner> work)
    {
        if (_turn.TryEnter())
        {
            Turn.Do(this, work);
            _turn.Leave(this);
        }
        else
        {
            _ = _turn.Post(this, new Letter { Work = work });
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

        var task = BeginNext();
        _turn.Leave(this);
        return new(task);
    }

    /// <summary>In the turn: something here is broken, or the store broke its contract. This node forgets the job; the next claim finds it again.</summary>
    public CommandVerdict Fail(Exception error)
    {
        EngineLog.RunnerFailed(_node.Log, error, Id);
        _node.LostTrack = true;
        _commits.Drop();
        return CommandVerdict.Stale;
    }

    /// <summary>In the turn: the commit that was in flight came back.</summary>
    public void AfterCommit()
    {
        _commits.Flush(force: false);
        if (_node.IsDraining)
        {
            _commits.Release();
        }

        AskForSlots();
    }

    /// <summary>In the turn: some waiting step is due, or the job's own time is over.</summary>
    public void Wake()
    {
        Apply(Parking.EndOf(_state) is > 0 and var end && end <= _node.Now ? new TimeOutJob() : new WakeDue());
        Bodies.Arm();
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

    /// <summary>In the turn: gives the job back unfinished, if no body runs.</summary>
    public void Release() => _commits.Release();

    private async ValueTask<StepTask> BeginByLetterAsync()
    {
        var task = default(StepTask);
        await _turn.Post(this, new Letter { Work = runner => task = runner.BeginNext() }).ConfigureAwait(false);
        return task;
    }

    private StepTask BeginNext()
    {
        try
        {
            _asked--;
            if (_commits.IsRetired || _node.IsDraining || !JobMachine.TryBegin(_state, _node.Now, out var start))
            {
                return default;
            }

            if (start.Run == 1)
            {
                Bodies.ArmEnd(Parking.EndOf(_state));
            }

            // While the job is paused only steps begin that an operator asked for.
            return StepTask.Of(_state, Flow, start) with { IsForced = _state.Head.Paused };
        }
        catch (Exception error)
        {
            Fail(error);
            return default;
        }
    }

    /// <summary>In the turn: applies a command and commits what it changed, if no commit is in flight.</summary>
    public CommandVerdict Apply(JobCommand command, bool keepsSlot = false)
    {
        if (_commits.IsRetired)
        {
            return CommandVerdict.Stale;
        }

        try
        {
            var wasConcluding = _state.IsConcluding;
            var verdict = Change(command);
            _asked += keepsSlot && verdict.Effect != CommandEffect.Stale ? 1 : 0;
            if (_state.IsConcluding && !wasConcluding)
            {
                FlowOutput.Begin(_node, this, _state);
            }

            _commits.Flush(force: false);
            AskForSlots();
            return verdict;
        }
        catch (Exception error)
        {
            return Fail(error);
        }
    }

    private CommandVerdict Change(JobCommand command)
    {
        var verdict = JobMachine.Apply(_state, command, _node.Now);
        Volatile.Write(ref _holdsStarts, _state.Head.Paused);
        Facts = _state.Head.Attempt == Facts.JobAttempt ? Facts : Facts with { JobAttempt = _state.Head.Attempt };
        return verdict;
    }

    private void AskForSlots()
    {
        // Steps readied by an unfinished commit are not startable yet; AfterCommit asks for them.
        for (var startable = _commits.IsRetired || _node.IsDraining ? 0 : _state.Startable; _asked < startable; _asked++)
        {
            _node.Scheduler.Schedule(this);
        }
    }

    /// <summary>In the turn.</summary>
    public void Open(Letter letter)
    {
        if (letter.Work is { } work)
        {
            Turn.Do(this, work);
            letter.TrySetResult(CommandVerdict.Applied);
            return;
        }

        letter.Verdict = Apply(letter.Command!, letter.KeepsSlot);
        if (_commits.IsIdle)
        {
            letter.TrySetResult(letter.Verdict);
        }
        else
        {
            _commits.Await(letter);
        }
    }
}
