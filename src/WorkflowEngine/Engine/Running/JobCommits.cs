using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// Turns a runner's open change set into transitions, at most one of them in flight, and does what a durable commit allows: publish, answer, start, stop.
/// Every member is called in the runner's turn.
/// </summary>
internal sealed class JobCommits
{
    /// <summary>A start that no commit has taken along for so long gets a commit of its own (S25).</summary>
    private const long StartLatency = 250 * TimeSpan.TicksPerMillisecond;

    private readonly EngineNode _node;
    private readonly FlowRunner _runner;
    private readonly JobState _state;
    private readonly JobTransition _transition = new();
    private readonly TaskCompletionSource _retired = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ChangeSet? _sealed;
    private List<Letter>? _awaitOpen;
    private List<Letter>? _awaitSealed;
    private TaskCompletionSource<CommitVerdict>? _first;
    private CommitVerdict _lastVerdict;
    private bool _inFlight;
    private bool _isCreated;

    public JobCommits(EngineNode node, FlowRunner runner, JobState state, object? storeTag)
    {
        _node = node;
        _runner = runner;
        _state = state;
        _isCreated = state.Head.Version > 0;
        _transition.Id = state.Id;
        _transition.Incarnation = node.Incarnation;
        _transition.Epoch = state.Epoch;
        _transition.StoreTag = storeTag;
    }

    public Task Retired => _retired.Task;

    public bool IsRetired { get; private set; }

    /// <summary>Everything that had to be durable is.</summary>
    public bool IsIdle => !_inFlight && (IsRetired || !_state.Changes.IsUrgent);

    /// <summary>Completes the letter when what is open or in flight now is durable.</summary>
    public void Await(Letter letter) => (_state.Changes.IsUrgent ? ref _awaitOpen : ref _awaitSealed) = [.. (_state.Changes.IsUrgent ? _awaitOpen : _awaitSealed) ?? [], letter];

    public ValueTask<CommitVerdict> FirstVerdict()
        => _inFlight ? new((_first = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task) : new(_lastVerdict);

    public bool IsOverdue(long now) => _state.Changes.FirstStartAt is > 0 and var at ? now - at >= StartLatency : !_state.Changes.IsEmpty;

    /// <summary>Commits the open change set if it is urgent (or <paramref name="force"/>) and no commit is in flight.</summary>
    public void Flush(bool force)
    {
        while (!_inFlight && !IsRetired && (_state.Changes.IsUrgent || (force && !_state.Changes.IsEmpty)))
        {
            Seal(releases: MayRelease());
            force = false;
            Commit();
        }
    }

    /// <summary>The first transition of a job that nobody owns yet.</summary>
    public static JobTransition SealUnowned(JobState state)
    {
        state.Head.Version++;
        state.Head.DueAt = state.Creation.Options?.StartAfter?.UtcTicks ?? 0;
        state.Head.Sequence = state.Changes.Events.Count;
        return new JobTransition
        {
            Id = state.Id,
            Creation = state.Creation,
            Head = state.Head,
            Events = new EventRow(state.Id, state.Flow.Id, 1, state.Changes.Events.Count, state.Changes.Events.Written),
        };
    }

    /// <summary>Gives the job back unfinished, if no body runs and nothing is in flight.</summary>
    public void Release()
    {
        if (!_inFlight && !IsRetired && _state.Running == 0)
        {
            Seal(releases: true);
            Commit();
        }
    }

    /// <summary>This node forgets the job; a later claim finds it again.</summary>
    public void Drop()
    {
        if (!IsRetired)
        {
            _runner.Bodies.StopAll(StopCause.LeaseLost);
            Retire();
        }
    }

    private void Seal(bool releases)
    {
        var changes = _state.Changes;
        if (!_node.Store.Traits.IsSynchronous)
        {
            // Commands go on changing the state while the commit is in flight: they get a change set of their own.
            _state.Changes = _sealed ?? new ChangeSet();
        }

        _sealed = changes;
        (_awaitSealed, _awaitOpen) = (_awaitOpen, null);
        _transition.ClearSteps();
        foreach (var index in changes.Touched)
        {
            ref var step = ref _state.Steps[index];
            step.IsTouched = false;
            if (step.Status != StepStatus.Pending || step.HasRow || step.Detail is not null)
            {
                step.HasRow = true;
                Fill(ref _transition.AddStep(), index, ref step);
            }
        }

        ref var head = ref _state.Head;
        head.Percentage = JobProgress.Of(_state);
        head.Completed = _state.CompletedCount;
        head.DueAt = _state.IsTerminal ? 0 : StepWaits.NextDue(_state);
        head.Version++;
        _transition.Events = new EventRow(_state.Id, _state.Flow.Id, head.Sequence + 1, changes.Events.Count, changes.Events.Written);
        head.Sequence += changes.Events.Count;
        _transition.Head = head;
        _transition.Creation = _isCreated ? null : _state.Creation;
        _transition.Taken = changes.Taken;
        _transition.Releases = releases;
    }

    private void Commit()
    {
        var verdict = _node.Commits.CommitAsync(_transition);
        if (verdict.IsCompletedSuccessfully)
        {
            Done(verdict.Result);
            return;
        }

        _inFlight = true;
        _ = FinishAsync(verdict);
    }

    private async Task FinishAsync(ValueTask<CommitVerdict> commit)
    {
        CommitVerdict verdict;
        try
        {
            verdict = await commit.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            EngineLog.RunnerFailed(_node.Log, error, _state.Id);
            verdict = new CommitVerdict(CommitResult.Stale);
        }

        _runner.InTurn(runner =>
        {
            _inFlight = false;
            Done(verdict);
            runner.AfterCommit();
        });
    }

    private void Done(CommitVerdict verdict)
    {
        _lastVerdict = verdict;
        _isCreated = true;
        if (verdict.Result is CommitResult.Committed or CommitResult.AlreadyCommitted)
        {
            if (_transition.Events.Count > 0 && _node.Events.HasWatchers)
            {
                _node.Events.Publish(_transition.Events);
            }

            JobMachine.ReleaseReadied(_state, _sealed!);
            foreach (var answer in _sealed!.Answers)
            {
                _node.Answers.Give(answer.Command, answer.Verdict);
            }

            if (_sealed.Stops.Count > 0)
            {
                _runner.Bodies.StopAll(StopCause.JobCancelled);
            }

            if (_state.IsTerminal || _transition.Releases)
            {
                CleanPackets();
                Retire();
            }
            else
            {
                _runner.Bodies.ArmDue(_transition.Head.DueAt);
            }
        }
        else
        {
            EngineLog.CommitRefused(_node.Log, _state.Id, verdict.Result);
            Drop();
        }

        _sealed!.Clear();
        _awaitSealed?.ForEach(letter => letter.TrySetResult(letter.Verdict));
        _awaitSealed = null;
        _first?.TrySetResult(verdict);
    }

    /// <summary>A waiting or paused job that is not due soon leaves memory in the commit that made it so (S16).</summary>
    private bool MayRelease()
    {
        if (_node.IsDraining && _state is { IsTerminal: false, Running: 0 })
        {
            return true;
        }

        if (_state.IsTerminal || _state.Running > 0 || _state.IsConcluding || _state.IsEnding || !_isCreated)
        {
            return false;
        }

        var due = StepWaits.NextDue(_state);
        var isFar = due == 0 || due - _node.Now > _node.Options.ParkAfter.Ticks;
        return _state.Head.Status == JobStatus.Waiting ? isFar : _state.Head.Status == JobStatus.Paused && !_state.Head.StepMode && !_state.Changes.HasForced && _state.Ready.ForcedCount == 0;
    }

    private void CleanPackets()
    {
        if (_state.Head.Status.IsSuccess() && (_state.Creation.Input.Reference is not null || Array.Exists(_state.Steps, step => step.Output.Reference is not null)))
        {
            _ = _node.CleanPacketsAsync(_state.Id, _state.Flow.Id, _state.Head.Output);
        }
    }

    private void Retire()
    {
        IsRetired = true;
        _node.Remove(_runner);
        _runner.Bodies.Dispose();
        _awaitOpen?.ForEach(letter => letter.TrySetResult(CommandVerdict.Stale));
        _awaitOpen = null;
        _retired.TrySetResult();
    }

    private void Fill(ref StepRow row, int index, ref StepState step)
    {
        row.Path = _state.Flow.Steps[index].Id;
        row.Index = index;
        row.Status = step.Status == StepStatus.WaitingInputs ? StepStatus.Pending : step.Status;
        row.NoItems = step.NoItems;
        row.Attempt = step.Attempt;
        row.StartedAt = step.StartedAt;
        row.CompletedAt = step.CompletedAt;
        row.Output = step.Output;
        row.Detail = step.Detail;
    }
}
