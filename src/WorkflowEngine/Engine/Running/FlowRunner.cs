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
    private Turn _turn;

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
        Facts = new JobFacts(creation.Id, flow.Flow.Id, flow.Flow.Version, node.Options.Json)
        {
            Options = creation.Options,
            JobAttempt = state.Head.Attempt,
            Epoch = state.Epoch,
            Services = node.Services,
            Loggers = node.Loggers,
            Host = Bodies,
        };
        Rank = creation.CreatedAt - (creation.Priority * 10 * TimeSpan.TicksPerSecond);
    }

    public JobId Id => _state.Id;

    public JobFacts Facts { get; }

    public long Rank { get; }

    public RunnableFlow Flow { get; }

    /// <summary>The bodies that run, and how they are asked to stop.</summary>
    public RunningBodies Bodies { get; }

    /// <summary>The job's head as last committed, once this runner is retired.</summary>
    public JobHead FinalHead => _state.Head;

    /// <summary>Completes when this node has no more to do with the job: it ended, was released, or was lost.</summary>
    public Task Retired => _commits.Retired;

    public bool IsRetired => _commits.IsRetired;

    /// <summary>
    /// Applies the mail that a claim brought, commits it with the creation or whatever loading changed, and asks for slots. Called once, before anybody else knows the runner.
    /// The mail comes first: without it a paused job would be released again in this very commit.
    /// </summary>
    public ValueTask<CommitVerdict> BeginAsync(IReadOnlyList<JobMessage> mail)
    {
        _turn.TryEnter();
        Bodies.ArmJobTimeout(_state);
        foreach (var message in mail)
        {
            (_delivered ??= []).Add(message.Id);
            JobMachine.Apply(_state, ControlMessages.ToCommand(message), _node.Now);
        }

        _commits.Flush(force: true);
        _commits.ReleaseIfIdle();
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
        if (!_turn.TryEnter())
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
        if (_turn.TryEnter())
        {
            work(this);
            Leave();
        }
        else
        {
            _ = Post(new Letter { Work = work });
        }
    }

    /// <summary>Called by the scheduler with a slot in hand.</summary>
    public void TakeSlot() => SlotRun.Begin(_node, this);

    /// <summary>With a slot in hand: starts the next ready step; the default value when there is none.</summary>
    public ValueTask<StepTask> BeginNextAsync()
    {
        if (_turn.TryEnter())
        {
            var task = BeginNext();
            Leave();
            return new(task);
        }

        return BeginByLetterAsync();
    }

    /// <summary>This node forgets the job; a later claim finds it again.</summary>
    public void Drop() => InTurn(static runner => runner._commits.Drop());

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
        if (_commits.IsRetired)
        {
            return CommandVerdict.Stale;
        }

        var wasConcluding = _state.IsConcluding;
        var verdict = JobMachine.Apply(_state, command, _node.Now);
        _asked += keepsSlot && verdict.Effect != CommandEffect.Stale ? 1 : 0;
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

    private Task<CommandVerdict> Post(Letter letter)
    {
        if (_turn.Post(letter))
        {
            Leave();
        }

        return letter.Task;
    }

    /// <summary>Drains the mailbox and gives the turn up.</summary>
    private void Leave()
    {
        do
        {
            while (_turn.TakeMail() is { } oldest)
            {
                for (Letter? letter = oldest; letter is not null; letter = letter.Next)
                {
                    Open(letter);
                }
            }
        }
        while (!_turn.TryRelease());
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
