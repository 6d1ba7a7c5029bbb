namespace WorkflowEngine;

/// <summary>Bounds one attempt (S12): first the token fires, then, after the grace period, the attempt is given up although its body still runs.</summary>
internal sealed class StepDeadline : IDisposable
{
    private readonly FlowRunner _runner;
    private readonly StepTask _task;
    private readonly CancellationTokenSource _stop;
    private readonly ITimer _timer;
    private int _fired;

    public StepDeadline(FlowRunner runner, in StepTask task, TimeSpan timeout, TimeProvider time)
    {
        _runner = runner;
        _task = task;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(runner.Bodies.Token);
        // A timer takes 49 days at most, and a period of zero would mean none.
        var first = timeout < TimeSpan.FromDays(40) ? timeout : TimeSpan.FromDays(40);
        var grace = runner.Bodies.Grace > TimeSpan.FromMilliseconds(1) ? runner.Bodies.Grace : TimeSpan.FromMilliseconds(1);
        _timer = time.CreateTimer(static deadline => ((StepDeadline)deadline!).Fire(), this, first, grace);
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
        if (Interlocked.Increment(ref _fired) == 1)
        {
            _ = _stop.CancelAsync();
            return;
        }

        _timer.Dispose();
        var error = new StepError(Reasons.Timeout, $"Step '{_task.Step.Id}' ignored its token after its timeout of {_task.Step.Timeout} and was given up.");
        var (step, run) = (_task.Start.Step, _task.Start.Run);
        _runner.Bodies.Abandon(step, run, new StepOutcome(OutcomeKind.Failed) { Error = error });
    }
}
