using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>One job: ask about it, wait for it, control it. Controls are durable, idempotent and audited; they work from any process (S15). Mockable.</summary>
public class JobHandle
{
    private JobControl _control;
    private JobReading _reading;

    /// <summary>For mocks.</summary>
    protected JobHandle()
    {
        _control = null!;
        _reading = null!;
    }

    internal JobHandle(JobId id, bool alreadyExisted, JobControl control, JobReading reading)
    {
        Id = id;
        AlreadyExisted = alreadyExisted;
        _control = control;
        _reading = reading;
    }

    /// <summary>The job.</summary>
    public virtual JobId Id { get; }

    /// <summary>True when the start found a job of the same key and request (S31).</summary>
    public virtual bool AlreadyExisted { get; }

    /// <summary>Where the job stands, as last committed.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual Task<JobStatusReport> GetStatusAsync(CancellationToken cancellationToken = default) => _reading.StatusAsync(Id, cancellationToken);

    /// <summary>Waits until the job is finished, or idle. The token ends the wait, not the job.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual Task<JobResult> WaitAsync(JobWait until = JobWait.Finished, CancellationToken cancellationToken = default) => _reading.WaitAsync(Id, until, cancellationToken);

    /// <summary>The job's events after a sequence number, without gaps, as they are committed; ends after the terminal event.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual IAsyncEnumerable<JobEvent> WatchAsync(long after = 0, CancellationToken cancellationToken = default) => _reading.WatchAsync(Id, after, cancellationToken);

    /// <summary>Speaks through another handle's node from now on: the one it was made by is gone.</summary>
    internal void Follow(JobHandle other) => (_control, _reading) = (other._control, other._reading);

    /// <summary>The events committed so far; none for a mock.</summary>
    internal Task<IReadOnlyList<JobEvent>> EventsSoFarAsync(CancellationToken cancellationToken)
        => _reading is null ? Task.FromResult<IReadOnlyList<JobEvent>>([]) : _reading.EventsAsync(Id, cancellationToken);

    /// <summary>Gates starts: running steps finish, no new body begins once this has returned (S14).</summary>
    /// <exception cref="InvalidTransitionException">The job has ended, or is ending.</exception>
    public virtual Task PauseAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) => _control.SendAsync(Id, "pause", options, cancellationToken);

    /// <summary>Lets a paused job go on; leaves step mode.</summary>
    /// <exception cref="InvalidTransitionException">The job has ended, or is ending.</exception>
    public virtual Task ResumeAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) => _control.SendAsync(Id, "resume", options, cancellationToken);

    /// <summary>Ends the job: running bodies get their tokens, nothing new starts. Returns when the request is durable; wait for the end with <see cref="WaitAsync"/>.</summary>
    /// <exception cref="InvalidTransitionException">The job has ended otherwise.</exception>
    public virtual Task CancelAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) => _control.SendAsync(Id, "cancel", options, cancellationToken);

    /// <summary>Ends the job as <see cref="CancelAsync"/> does, with status failed and this reason.</summary>
    /// <exception cref="InvalidTransitionException">The job has ended otherwise.</exception>
    public virtual Task FailAsync(string reason, string message, ControlOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        var text = WorkflowJson.ToElement(message);
        return _control.SendAsync(Id, "fail", options, cancellationToken, command => command with { Reason = reason, Value = text });
    }

    /// <summary>Reopens a failed job: unhandled failures and what they blocked or cancelled begin anew with a fresh attempt budget (S14).</summary>
    /// <exception cref="InvalidTransitionException">The job is not failed.</exception>
    public virtual Task RetryAsync(RetryOptions? options = null, CancellationToken cancellationToken = default)
        => _control.SendAsync(Id, "retry", options, cancellationToken, message => message with { Step = options?.Step, Reopens = true });

    /// <summary>Starts a new job of the same flow version with the same input, variables and options, but for the key.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual Task<JobHandle> RerunAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) => _control.RerunAsync(Id, options, cancellationToken);

    /// <summary>Skips a pending, waiting, blocked or failed step; its dependants go on, with <paramref name="output"/> if given (S7).</summary>
    /// <exception cref="InvalidTransitionException">The step is running or has ended well.</exception>
    public virtual Task SkipAsync(string step, DataPacket? output = null, ControlOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(step);
        JsonElement? value = output is null ? null : JsonElement.Parse(output.ToJson());
        return _control.SendAsync(Id, "skip", options, cancellationToken, message => message with { Step = step, Value = value, Reopens = true });
    }

    /// <summary>Runs one step whose prerequisites hold, also while the job is paused, and waits for its end.</summary>
    /// <exception cref="InvalidTransitionException">Its prerequisites do not hold; the message says which.</exception>
    public virtual async Task<StepStatusReport> RunStepAsync(string step, ControlOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(step);
        await _control.SendAsync(Id, "run_step", options, cancellationToken, message => message with { Step = step }).ConfigureAwait(false);
        return await _reading.StepEndAsync(Id, step, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether <see cref="RunStepAsync"/> would run the step now, and why not.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual Task<StepReadiness> CanRunStepAsync(string step, CancellationToken cancellationToken = default) => _reading.ReadinessAsync(Id, step, cancellationToken);

    /// <summary>Sends a signal; one that comes before a step waits for it is kept (S16).</summary>
    /// <exception cref="DataPacketException">The value cannot be JSON (<c>invalid_input</c>), or is too large (<c>packet_too_large</c>).</exception>
    /// <exception cref="InvalidTransitionException">The job has ended.</exception>
    public virtual Task SignalAsync<T>(string name, T value, SignalOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var json = _control.ToJson("signal", name, value);
        return _control.SendAsync(Id, "signal", options, cancellationToken, message => message with { Name = name, Value = json, Reason = options?.DedupeKey });
    }

    /// <summary>Approves what a step of type <c>approval</c> asks under this name; one that comes before the question is kept (S16).</summary>
    /// <exception cref="InvalidTransitionException">The job has ended.</exception>
    public virtual Task ApproveAsync(string name, ControlOptions? options = null, CancellationToken cancellationToken = default) => DecideAsync(name, ApprovalStep.Approved, options, cancellationToken);

    /// <summary>Rejects what a step of type <c>approval</c> asks under this name.</summary>
    /// <exception cref="InvalidTransitionException">The job has ended.</exception>
    public virtual Task RejectAsync(string name, ControlOptions? options = null, CancellationToken cancellationToken = default) => DecideAsync(name, ApprovalStep.Rejected, options, cancellationToken);

    /// <summary>The flow's output, or that of one step; empty while there is none.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual Task<DataPacket> GetOutputAsync(string? step = null, CancellationToken cancellationToken = default) => _reading.OutputAsync(Id, step, cancellationToken);

    /// <summary>The newest item of the flow's output as <typeparamref name="T"/>.</summary>
    /// <exception cref="DataPacketException">There is no output, or it has another shape.</exception>
    public virtual async Task<T> GetOutputAsync<T>(CancellationToken cancellationToken = default)
    {
        var job = await _reading.LoadAsync(Id, JobParts.Head, cancellationToken).ConfigureAwait(false);
        return job.Head.Status.IsSuccess()
            ? (await _reading.OutputAsync(Id, null, cancellationToken).ConfigureAwait(false)).Get<T>()
            : throw new DataPacketException($"Job {Id} is {job.Head.Status.ToWord()}: it has no output{(job.Head.Status.IsTerminal() ? string.Empty : " yet. Wait for its end with WaitAsync")}.", "no_output");
    }

    /// <summary>The job's variables; secrets are masked.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual Task<JobVariables> GetVariablesAsync(CancellationToken cancellationToken = default) => _reading.VariablesAsync(Id, cancellationToken);

    /// <summary>Sets a variable; steps that start later see it.</summary>
    /// <exception cref="ArgumentException">The name is not legal.</exception>
    /// <exception cref="DataPacketException">The value cannot be JSON (<c>invalid_input</c>), or is too large (<c>packet_too_large</c>).</exception>
    /// <exception cref="InvalidTransitionException">The job has ended.</exception>
    public virtual Task SetVariableAsync(string name, object? value, VariableKind kind = VariableKind.Input, ControlOptions? options = null, CancellationToken cancellationToken = default)
    {
        StepWrites.Checked(name);
        var json = _control.ToJson("variable", name, value);
        return _control.SendAsync(Id, "set_variable", options, cancellationToken, message => message with { Name = name, Value = json, Reason = kind.ToString() });
    }

    /// <summary>Makes an immutable deep copy of the job as it stands: statuses, variables, engine data, packets (S26). Durable when it returns.</summary>
    /// <exception cref="InvalidTransitionException">The job has ended, or its end is decided.</exception>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual Task<Checkpoint> CreateCheckpointAsync(string? description = null, ControlOptions? options = null, CancellationToken cancellationToken = default)
        => _control.CreateCheckpointAsync(Id, description, options, cancellationToken);

    /// <summary>The job's checkpoints, oldest first.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual Task<IReadOnlyList<Checkpoint>> ListCheckpointsAsync(CancellationToken cancellationToken = default) => _reading.CheckpointsAsync(Id, cancellationToken);

    /// <summary>
    /// Puts the job back to a checkpoint, in one commit (S26); false when it has no such checkpoint. Running steps are stopped as by cancel and what they still return is
    /// discarded; steps that run again have a new idempotency key (G2). A pause stays, and signals that were consumed are not given back. A failed job reopens.
    /// </summary>
    /// <exception cref="InvalidTransitionException">The job has completed or was cancelled, or its end is decided.</exception>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual Task<bool> RestoreCheckpointAsync(string id, ControlOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return _control.RestoreCheckpointAsync(Id, id, options, cancellationToken);
    }

    /// <summary>The job as plain JSON, as last committed, whatever its status: for keeping, or for <see cref="IWorkflowEngine.ImportJobAsync"/> of an engine on another store (S27). The job itself stays and goes on.</summary>
    /// <exception cref="DataPacketException">A packet is missing or damaged.</exception>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual Task<JobExport> ExportAsync(CancellationToken cancellationToken = default) => _reading.ExportAsync(Id, cancellationToken);

    /// <summary>Why the job is not moving, and the command that would move it.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public virtual Task<JobExplanation> ExplainAsync(CancellationToken cancellationToken = default) => _reading.ExplainAsync(Id, cancellationToken);

    private Task DecideAsync(string name, string decision, ControlOptions? options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var value = WorkflowJson.ToElement(new Dictionary<string, string?>(StringComparer.Ordinal) { ["decision"] = decision, ["actor"] = options?.Actor, ["note"] = options?.Note });
        return _control.SendAsync(Id, "signal", options, cancellationToken, message => message with { Name = name, Value = value });
    }
}
