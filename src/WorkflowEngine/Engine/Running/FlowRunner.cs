using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// Holds one job on its owner (run-flow): the single writer of its state, by turn. The turn is a flag and a mailbox, not a thread: who finds the flag free applies
/// its command and drains the mailbox; who finds it taken leaves a letter. Step bodies never run inside a turn, so a hung body blocks nobody.
/// </summary>
internal sealed class FlowRunner : ISlotTaker
{
    private readonly EngineNode _node;
    private readonly JobState _state;
    private readonly JobCommits _commits;
    private HashSet<Guid>? _delivered;
    private Letter? _mail;
    private int _turn;

    /// <summary>Slots asked for, or kept by a step's ender, whose next steps have not begun.</summary>
    private int _asked;

    public FlowRunner(EngineNode node, RunnableFlow flow, JobState state, object? storeTag)
    {
        _node = node;
        _state = state;
        Flow = flow;
        Bodies = new RunningBodies(node, this);
        _commits = new JobCommits(node, this, state, storeTag);
        var creation = state.Creation;
        var options = creation.Options;
        Facts = new JobFacts(creation.Id, flow.Flow.Id, flow.Flow.Version, options?.Tenant, options?.Actor, options?.Trigger, options?.Key, state.Head.Attempt, WorkflowJson.EmptyObject, node.Options.Json);
        Rank = creation.CreatedAt - (creation.Priority * 10 * TimeSpan.TicksPerSecond);
    }

    public JobId Id => _state.Id;

    public JobFacts Facts { get; }

    public long Rank { get; }

    public RunnableFlow Flow { get; }

    /// <summary>The bodies that run, and how they are asked to stop.</summary>
    public RunningBodies Bodies { get; }

    public int Epoch => _state.Epoch;

    /// <summary>Completes when this node has no more to do with the job: it ended, was released, or was lost.</summary>
    public Task Retired => _commits.Retired;

    public bool IsRetired => _commits.IsRetired;

    /// <summary>False while a commit or the flow's output is on its way: then the job moves on without a body, a time or a message.</summary>
    public bool IsResting
    {
        get
        {
            if (!TryEnter())
            {
                return false;
            }

            var isResting = IsRetired || (_commits.IsIdle && !_state.IsConcluding);
            Leave();
            return isResting;
        }
    }

    /// <summary>Commits a creation, or whatever loading changed, and asks for slots. Called once, before anybody else knows the runner.</summary>
    public ValueTask<CommitVerdict> BeginAsync()
    {
        TryEnter();
        Bodies.ArmJobTimeout(_state);
        JobMachine.Apply(_state, new WakeDue(), _node.Now); // A released job is claimed when it is due, and nobody else wakes it.
        _commits.Flush(force: true);
        _commits.ArmDue();
        if (_state.IsConcluding && !IsRetired)
        {
            FlowOutput.Begin(_node, this, _state);
        }

        AskForSlots();
        var verdict = _commits.FirstVerdict();
        Leave();
        return verdict;
    }

    /// <summary>
    /// Applies a command and returns its verdict once it is durable. A retired runner answers Stale: a message stays in the inbox for the next owner.
    /// <paramref name="keepsSlot"/>: the caller ended a step and will call <see cref="BeginNextAsync"/> with the slot it holds.
    /// </summary>
    public ValueTask<CommandVerdict> ApplyAsync(JobCommand command, bool keepsSlot = false)
    {
        if (!TryEnter())
        {
            return new(Post(new Letter { Command = command, KeepsSlot = keepsSlot }));
        }

        var verdict = Apply(command, keepsSlot);
        if (_commits.IsIdle)
        {
            Leave();
            return new(verdict);
        }

        var letter = new Letter { Verdict = verdict };
        _commits.Await(letter);
        Leave();
        return new(letter.Task);
    }

    /// <summary>Applies a command whose verdict nobody waits for.</summary>
    public void Tell(JobCommand command) => _ = Post(new Letter { Command = command });

    /// <summary>Applies an inbox message, once.</summary>
    public void Deliver(JobMessage message) => InTurn(runner =>
    {
        if ((runner._delivered ??= []).Add(message.Id))
        {
            runner.Apply(ControlMessages.ToCommand(message), keepsSlot: false);
        }
    });

    /// <summary>Does something in the turn, now or when its holder drains the mailbox.</summary>
    public void InTurn(Action<FlowRunner> work)
    {
        if (TryEnter())
        {
            work(this);
            Leave();
        }
        else
        {
            _ = Post(new Letter { Work = work });
        }
    }

    /// <summary>Called by the scheduler with a slot in hand. The task never faults: <see cref="RunSlotAsync"/> catches everything.</summary>
    public void TakeSlot() => _ = RunSlotAsync();

    /// <summary>In the turn: the commit that was in flight came back.</summary>
    public void AfterCommit()
    {
        _commits.Flush(force: false);
        AskForSlots();
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
            EngineLog.RunnerFailed(_node.Log, error, Id);
            InTurn(static runner => runner._commits.Drop());
        }

        _node.Scheduler.Release();
    }

    /// <summary>With a slot in hand: starts the next ready step; the default value when there is none.</summary>
    private ValueTask<StepTask> BeginNextAsync()
    {
        if (TryEnter())
        {
            var task = BeginNext();
            Leave();
            return new(task);
        }

        return BeginByLetterAsync();
    }

    private async ValueTask<StepTask> BeginByLetterAsync()
    {
        var task = default(StepTask);
        await Post(new Letter { Work = runner => task = runner.BeginNext() }).ConfigureAwait(false);
        return task;
    }

    private StepTask BeginNext()
    {
        _asked--;
        if (_commits.IsRetired || _node.IsDraining || !JobMachine.TryBegin(_state, _node.Now, out var start))
        {
            return default;
        }

        return StepTask.Of(_state, Flow, start);
    }

    private CommandVerdict Apply(JobCommand command, bool keepsSlot)
    {
        _asked += keepsSlot ? 1 : 0;
        if (_commits.IsRetired)
        {
            return CommandVerdict.Stale;
        }

        var wasConcluding = _state.IsConcluding;
        var verdict = JobMachine.Apply(_state, command, _node.Now);
        if (_state.IsConcluding && !wasConcluding)
        {
            FlowOutput.Begin(_node, this, _state);
        }

        _commits.Flush(force: false);
        AskForSlots();
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

    private bool TryEnter()
    {
        if (Interlocked.CompareExchange(ref _turn, 1, 0) == 0)
        {
            return true;
        }

        // A turn takes a microsecond: a short spin is cheaper than a letter, which costs a thread hop.
        for (var spins = 0; spins < 20; spins++)
        {
            Thread.SpinWait(20);
            if (Volatile.Read(ref _turn) == 0 && Interlocked.CompareExchange(ref _turn, 1, 0) == 0)
            {
                return true;
            }
        }

        return false;
    }

    private Task<CommandVerdict> Post(Letter letter)
    {
        do
        {
            letter.Next = Volatile.Read(ref _mail);
        }
        while (Interlocked.CompareExchange(ref _mail, letter, letter.Next) != letter.Next);
        if (Interlocked.CompareExchange(ref _turn, 1, 0) == 0)
        {
            Leave();
        }

        return letter.Task;
    }

    /// <summary>Drains the mailbox and gives the turn up. A letter that comes between the last look and the release finds the turn free, or is seen by the look after it.</summary>
    private void Leave()
    {
        while (true)
        {
            while (Interlocked.Exchange(ref _mail, null) is { } newest)
            {
                for (var letter = Letter.Oldest(newest); letter is not null; letter = letter.Next)
                {
                    Open(letter);
                }
            }

            Interlocked.Exchange(ref _turn, 0);
            if (Volatile.Read(ref _mail) is null || Interlocked.CompareExchange(ref _turn, 1, 0) != 0)
            {
                return;
            }
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

/// <summary>A command, or work, left for the holder of the turn; it completes when its effect is durable.</summary>
internal sealed class Letter() : TaskCompletionSource<CommandVerdict>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public JobCommand? Command { get; init; }

    public Action<FlowRunner>? Work { get; init; }

    public bool KeepsSlot { get; init; }

    public CommandVerdict Verdict { get; set; }

    public Letter? Next { get; set; }

    /// <summary>Turns the chain around: the mailbox holds the newest first.</summary>
    public static Letter? Oldest(Letter? newest)
    {
        Letter? oldest = null;
        while (newest is not null)
        {
            (newest.Next, newest, oldest) = (oldest, newest.Next, newest);
        }

        return oldest;
    }
}
