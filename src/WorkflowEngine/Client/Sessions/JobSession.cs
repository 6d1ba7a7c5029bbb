using System.Text.Json;

namespace WorkflowEngine;

/// <summary>
/// A job whose steps are code (S28). Every step is durable: when the same session is opened again, after a crash or a stop, steps that completed give their stored
/// results and the code goes on behind them, so it must come to its steps under the same ids. Safe for concurrent use; one opener at a time.
/// Members throw <see cref="OperationCanceledException"/> when the host stops or the job is cancelled, and <see cref="LeaseLostException"/> when another node took over.
/// </summary>
public sealed class JobSession : IAsyncDisposable
{
    private readonly SessionSeat _seat;
    private readonly IWorkflowEngine _engine;

    internal JobSession(SessionSeat seat, IWorkflowEngine engine, IServiceProvider services)
    {
        _seat = seat;
        _engine = engine;
        Services = services;
        Variables = new SessionVariables(seat);
        Job = engine.GetJob(seat.Runner.Id);
    }

    /// <summary>The job: controls, events, status, as for every other job.</summary>
    public JobHandle Job { get; }

    /// <summary>The job's id.</summary>
    public JobId JobId => _seat.Runner.Id;

    /// <summary>The flow.</summary>
    public string FlowId => _seat.Runner.Facts.FlowId;

    /// <summary>The id that the session was opened with: the job's key; null for a job that was started without one.</summary>
    public string? SessionId => _seat.Runner.Facts.Options?.Key;

    /// <summary>Fires when the code is to stop; the work of every step gets it too.</summary>
    public CancellationToken Stopping => _seat.Stopping;

    /// <summary>The host's services; for code that the engine runs, in a scope of this attempt.</summary>
    public IServiceProvider Services { get; }

    /// <summary>The job's variables.</summary>
    public SessionVariables Variables { get; }

    /// <summary>Runs a step and keeps its result, durable when it returns; gives the stored result when the step completed in an earlier opening.</summary>
    /// <param name="id">Unique within one run of the code, and the same in every run: letters, digits, <c>_ - [ ]</c>, at most 128.</param>
    /// <param name="work">What the step does; it may run again after a crash, so its effects should carry <see cref="IdempotencyKeyFor"/>.</param>
    /// <param name="options">Name, retry, time limit.</param>
    /// <param name="cancellationToken">Gives the step up: it ends cancelled, and begins anew when the code comes to it again.</param>
    /// <exception cref="DuplicateStepException">The id came before in this run.</exception>
    /// <exception cref="StepFailedException">The result cannot be JSON, or the step took too long.</exception>
    /// <exception cref="Exception">What the work threw in its last attempt, once the failure is durable.</exception>
    public async Task<T> RunStepAsync<T>(string id, Func<CancellationToken, Task<T>> work, StepOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        var slot = await Run(id, options).RunAsync(token => SessionResult.OfAsync(work(token), id, _seat.Node.Options), cancellationToken).ConfigureAwait(false);
        return await ReadAsync<T>(slot, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As <see cref="RunStepAsync{T}"/>, for work without a result.</summary>
    /// <exception cref="DuplicateStepException">The id came before in this run.</exception>
    public Task RunStepAsync(string id, Func<CancellationToken, Task> work, StepOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Run(id, options).RunAsync(token => SessionResult.NothingAsync(work(token)), cancellationToken);
    }

    /// <summary>Runs a step and recovers from its failures by their <see cref="RecoveryPlan"/>: no exception of the work comes out.</summary>
    /// <returns>True when it completed, also in an earlier opening, or was rescued: skipped, or done another way. False when recovery failed; the job goes on.</returns>
    /// <exception cref="DuplicateStepException">The id came before in this run.</exception>
    public Task<bool> TryRunStepAsync(string id, string name, Func<CancellationToken, Task> work, StepOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Run(id, (options ?? StepOptions.None) with { Name = name }).TryRunAsync(token => SessionResult.NothingAsync(work(token)), RestoreLatestAsync, cancellationToken);
    }

    /// <summary>As <see cref="TryRunStepAsync(string, string, Func{CancellationToken, Task}, StepOptions?, CancellationToken)"/>; keeps the result for <see cref="GetStepResultAsync"/>.</summary>
    /// <exception cref="DuplicateStepException">The id came before in this run.</exception>
    public Task<bool> TryRunStepAsync<T>(string id, string name, Func<CancellationToken, Task<T>> work, StepOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Run(id, (options ?? StepOptions.None) with { Name = name }).TryRunAsync(token => SessionResult.OfAsync(work(token), id, _seat.Node.Options), RestoreLatestAsync, cancellationToken);
    }

    /// <summary>Starts a step that the code drives by hand; end it with <see cref="CompleteStepAsync"/>. The start is durable with the next commit.</summary>
    /// <returns>False when the step completed in an earlier opening: its work need not be done again, and completing it has no effect.</returns>
    /// <exception cref="DuplicateStepException">The id came before in this run.</exception>
    public async Task<bool> StartStepAsync(string id, string? name = null, CancellationToken cancellationToken = default)
    {
        _seat.Use(id);
        return (await _seat.BeginAsync(id, name, cancellationToken).ConfigureAwait(false)).Turn != SessionTurn.Ended;
    }

    /// <summary>Says how far a step is. Lower reports than before are ignored, out-of-range ones clamped; at most one a second is kept (S24).</summary>
    /// <exception cref="InvalidOperationException">The step was not started in this run.</exception>
    public Task UpdateStepProgressAsync(string id, double percent, string? message = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _seat.Report(id, percent, message);
        return Task.CompletedTask;
    }

    /// <summary>Ends a step that was started by hand; durable when it returns. The job goes on also after a failure.</summary>
    /// <param name="id">The step. One that is not running, for example since a checkpoint was restored, may be completed as failed.</param>
    /// <param name="success">Whether it succeeded.</param>
    /// <param name="error">Why not.</param>
    /// <param name="percent">How far it came; a success is always whole.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The step was not started, and is said to have succeeded.</exception>
    public async Task CompleteStepAsync(string id, bool success = true, Exception? error = null, double percent = 100, CancellationToken cancellationToken = default)
    {
        if (!success && !_seat.HasBegun(id))
        {
            await StartStepAsync(id, null, cancellationToken).ConfigureAwait(false);
        }

        var begun = _seat.BegunOf(id);
        if (begun.Turn == SessionTurn.Ended)
        {
            return;
        }

        if (!success)
        {
            _seat.Report(id, percent, null);
        }

        var failure = error is null ? new StepError(Reasons.StepExecutionFailure, $"Step '{id}' was completed as failed.") : StepExecutor.ErrorOf(error, id);
        var outcome = success ? new StepOutcome(OutcomeKind.Completed) : new StepOutcome(OutcomeKind.Failed) { Error = failure };
        await _seat.EndByHandAsync(id, begun, outcome).ConfigureAwait(false);
    }

    /// <summary>What an error means and what may be done about it. Advice only: nothing changes (S13).</summary>
    /// <param name="id">The step that failed.</param>
    /// <param name="name">Its name for people.</param>
    /// <param name="error">What it threw.</param>
    /// <param name="context">May carry <c>retry_count</c>, how often it was tried again already, and <c>timeout</c>, a <see cref="TimeSpan"/> or seconds.</param>
    public RecoveryPlan HandleStepError(string id, string name, Exception error, IReadOnlyDictionary<string, object?>? context = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(error);
        return RecoveryRules.PlanFor(error, RecoveryRules.SituationOf(id, name, context));
    }

    /// <summary>Waits for a signal to the job; one that came before is taken at once. The wait outlives the process, holds no thread, but keeps the code's slot.</summary>
    /// <exception cref="TimeoutException">It did not come in time.</exception>
    /// <exception cref="DataPacketException">The signal carries something else than a <typeparamref name="T"/>.</exception>
    public async Task<T> WaitForSignalAsync<T>(string id, string name, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _seat.Use(id);
        var value = await new SessionWaiting(_seat, id).ForSignalAsync(name, timeout, cancellationToken).ConfigureAwait(false);
        return SessionResult.Read<T>(SessionResult.Of(value), Json);
    }

    /// <summary>Waits, from the first time the code comes here: a crash in between does not begin the wait anew. It holds no thread, but keeps the code's slot.</summary>
    public Task DelayAsync(string id, TimeSpan time, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        _seat.Use(id);
        return new SessionWaiting(_seat, id).ForTimeAsync(time, cancellationToken);
    }

    /// <summary>
    /// Starts a job of another flow and waits for its end. The job's key is this job's id and the step's, so that a second run of the code finds the same one;
    /// a failed one is retried then. It is cancelled when this job is.
    /// </summary>
    /// <exception cref="FlowNotFoundException">No such flow.</exception>
    /// <exception cref="JobFailedException">It did not end well.</exception>
    public async Task<JobResult> RunFlowAsync(string id, string flowId, object? input = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(flowId);
        var child = await RunStepAsync(id, token => SessionChild.RunAsync(_engine, this, $"{JobId}/{id}", flowId, input, token), null, cancellationToken).ConfigureAwait(false);
        return child.ToResult();
    }

    /// <summary>The result of a step: what its work returned, or <see cref="SetStepResultAsync"/> gave; the default value when there is none.</summary>
    /// <exception cref="DataPacketException">It has another shape.</exception>
    public async Task<T?> GetStepResultAsync<T>(string id, CancellationToken cancellationToken = default)
    {
        await _seat.FlushAsync().ConfigureAwait(false);
        return SessionResult.Read<T>(await Job.GetOutputAsync(SessionSeat.Checked(id), cancellationToken).ConfigureAwait(false), Json);
    }

    /// <summary>Gives a step its result by hand; durable when it returns.</summary>
    /// <exception cref="InvalidOperationException">The step was not started.</exception>
    public async Task SetStepResultAsync<T>(string id, T result, CancellationToken cancellationToken = default)
    {
        var packet = (await SessionResult.OfAsync(Task.FromResult(result), id, _seat.Node.Options).ConfigureAwait(false)).Stamped(SessionSeat.Checked(id), _seat.Node.Time.GetUtcNow());
        var slot = await _seat.Node.Vault.KeepAsync(_seat.Owner, id, packet, cancellationToken).ConfigureAwait(false);
        var verdict = await _seat.SendAsync(new KeepSessionResult(_seat.Run, id, slot)).ConfigureAwait(false);
        if (verdict.Effect == CommandEffect.Refused)
        {
            throw new InvalidOperationException(verdict.Message);
        }
    }

    /// <summary>Job/step/generation/leg: stable over attempts, crashes and takeovers (G2). Give it to outside systems to make the effects of a step repeatable.</summary>
    /// <exception cref="InvalidOperationException">The step was not started in this run.</exception>
    public string IdempotencyKeyFor(string id) => $"{JobId}/{id}/{_seat.BegunOf(id).Generation}/0";

    /// <summary>Keeps an immutable copy of the job as it is now, durable when it returns (S26).</summary>
    public Task<Checkpoint> CreateCheckpointAsync(string? description = null, CancellationToken cancellationToken = default)
        => Job.CreateCheckpointAsync(description, cancellationToken: cancellationToken);

    /// <summary>
    /// Puts steps and variables back to a checkpoint, durable when it returns, while this code goes on: it may come to its steps again. Those that completed before the
    /// checkpoint give their stored results, the others run again with a new idempotency key. Other steps that still run are stale.
    /// </summary>
    /// <returns>False when the job has no such checkpoint.</returns>
    /// <exception cref="InvalidTransitionException">The job is ending.</exception>
    public async Task<bool> RestoreCheckpointAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return await _seat.RestoreAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The job as a document, with everything that the code did so far: plain JSON, without secrets (S27).</summary>
    public async Task<JobExport> ExportStateAsync(CancellationToken cancellationToken = default)
    {
        await _seat.FlushAsync().ConfigureAwait(false);
        return await Job.ExportAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes the steps and variables of an exported session of the same flow in the place of this one's, as a restore does, durable when it returns.</summary>
    /// <exception cref="ArgumentException">The export is of another flow.</exception>
    public async Task ImportStateAsync(JobExport export, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(export);
        if (export.Document.FlowId != FlowId)
        {
            throw new ArgumentException($"The export is of flow '{export.Document.FlowId}', this session of '{FlowId}'.", nameof(export));
        }

        await _seat.ImportAsync(export, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Where the job stands, with everything that the code did so far; also when the session is over.</summary>
    public async Task<JobStatusReport> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        await _seat.FlushAsync().ConfigureAwait(false);
        return await Job.GetStatusAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the job, well or as failed with reason <c>session_failed</c>; durable when it returns. Steps that were left open end cancelled; failed steps do no harm.</summary>
    /// <exception cref="InvalidOperationException">The session is over.</exception>
    public async Task CompleteAsync(bool success = true, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var error = new StepError(Reasons.SessionFailed, "The session was completed without success.", Retryable: false);
        var outcome = success ? new StepOutcome(OutcomeKind.Completed) : new StepOutcome(OutcomeKind.Failed) { Error = error };
        await _seat.SendAsync(new EndStep(0, _seat.Run, outcome)).ConfigureAwait(false);
        await _seat.LeaveAsync().ConfigureAwait(false);
    }

    /// <summary>Makes everything durable and frees what the session holds in memory; it stays usable. Calling it again, or after the end, does nothing.</summary>
    public async Task CleanupAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await _seat.FlushAsync().ConfigureAwait(false);
        _seat.CloseReports();
    }

    /// <summary>Gives the session up: a job that was not completed is handed back, and goes on when the session is opened again. A second call does nothing.</summary>
    public ValueTask DisposeAsync() => _seat.LeaveAsync();

    /// <summary>The code's own result, as the flow's output.</summary>
    internal Task<DataPacket> ToPacketAsync<T>(Task<T> result) => SessionResult.OfAsync(result, CodeFlow.Root, _seat.Node.Options);

    /// <summary>True when the job was cancelled or ended, rather than handed on to another process.</summary>
    internal bool IsJobStopped => _seat.Runner.Bodies.Cause == StopReason.JobCancelled;

    private JsonSerializerOptions Json => _seat.Node.Options.Json;

    private async Task<bool> RestoreLatestAsync()
    {
        var checkpoints = await Job.ListCheckpointsAsync(Stopping).ConfigureAwait(false);
        return checkpoints.Count > 0 && await _seat.RestoreAsync(checkpoints[^1].Id, Stopping).ConfigureAwait(false);
    }

    private SessionStepRun Run(string id, StepOptions? options)
    {
        _seat.Use(id);
        return new SessionStepRun(_seat, id, options ?? StepOptions.None);
    }

    private async Task<T> ReadAsync<T>(PacketSlot slot, CancellationToken cancellationToken)
        => SessionResult.Read<T>(await _seat.Node.Vault.LoadAsync(slot, cancellationToken).ConfigureAwait(false), Json);
}
