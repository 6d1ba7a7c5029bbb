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
    private readonly int _endedAttempt;
    private bool _inFlight;
    private bool _isCreated;

    public JobCommits(EngineNode node, FlowRunner runner, JobState state, object? storeTag)
    {
        _node = node;
        _runner = runner;
        _state = state;
        _isCreated = state.Head.Version > 0;
        _endedAttempt = state.IsTerminal ? state.Head.Attempt : 0; // Claimed for its mail alone: its books are closed already.
        _transition.Id = state.Id;
        _transition.Incarnation = node.Incarnation;
        _transition.Epoch = state.Epoch;
        _transition.StoreTag = storeTag;
    }

    public Task Retired => _retired.Task;

    public bool IsRetired { get; private set; }

    /// <summary>Retired before what was asked for last became durable: the store refused it, or nobody knows.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Everything that had to be durable is.</summary>
    public bool IsIdle => !_inFlight && (IsRetired || !_state.Changes.IsUrgent);

    /// <summary>Completes the letter when what is open or in flight now is durable.</summary>
    public Task<CommandVerdict> Await(Letter letter)
    {
        ref var waiting = ref _state.Changes.IsUrgent ? ref _awaitOpen : ref _awaitSealed;
        (waiting ??= []).Add(letter);
        return letter.Task;
    }

    public ValueTask<CommitVerdict> FirstVerdict()
        => _inFlight ? new((_first = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task) : new(_lastVerdict);

    public bool IsOverdue(long now) => !IsRetired && (_state.Changes.FirstStartAt is > 0 and var at ? now - at >= StartLatency : !_state.Changes.IsEmpty);

    /// <summary>Commits the open change set if it is urgent (or <paramref name="force"/>) and no commit is in flight.</summary>
    public void Flush(bool force)
    {
        while (!_inFlight && !IsRetired && (_state.Changes.IsUrgent || (force && !_state.Changes.IsEmpty)))
        {
            Seal(releases: (_isCreated && Parking.MayRelease(_node, _state)));
            force = false;
            Commit();
        }
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

    /// <summary>Gives back a claimed job that has nothing to do here.</summary>
    public void ReleaseIfIdle()
    {
        if (!_inFlight && !IsRetired && (_state.IsTerminal || (_isCreated && Parking.MayRelease(_node, _state))))
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
            IsLost = true;
            _runner.Bodies.StopAll(StopReason.LeaseLost);
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
            if (step.NeedsRow)
            {
                step.HasRow = true;
                step.WriteTo(ref _transition.AddStep(), index, _state.PathOf(index));
            }
        }

        SessionRows.Write(changes, _transition);
        _transition.Strikes = StrikeClearing.Of(_node, _state, _transition.Steps);
        ref var head = ref _state.Head;
        head.Percentage = JobProgress.Of(_state);
        head.Completed = _state.Session?.Completed ?? _state.CompletedCount;
        head.DueAt = JobDue.Of(_state);
        head.Version++;
        changes.Events.Sign(_node.Name);
        _transition.Events = new EventRow(_state.Id, _state.Flow.Id, head.Sequence + 1, changes.Events.Count, changes.Events.Written);
        head.Sequence += changes.Events.Count;
        _transition.Head = head;
        _transition.Creation = _isCreated ? null : _state.Creation;
        _transition.Taken = changes.Taken;
        _transition.Checkpoints = changes.Checkpoints;
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
            _node.LostTrack = true;
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

            _state.Refusals = 0;
            JobMachine.ReleaseReadied(_state, _sealed!);
            foreach (var answer in _sealed!.Answers)
            {
                _node.Answers.Give(answer.Command, answer.Verdict);
            }

            _runner.Bodies.Follow(_sealed);

            // The state may have become terminal while this commit, which is not yet the last one, was in flight.
            if ((_state.IsTerminal && _transition.Head.Status.IsTerminal()) || _transition.Releases)
            {
                CloseBooks();
                Retire();
            }
            else
            {
                _runner.Bodies.ArmDue(StepWaits.NextDue(_state));
            }
        }
        else
        {
            if (verdict.Result != CommitResult.KeyTaken)
            {
                EngineLog.CommitRefused(_node.Log, _state.Id, verdict.Result.ToString());
            }

            if (verdict.Result == CommitResult.Refused && _transition.Creation is null)
            {
                _node.Reload(Refusal.Of(_transition, verdict.Message ?? "The store gave no reason.", _state.Refusals + 1));
            }

            Drop();
        }

        _sealed!.Clear();
        GiveBack();
        _awaitSealed?.ForEach(letter => letter.TrySetResult(IsLost ? CommandVerdict.Stale : letter.Verdict));
        _awaitSealed = null;
        _first?.TrySetResult(verdict);
    }

    /// <summary>A retired job is changed no more: its change set serves the next one.</summary>
    private void GiveBack()
    {
        if (IsRetired && _sealed is { } finished && ReferenceEquals(finished, _state.Changes))
        {
            (_sealed, _state.Changes) = (null, ChangeSet.Retired);
            ChangeSet.Return(finished);
        }
    }

    private void CloseBooks()
    {
        if (_state.Head.Attempt == _endedAttempt)
        {
            return;
        }

        if (_state.IsTerminal)
        {
            var began = Math.Max(_state.Head.StartedAt, _state.Creation.CreatedAt);
            WorkflowTelemetry.JobEnded(_state.Flow.Id, _state.Head.Status, TimeSpan.FromTicks(_state.Head.CompletedAt - began));
        }

        if (_state.Head.Status.IsSuccess() && (_state.Creation.Input.Reference is not null || _state.Session is { HasStoredOutput: true } || _state.Rounds is not null || Array.Exists(_state.Flow.Steps, step => _state.Steps[step.Index].Output.Reference is not null)))
        {
            _ = _node.CleanPacketsAsync(_state.Id, _state.Flow.Id, _state.Creation.Input, _state.Head.Output);
        }
    }

    private void Retire()
    {
        IsRetired = true;
        _node.Remove(_runner);
        _runner.Bodies.Dispose();
        _awaitOpen?.ForEach(letter => letter.TrySetResult(CommandVerdict.Stale));
        _awaitOpen = null;
        _node.Answers.Lose(_sealed?.Answers ?? []);
        _node.Answers.Lose(_state.Changes.Answers);
        _retired.TrySetResult();
    }
}
