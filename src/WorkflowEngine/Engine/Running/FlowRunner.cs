using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// Holds one job on its owner (run-flow): the single writer of its state, by turn (<see cref="JobTurn"/>). Step bodies never run inside a turn, so a hung body blocks nobody.
/// </summary>
internal sealed class FlowRunner : ISlotTaker
{
    private readonly EngineNode _node;
    private readonly JobState _state;
    private readonly JobCommits _commits;
    private readonly JobTurn _turn;
    private HashSet<Guid>? _delivered;

    private bool _holdsStarts;

    /// <summary>Slots asked for, or kept by a step's ender, whose next steps have not begun.</summary>
    private int _asked;

    public FlowRunner(EngineNode node, RunnableFlow flow, JobState state, object? storeTag)
    {
        _node = node;
        _state = state;
        _turn = new JobTurn(Open, Fail);
        Flow = flow;
        Bodies = new RunningBodies(node, this);
        _commits = new JobCommits(node, this, state, storeTag);
        var creation = state.Creation;
        var options = creation.Options;
        Facts = new JobFacts(creation.Id, flow.Flow.Id, flow.Flow.Version, options?.Tenant, options?.Actor, options?.Trigger, options?.Key, state.Head.Attempt, WorkflowJson.EmptyObject, node.Options.Json);
        Rank = creation.CreatedAt - (creation.Priority * 10 * TimeSpan.TicksPerSecond);
    }

    public JobId Id => _state.Id;

    public JobFacts Facts { get; private set; }

    public long Rank { get; }

    public RunnableFlow Flow { get; }

    /// <summary>The bodies that run, and how they are asked to stop.</summary>
    public RunningBodies Bodies { get; }

    public int Epoch => _state.Epoch;

    /// <summary>Completes when this node has no more to do with the job: it ended, was released, or was lost.</summary>
    public Task Retired => _commits.Retired;

    public bool IsRetired => _commits.IsRetired;

    /// <summary>Read by the executor right before a body: a step that got its slot before the pause was applied must not begin after it (S14).</summary>
    public bool HoldsStarts { get => Volatile.Read(ref _holdsStarts); private set => Volatile.Write(ref _holdsStarts, value); }

    /// <summary>
    /// Commits a creation, or whatever loading and the mail that came along changed, and asks for slots. Called once, by who made the runner.
    /// The mail goes first: a paused or waiting job is given back as soon as nothing is to be done, and its mail is what it was claimed for.
    /// </summary>
    public ValueTask<CommitVerdict> BeginAsync(IReadOnlyList<JobMessage>? mail = null)
    {
        while (!_turn.TryEnter())
        {
            // Somebody who found the job by its id is in here: a microsecond.
        }

        try
        {
            if (_state.IsConcluding)
            {
                FlowOutput.Begin(_node, this, _state);
            }

            HoldsStarts = _state.Head.Paused;
            foreach (var message in mail ?? [])
            {
                Take(message);
            }

            _commits.Flush(force: true);
            ArmTimers();
            _commits.ReleaseIfIdle();
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

        try
        {
            var verdict = Apply(command, keepsSlot);
            if (_commits.IsIdle)
            {
                return new(verdict);
            }

            var letter = new Letter { Verdict = verdict };
            _commits.Await(letter);
            return new(letter.Task);
        }
        catch (Exception error)
        {
            Fail(error);
            return new(CommandVerdict.Stale);
        }
        finally
        {
            _turn.Leave();
        }
    }

    /// <summary>Applies a command whose verdict nobody waits for.</summary>
    public void Tell(JobCommand command) => _ = _turn.Post(new Letter { Command = command });

    /// <summary>Applies an inbox message, once.</summary>
    public void Deliver(JobMessage message) => InTurn(runner =>
    {
        runner.Take(message);
        runner._commits.Flush(force: false);
        runner.AskForSlots();
    });

    /// <summary>Does something in the turn, now or when its holder drains the mailbox.</summary>
    public void InTurn(Action<FlowRunner> work)
    {
        if (!_turn.TryEnter())
        {
            _ = _turn.Post(new Letter { Work = work });
            return;
        }

        try
        {
            work(this);
        }
        catch (Exception error)
        {
            Fail(error);
        }
        finally
        {
            _turn.Leave();
        }
    }

    /// <summary>Called by the scheduler with a slot in hand. The task never faults: <see cref="RunSlotAsync"/> catches everything.</summary>
    public void TakeSlot() => _ = RunSlotAsync();

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

    /// <summary>In the turn: some waiting step is due, or the job's time is over.</summary>
    public void Wake()
    {
        var isOver = JobDue.EndOf(_state) is > 0 and var end && end <= _node.Now;
        Apply(isOver ? new TimeOutJob() : new WakeDue(), keepsSlot: false);
        ArmTimers();
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

    /// <summary>In the turn: ends every body that still runs, as its token's cause says, and takes its slot back; what the body returns later is discarded (S12).</summary>
    public void AbandonAll(StopCause cause)
    {
        for (var index = 0; index < _state.Steps.Length && _state.Running > 0; index++)
        {
            if (_state.Steps[index].Status == StepStatus.Running)
            {
                var kind = cause == StopCause.JobCancelled ? OutcomeKind.Cancelled : OutcomeKind.Interrupted;
                Abandon(index, _state.Steps[index].Run, new StepOutcome(kind));
            }
        }
    }

    /// <summary>In the turn: as <see cref="AbandonAll"/>, for one run; nothing when it ended meanwhile.</summary>
    public void Abandon(int step, int run, StepOutcome outcome)
    {
        Bodies.MarkAbandoned(run);
        if (Apply(new EndStep(step, run, outcome), keepsSlot: false).Effect != CommandEffect.Applied)
        {
            Bodies.WasAbandoned(run);
            return;
        }

        EngineLog.StepAbandoned(_node.Log, Id, _state.Flow.Steps[step].Id);
        _node.Scheduler.Release();
    }

    /// <summary>In the turn: gives the job back unfinished, if no body runs.</summary>
    public void Release() => _commits.Release();

    private async Task RunSlotAsync()
    {
        try
        {
            var began = _node.Time.GetTimestamp();
            var task = await BeginNextAsync().ConfigureAwait(false);
            for (var steps = 1; task.Step is not null; steps++)
            {
                var outcome = await _node.Executor.ExecuteAsync(this, task).ConfigureAwait(false);

                // A job may keep a slot for 64 steps or 50 ms; then others have their turn.
                var goesOn = steps < 64 && _node.Time.GetElapsedTime(began).TotalMilliseconds < 50;
                var verdict = await ApplyAsync(new EndStep(task.Start.Step, task.Start.Run, outcome), keepsSlot: goesOn).ConfigureAwait(false);
                if (verdict.Effect == CommandEffect.Stale && Bodies.WasAbandoned(task.Start.Run))
                {
                    EngineLog.LateResult(_node.Log, Id, task.Step.Id);
                    if (goesOn)
                    {
                        InTurn(static runner => runner.ForgetSlot());
                    }

                    return; // Its slot was taken back when it was given up.
                }

                if (!goesOn)
                {
                    break;
                }

                task = await BeginNextAsync().ConfigureAwait(false);
            }
        }
        catch (Exception error)
        {
            InTurn(runner => runner.Fail(error));
        }

        _node.Scheduler.Release();
    }

    /// <summary>With a slot in hand: starts the next ready step; the default value when there is none.</summary>
    private ValueTask<StepTask> BeginNextAsync()
    {
        if (!_turn.TryEnter())
        {
            return BeginByLetterAsync();
        }

        try
        {
            return new(BeginNext());
        }
        catch (Exception error)
        {
            Fail(error);
            return default;
        }
        finally
        {
            _turn.Leave();
        }
    }

    private async ValueTask<StepTask> BeginByLetterAsync()
    {
        var task = default(StepTask);
        await _turn.Post(new Letter { Work = runner => task = runner.BeginNext() }).ConfigureAwait(false);
        return task;
    }

    private StepTask BeginNext()
    {
        _asked--;
        if (_commits.IsRetired || _node.IsDraining || !JobMachine.TryBegin(_state, _node.Now, out var start))
        {
            return default;
        }

        if (start.Run == 1)
        {
            Bodies.ArmEnd(JobDue.EndOf(_state));
        }

        // While the job is paused only steps that an operator forced begin, and those no pause holds back.
        return StepTask.Of(_state, Flow, start) with { IsForced = _state.Head.Paused };
    }

    /// <summary>The slot that a late ender counted on went with the abandoned run.</summary>
    private void ForgetSlot()
    {
        _asked--;
        AskForSlots();
    }

    private void Take(JobMessage message)
    {
        if ((_delivered ??= []).Add(message.Id) && !_commits.IsRetired)
        {
            Change(ControlMessages.ToCommand(message));
        }
    }

    private CommandVerdict Apply(JobCommand command, bool keepsSlot)
    {
        _asked += keepsSlot ? 1 : 0;
        if (_commits.IsRetired)
        {
            return CommandVerdict.Stale;
        }

        var verdict = Change(command);
        _commits.Flush(force: false);
        AskForSlots();
        return verdict;
    }

    private CommandVerdict Change(JobCommand command)
    {
        var wasConcluding = _state.IsConcluding;
        var verdict = JobMachine.Apply(_state, command, _node.Now);
        HoldsStarts = _state.Head.Paused;
        if (_state.Head.Attempt != Facts.JobAttempt)
        {
            Facts = Facts with { JobAttempt = _state.Head.Attempt };
        }

        if (_state.IsConcluding && !wasConcluding)
        {
            FlowOutput.Begin(_node, this, _state);
        }

        return verdict;
    }

    private void ArmTimers()
    {
        if (!IsRetired)
        {
            Bodies.ArmDue(StepWaits.NextDue(_state));
            Bodies.ArmEnd(JobDue.EndOf(_state));
        }
    }

    /// <summary>In the turn: something here is broken, or the store broke its contract. The job is given up on this node and claimed anew.</summary>
    private void Fail(Exception error)
    {
        EngineLog.RunnerFailed(_node.Log, error, Id);
        _node.LostTrack = true;
        _commits.Drop();
    }

    private void AskForSlots()
    {
        // Steps readied by an unfinished commit are not startable yet; AfterCommit asks for them.
        for (var startable = _commits.IsRetired || _node.IsDraining ? 0 : _state.Startable; _asked < startable; _asked++)
        {
            _node.Scheduler.Schedule(this);
        }
    }

    private void Open(Letter letter)
    {
        if (letter.Work is { } work)
        {
            work(this);
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
