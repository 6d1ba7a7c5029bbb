namespace WorkflowEngine;

/// <summary>The bodies of one job that run: their common token, grace, time limits and reports.</summary>
internal sealed class RunningBodies(EngineNode node, FlowRunner runner) : IAttemptHost, IDisposable
{
    private readonly Lock _gate = new();
    private CancellationTokenSource _stop = new();
    private HashSet<int>? _abandoned;
    private HashSet<int>? _stale;
    private HashSet<int>? _timedOut;
    private List<ProgressSink>? _sinks;
    private ITimer? _endTimer;
    private long _armedFor;
    private int _cause;
    private int _lastStale;
    private int _entering;

    /// <summary>Where the code of a session waits for what may come to it.</summary>
    public SessionBell Bell { get; } = runner.Flow.Flow.IsSession ? new SessionBell() : SessionBell.Mute;

    public FlowRunner Runner => runner;

    public EngineNode Node => node;

    /// <summary>Fires when the bodies are to stop.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>Why the token fired.</summary>
    public StopReason Cause => (StopReason)Volatile.Read(ref _cause);

    /// <summary>Fires the token, and after the grace period gives up on bodies that ignore it. The first cause stays.</summary>
    public void StopAll(StopReason cause)
    {
        if (Interlocked.CompareExchange(ref _cause, (int)cause, (int)StopReason.None) != (int)StopReason.None)
        {
            return;
        }

        // On the pool: a user's cancellation callback may be slow, or throw, and this is called in the turn.
        ThreadPool.UnsafeQueueUserWorkItem(static stopped => stopped.Fire(), this, preferLocal: false);
        node.Timers.At(node.Now + node.Options.StepCancellationGrace.Ticks, () => runner.InTurn(_ => Abandonment.All(node, runner, cause)));
    }

    /// <summary>In the turn: what became durable, as far as it concerns bodies that run.</summary>
    public void Follow(ChangeSet durable)
    {
        if (durable.RingsSession)
        {
            Bell.Ring();
        }

        if (durable.Stops.Count > 0 && durable.Restores)
        {
            StopStale(durable.Stops);
        }
        else if (durable.Stops.Count > 0)
        {
            StopAll(StopReason.JobCancelled);
        }
    }

    public StopReason ReasonOf(int run)
    {
        lock (_gate)
        {
            return _timedOut?.Contains(run) == true ? StopReason.StepTimeout : run <= _lastStale ? StopReason.JobCancelled : Cause;
        }
    }

    public void MarkTimedOut(int run)
    {
        lock (_gate)
        {
            (_timedOut ??= []).Add(run);
        }
    }

    /// <summary>Around the call of a body: from before the last look for a pause until the body has returned, or has come to its first wait.</summary>
    public void BeginEntry() => Interlocked.Increment(ref _entering);

    public void EndEntry() => Interlocked.Decrement(ref _entering);

    /// <summary>Waits until no body is being entered; one that works on without ever waiting has begun for sure after 50 ms.</summary>
    public async ValueTask EnteredAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        while (Volatile.Read(ref _entering) > 0 && TimeProvider.System.GetElapsedTime(began).TotalMilliseconds < 50)
        {
            await Task.Yield();
        }
    }

    /// <summary>Gives up on one run, in the turn.</summary>
    public void Abandon(int step, int run, StepOutcome outcome) => runner.InTurn(_ => Abandonment.One(node, runner, step, run, outcome));

    /// <summary>A restore left these runs behind: their outcomes are stale from now on. In the turn, before any of them can learn so.</summary>
    public void MarkStale(IReadOnlyList<StepStop> runs)
    {
        lock (_gate)
        {
            (_stale ??= []).UnionWith(runs.Select(run => run.Run));
        }
    }

    /// <summary>The restore is durable: fires the token of those runs, gives the bodies that begin from here on another, and after the grace period gives up on what ignores it.</summary>
    public void StopStale(IReadOnlyList<StepStop> runs)
    {
        var stopped = _stop;
        lock (_gate)
        {
            _stop = new CancellationTokenSource();
            _lastStale = runs.Max(run => run.Run);
        }

        ThreadPool.UnsafeQueueUserWorkItem(static bodies => bodies.Owner.Cancel(bodies.Token), (Owner: this, Token: stopped), preferLocal: false);
        node.Timers.At(node.Now + node.Options.StepCancellationGrace.Ticks, () => GiveUpStale(runs));
    }

    public void MarkAbandoned(int run)
    {
        lock (_gate)
        {
            (_abandoned ??= []).Add(run);
        }
    }

    /// <summary>A body ended whose outcome was stale. True when it was given up before, and its slot with it.</summary>
    public bool HasLostItsSlot(int run)
    {
        lock (_gate)
        {
            _stale?.Remove(run);
            return _abandoned?.Remove(run) == true;
        }
    }

    /// <summary>True, once, for a run that was given up before it ended.</summary>
    public bool WasAbandoned(int run)
    {
        lock (_gate)
        {
            return _abandoned?.Remove(run) == true;
        }
    }

    /// <summary>Looks at the job again when a waiting step is due, or the job's time is over.</summary>
    public void Arm(JobState state, bool isRetired)
    {
        if (!isRetired)
        {
            ArmDue(StepWaits.NextDue(state));
            ArmEnd(JobDue.EndOf(state));
        }
    }

    /// <summary>Looks at the job again at this time, when a waiting step is due; 0: none is.</summary>
    public void ArmDue(long dueAt)
    {
        if (dueAt > 0 && dueAt != _armedFor)
        {
            _armedFor = dueAt;
            node.Timers.At(dueAt, () => runner.InTurn(static due => due.Wake()));
        }
    }

    /// <summary>Looks at the job again when its own time is over; 0: it has no limit, or has not begun. A timer of its own, so that a job that ends in time leaves none behind.</summary>
    public void ArmEnd(long endAt)
    {
        if (endAt > 0)
        {
            _endTimer ??= node.Time.CreateTimer(static owner => ((FlowRunner)owner!).InTurn(static due => due.Wake()), runner, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            var left = Math.Clamp(endAt - node.Now, 0, TimeSpan.FromDays(40).Ticks); // A timer takes 49 days at most; the job's wake arms it again.
            _endTimer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(TimeSpan.FromTicks(left).TotalMilliseconds)), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>How long a body may ignore its token before it is given up.</summary>
    public TimeSpan Grace => node.Options.StepCancellationGrace;

    /// <summary>A place for one run's progress reports.</summary>
    public IProgressSink OpenProgress(int step, int run)
    {
        var sink = new ProgressSink(runner, step, run, node.Time);
        lock (_gate)
        {
            (_sinks ??= []).Add(sink);
        }

        return sink;
    }

    public void CloseSink(ProgressSink sink)
    {
        lock (_gate)
        {
            _sinks?.Remove(sink);
        }
    }

    public void FlushReports()
    {
        ProgressSink[] sinks;
        lock (_gate)
        {
            sinks = _sinks is { Count: > 0 } ? [.. _sinks] : [];
        }

        foreach (var sink in sinks)
        {
            sink.Flush();
        }
    }

    public void Dispose() => _endTimer?.Dispose(); // The token source stays: bodies that were given up may still look at it.

    private void GiveUpStale(IReadOnlyList<StepStop> runs)
    {
        foreach (var run in runs)
        {
            lock (_gate)
            {
                if (_stale?.Remove(run.Run) != true)
                {
                    continue; // It ended meanwhile.
                }

                (_abandoned ??= []).Add(run.Run);
            }

            EngineLog.StepAbandoned(node.Log, runner.Id, run.Path);
            node.Scheduler.Release();
        }
    }

    private void Fire() => Cancel(_stop);

    /// <summary>Fires a token; what a user's callback throws is logged and harms nobody.</summary>
    public void Cancel(CancellationTokenSource stop)
    {
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The attempt ended in this very moment.
        }
        catch (AggregateException error)
        {
            EngineLog.CancellationCallbackFailed(node.Log, error, runner.Id);
        }
    }
}

/// <summary>Takes a body's progress reports and passes on at most one each second, and the last one (S24).</summary>
internal sealed class ProgressSink(FlowRunner runner, int step, int run, TimeProvider time) : IProgressSink
{
    private long _passedAt;
    private ReportProgress? _held;

    public void Report(double percent, string? message)
    {
        var report = new ReportProgress(step, run, percent, message);
        lock (this)
        {
            if (_passedAt != 0 && time.GetElapsedTime(_passedAt) < TimeSpan.FromSeconds(1))
            {
                _held = report;
                return;
            }

            _passedAt = time.GetTimestamp();
            _held = null;
        }

        runner.Tell(report);
    }

    public void Close() => runner.Bodies.CloseSink(this);

    /// <summary>Passes a held report on once its second is over.</summary>
    public void Flush()
    {
        ReportProgress? held;
        lock (this)
        {
            if (_held is null || time.GetElapsedTime(_passedAt) < TimeSpan.FromSeconds(1))
            {
                return;
            }

            (held, _held) = (_held, null);
            _passedAt = time.GetTimestamp();
        }

        runner.Tell(held);
    }
}
