namespace WorkflowEngine;

/// <summary>Bounds one attempt (S12): first the token fires, then, after the grace period, the attempt is given up although its body still runs.</summary>
internal sealed class StepDeadline : IDisposable
{
    private static readonly TimeSpan LongestPiece = TimeSpan.FromDays(40);

    private readonly FlowRunner _runner;
    private readonly StepTask _task;
    private readonly CancellationTokenSource _stop;
    private readonly ITimer _timer;
    private TimeSpan _left;
    private int _fired;

    public StepDeadline(FlowRunner runner, in StepTask task, TimeSpan timeout, TimeProvider time)
    {
        _runner = runner;
        _task = task;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(runner.Bodies.Token);
        _left = timeout;
        _timer = time.CreateTimer(static deadline => ((StepDeadline)deadline!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        ArmNext();
    }

    public CancellationToken Token => _stop.Token;

    public bool HasFired => Volatile.Read(ref _fired) > 0;

    public void Dispose()
    {
        _timer.Dispose();
        _stop.Dispose();
    }

    private void Fire()
    {
        if (_left > TimeSpan.Zero)
        {
            ArmNext();
            return;
        }

        if (Interlocked.Increment(ref _fired) == 1)
        {
            _runner.Bodies.MarkTimedOut(_task.Start.Run);
            _timer.Change(_runner.Bodies.Grace, Timeout.InfiniteTimeSpan);
            _runner.Bodies.Cancel(_stop);
            return;
        }

        var error = new StepError(Reasons.Timeout, $"Step '{_task.Step.Id}' ignored its token after its timeout of {_task.Step.Timeout} and was given up.");
        _runner.Bodies.Abandon(_task.Start.Step, _task.Start.Run, new StepOutcome(OutcomeKind.Failed) { Error = error });
    }

    /// <summary>A timer takes 49 days at most: a longer time goes in pieces.</summary>
    private void ArmNext()
    {
        var piece = _left < LongestPiece ? _left : LongestPiece;
        _left -= piece;
        _timer.Change(piece, Timeout.InfiniteTimeSpan);
    }
}
