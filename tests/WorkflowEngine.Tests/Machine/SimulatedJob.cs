using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Machine;

/// <summary>Plays a scenario against the machine and examines it after every move; then lets the job come to an end, so that none is ever stuck.</summary>
internal sealed class SimulatedJob
{
    private static readonly OutcomeKind[] Kinds =
    [
        OutcomeKind.Completed, OutcomeKind.Completed, OutcomeKind.Completed, OutcomeKind.Completed, OutcomeKind.Completed, OutcomeKind.Completed, OutcomeKind.Completed,
        OutcomeKind.Failed, OutcomeKind.Failed, OutcomeKind.Failed, OutcomeKind.NoItems, OutcomeKind.Skipped, OutcomeKind.Waits, OutcomeKind.RunsAgain, OutcomeKind.Interrupted, OutcomeKind.Cancelled,
        OutcomeKind.Finished,
    ];

    private readonly Scenario _scenario;
    private readonly MachineBench _bench;
    private readonly HashSet<int> _forced = [];
    private readonly List<StoredCheckpoint> _checkpoints = [];
    private readonly int[] _mayBegin;
    private Moment _before;
    private int _examined;
    private bool _isBenign;

    private SimulatedJob(Scenario scenario)
    {
        _scenario = scenario;
        _bench = new MachineBench(scenario.Flow, scenario.StartPaused ? new JobOptions { StartPaused = true } : null);
        _before = _bench.Sealed;
        _mayBegin = [.. Enumerable.Repeat(1, scenario.Flow.Steps.Count)];
    }

    private JobState State => _bench.State;

    /// <summary>Null, or what was broken and where.</summary>
    public static string? Play(Scenario scenario)
    {
        var job = new SimulatedJob(scenario);
        for (var number = 0; number < scenario.Moves.Count; number++)
        {
            if (job.Examine(scenario.Moves[number]) is { } broken)
            {
                return $"{broken} after move {number}, {scenario.Moves[number]}: {job._bench.Status.ToWord()} {job._bench.Steps}";
            }
        }

        return job.Finish();
    }

    private string? Examine(Move move)
    {
        _before = Moment.Of(State);
        string? broken;
        try
        {
            broken = Make(move);
        }
        catch (InvalidOperationException error)
        {
            broken = error.Message;
        }

        if (broken is null && _scenario.IsSynchronous && move.Act is not (Act.Begin or Act.Report))
        {
            _bench.Commit();
        }
        else if (broken is null && !_bench.IsInFlight && State.Changes.IsUrgent && move.Pick % 2 == 0)
        {
            _bench.Seal();
        }

        return broken ?? MachineInvariants.Broken(State) ?? MachineInvariants.Broken(_before, Moment.Of(State)) ?? ExamineEvents() ?? ExamineReopening();
    }

    /// <summary>Sequence numbers have no gaps, and a job attempt ends once.</summary>
    private string? ExamineEvents()
    {
        for (; _examined < _bench.Events.Count; _examined++)
        {
            var happened = _bench.Events[_examined];
            if (happened.Sequence != _examined + 1)
            {
                return $"event {happened.Sequence} stands at {_examined + 1}";
            }

            if (happened.Type is JobEventTypes.JobCompleted or JobEventTypes.JobFailed or JobEventTypes.JobCancelled
                && _bench.Events.Take(_examined).Any(earlier => earlier.Attempt == happened.Attempt && earlier.Type is JobEventTypes.JobCompleted or JobEventTypes.JobFailed or JobEventTypes.JobCancelled))
            {
                return $"attempt {happened.Attempt} ended twice";
            }
        }

        return null;
    }

    private string? ExamineReopening()
    {
        if (State.Head.Attempt > _before.Attempt)
        {
            AllowOpen();
        }

        return null;
    }

    private void AllowOpen()
    {
        _forced.Clear();
        for (var index = 0; index < _mayBegin.Length; index++)
        {
            _mayBegin[index] = State.Steps[index].Status is StepStatus.Running or StepStatus.Completed or StepStatus.Skipped or StepStatus.Failed ? 0 : 1;
        }
    }

    private string? Make(Move move)
    {
        var step = move.Pick % State.Steps.Length;
        var id = State.Flow.Steps[step].Id;
        switch (move.Act)
        {
            case Act.Begin:
                return Begin();
            case Act.End:
                return EndOne(move);
            case Act.Report:
                Apply(new ReportProgress(step, State.Steps[step].Run, (move.Extra % 140) - 20, null));
                return null;
            case Act.PassTime:
                _bench.Pass(TimeSpan.FromMilliseconds(move.Extra * 3));
                Apply(new WakeDue());
                return null;
            case Act.Seal when !_bench.IsInFlight:
                _bench.Seal();
                return null;
            case Act.Confirm:
                _bench.Confirm();
                return null;
            case Act.Crash:
                return Crash(commitsFirst: move.Extra % 2 == 0);
            case Act.Checkpoint when !_bench.IsInFlight:
                Apply(new CreateCheckpoint($"c{_checkpoints.Count}", null));
                _checkpoints.AddRange(State.Changes.Checkpoints);
                _bench.Seal(); // One that a crash took never was.
                return null;
            case Act.Restore:
                return _checkpoints.Count == 0 ? null : Restore(_checkpoints[move.Pick % _checkpoints.Count]);
            case Act.TimeOut:
                Apply(new TimeOutJob());
                return null;
            case Act.Conclude:
                Apply(new Conclude(new PacketSlot(DataPacket.Of("out")), move.Extra % 5 == 0 && !_isBenign ? new StepError("no_output", "It cannot be made.") : null));
                return null;
            case Act.Seal or Act.Checkpoint:
                return null;
            default:
                Apply(ControlOf(move, id));
                return null;
        }
    }

    private static ControlCommand ControlOf(Move move, string step) => move.Act switch
    {
        Act.Pause => new PauseJob(),
        Act.Resume => new ResumeJob(),
        Act.Cancel => new CancelJob(),
        Act.Fail => new FailJob("operator", "By hand."),
        Act.Skip => new SkipStep(step, move.Extra % 2 == 0 ? default : new PacketSlot(DataPacket.Of("given"))),
        Act.Retry => new RetryJob(move.Extra % 3 == 0 ? step : null),
        Act.RunStep => new RunStep(step),
        Act.Signal => MachineBench.Signal(move.Pick % 2 == 0 ? "go" : "stop", dedupe: move.Extra % 4 == 0 ? $"key{move.Extra % 7}" : null),
        _ => new WriteVariable(new JobVariable("limit", MachineBench.Json("1"), VariableKind.Input, null)),
    };

    private CommandVerdict Apply(JobCommand command)
    {
        var verdict = JobMachine.Apply(State, command, _bench.Now);
        if (command is RunStep run && verdict.Effect != CommandEffect.Refused)
        {
            _forced.Add(State.Flow.IndexOf(run.Step));
        }

        return verdict;
    }

    private string? Begin()
    {
        var (paused, closed) = (State.Head.Paused, State.IsEnding || State.IsTerminal || State.IsConcluding);
        if (!JobMachine.TryBegin(State, _bench.Now, out var start))
        {
            return null;
        }

        var wasForced = _forced.Remove(start.Step);
        if (closed)
        {
            return "begun in an ending job";
        }

        if (paused && !wasForced)
        {
            return "begun while paused";
        }

        if (--_mayBegin[start.Step] < 0)
        {
            return "begun twice without a reason";
        }

        return State.Flow.Steps[start.Step].Incoming.Any(edge => JobGraph.FateOf(State, edge, 0) == EdgeFate.Live && !_bench.DurableStatus(edge.From).IsTerminal())
            && State.Steps[start.Step].DetailOrNone.FiredBy is null
            ? "begun before its predecessor was durable"
            : null;
    }

    private string? EndOne(Move move)
    {
        var running = Enumerable.Range(0, State.Steps.Length).Where(index => State.Steps[index].Status == StepStatus.Running).ToList();
        if (running.Count == 0)
        {
            return null;
        }

        var index = running[move.Pick % running.Count];
        var run = State.Steps[index].Run;
        Apply(new EndStep(index, run, OutcomeOf(_isBenign ? OutcomeKind.Completed : Kinds[move.Extra % Kinds.Length], move.Extra)));
        _mayBegin[index] += State.Steps[index].IsOpen ? 1 : 0;
        return Apply(new EndStep(index, run, MachineBench.Done())).Effect == CommandEffect.Stale ? null : "an outcome was taken twice";
    }

    /// <summary>Every step stands where the checkpoint had it, but for what ran: that is ready again, under a key of its own.</summary>
    private string? Restore(StoredCheckpoint checkpoint)
    {
        var keys = State.Steps.Select(step => step.DetailOrNone.Generation).ToList();
        if (Apply(new RestoreCheckpoint(checkpoint.Id, checkpoint.Snapshot)).Effect != CommandEffect.Applied)
        {
            return null;
        }

        var kept = checkpoint.Snapshot!.Steps.ToDictionary(row => row.Index, row => row.Status);
        for (var index = 0; index < State.Steps.Length; index++)
        {
            ref var step = ref State.Steps[index];
            if (!step.IsOpen && !State.IsTerminal && step.Status != kept.GetValueOrDefault(index))
            {
                return $"{State.Flow.Steps[index].Id} was put back as {step.Status.ToWord()}, not {kept.GetValueOrDefault(index).ToWord()}";
            }

            if (step.IsOpen && step.DetailOrNone.Generation <= keys.Max())
            {
                return "a step that runs again has an old key";
            }
        }

        _before = _before with { Percentage = 0, Steps = Moment.Of(State).Steps };
        AllowOpen();
        return null;
    }

    private static StepOutcome OutcomeOf(OutcomeKind kind, int extra) => kind switch
    {
        OutcomeKind.Completed => MachineBench.Done("x", extra % 5 == 0 ? ["left"] : []) with { IsImplicitlyEmpty = extra % 11 == 0 },
        OutcomeKind.Failed => MachineBench.Fails(retryable: extra % 4 != 0),
        OutcomeKind.Waits => MachineBench.Ends(kind) with { Signal = extra % 2 == 0 ? "go" : "stop", Delay = extra % 3 == 0 ? TimeSpan.FromSeconds(2) : null },
        OutcomeKind.RunsAgain => MachineBench.Ends(kind) with { Delay = TimeSpan.FromSeconds(extra % 3) },
        OutcomeKind.Finished => MachineBench.Ends(kind) with { Output = extra % 2 == 0 ? new PacketSlot(DataPacket.Of("finish")) : default },
        _ => MachineBench.Ends(kind),
    };

    /// <summary>When everything was committed, the rebuilt job must be the one that was lost, but for what ran. An ending job with running steps ends.</summary>
    private string? Crash(bool commitsFirst)
    {
        if (commitsFirst)
        {
            _bench.Commit();
        }

        _before = _bench.Sealed;
        var (lost, wasEnding) = (Signature(State), State.IsEnding);
        _bench.Crash();
        AllowOpen();
        var found = Signature(State);
        return commitsFirst && !wasEnding && lost != found ? $"rebuilt as {found}, was {lost}" : null;
    }

    private static string Signature(JobState state)
    {
        var steps = state.Steps.Select(step => $"{(step.Status == StepStatus.Running ? StepStatus.Pending : step.Status).ToWord()}{(step.IsReady || step.Status == StepStatus.Running ? "!" : "")}"
            + $"{(step.Status == StepStatus.Running ? step.Attempt - 1 : step.Attempt)}");
        return $"{string.Join(',', steps)} failed {!state.IsTerminal && state.FailedStep >= 0} ending {state.Data.Ending} concluding {state.IsConcluding} due {StepWaits.NextDue(state)} signals {state.Data.Signals.Count}";
    }

    /// <summary>From here on nothing goes wrong: the job must come to an end.</summary>
    private string? Finish()
    {
        _isBenign = true;
        for (var turn = 0; turn < 400 && !State.IsTerminal; turn++)
        {
            _bench.Commit();
            var move = State.IsConcluding ? new Move(Act.Conclude, 0, 0)
                : State.Head.Paused && !State.IsEnding ? new Move(Act.Resume, 0, 0)
                : State.Startable > 0 && turn % 2 == 0 ? new Move(Act.Begin, 0, 0)
                : State.Running > 0 ? new Move(Act.End, turn, turn + 1)
                : StepWaits.NextDue(State) > 0 ? new Move(Act.PassTime, 0, 1000)
                : State.Waiting > 0 ? new Move(Act.Signal, turn, 1)
                : new Move(Act.Begin, 0, 0);
            if (Examine(move) is { } broken)
            {
                return $"{broken} while finishing, {move}: {_bench.Status.ToWord()} {_bench.Steps}";
            }
        }

        return State.IsTerminal ? null : $"stuck: {_bench.Status.ToWord()} {_bench.Steps}";
    }
}
