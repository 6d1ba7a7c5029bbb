namespace WorkflowEngine;

/// <summary>A step type that a test replaced; made by <see cref="FlowTestHost.Fake(string, Func{StepPayload, StepResult})"/>.</summary>
public sealed class FakeStep : IStep
{
    private readonly Lock _gate = new();
    private readonly List<FakeCall> _calls = [];
    private readonly Func<StepPayload, CancellationToken, ValueTask<StepResult>> _run;
    private readonly TimeProvider _time;

    internal FakeStep(string type, Func<StepPayload, CancellationToken, ValueTask<StepResult>> run, TimeProvider time)
    {
        Type = type;
        _run = run;
        _time = time;
    }

    /// <summary>The step type.</summary>
    public string Type { get; }

    /// <summary>The calls so far, oldest first.</summary>
    public IReadOnlyList<FakeCall> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>Notes the call and runs the fake.</summary>
    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(payload);
        lock (_gate)
        {
            _calls.Add(new FakeCall(payload, _time.GetUtcNow()));
        }

        return _run(payload, cancellationToken);
    }
}

/// <summary>One call of a fake.</summary>
/// <param name="Payload">What it got; everything but the services can be read later.</param>
/// <param name="At">When, in virtual time.</param>
public sealed record FakeCall(StepPayload Payload, DateTimeOffset At)
{
    /// <summary>The job.</summary>
    public JobId JobId => Payload.JobId;

    /// <summary>The step.</summary>
    public string StepId => Payload.StepId;

    /// <summary>The attempt, 1 being the first.</summary>
    public int Attempt => Payload.Attempt;

    /// <summary>The packet that arrived.</summary>
    public DataPacket Data => Payload.Data;

    /// <summary>The rendered configuration.</summary>
    public StepConfig Config => Payload.Config;

    /// <summary>The key of the call's effects.</summary>
    public string IdempotencyKey => Payload.IdempotencyKey;
}
