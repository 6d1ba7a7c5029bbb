namespace WorkflowEngine;

/// <summary>Starts jobs, finds them and controls them. Safe for concurrent use; one per engine name.</summary>
public interface IWorkflowEngine
{
    /// <summary>The flows that can be started.</summary>
    IFlowCatalog Flows { get; }

    /// <summary>Starts a job of a flow; durable, as far as the store is, when it returns.</summary>
    /// <exception cref="FlowNotFoundException">No such flow.</exception>
    /// <exception cref="KeyConflictException">The key belongs to a job with another request.</exception>
    /// <exception cref="QueueFullException">The engine takes no more jobs now.</exception>
    /// <exception cref="StoreException">The store failed.</exception>
    Task<JobHandle> StartAsync(string flowId, DataPacket? input = null, JobOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="StartAsync(string, DataPacket?, JobOptions?, CancellationToken)"/>, with any value as input, by the input rule.</summary>
    /// <exception cref="DataPacketException">The input cannot be JSON (<c>invalid_input</c>), or is larger than <see cref="WorkflowEngineOptions.MaxPacketBytes"/> (<c>packet_too_large</c>).</exception>
    Task<JobHandle> StartAsync<T>(string flowId, T input, JobOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Starts many jobs, 500 in one commit, and leaves them to whichever node has places free. The handles come in the order of the starts. Each start is judged by itself:
    /// when one is refused, the others of its batch and of the batches before have been started, and the first refusal is thrown.
    /// </summary>
    /// <exception cref="FlowNotFoundException">No such flow: nothing of its batch was started.</exception>
    /// <exception cref="KeyConflictException">A key belongs to a job with another request, perhaps to one of the same batch.</exception>
    /// <exception cref="QueueFullException">The engine does not take that many more jobs now: nothing of its batch was started.</exception>
    Task<IReadOnlyList<JobHandle>> StartManyAsync(IEnumerable<JobStart> starts, CancellationToken cancellationToken = default);

    /// <summary>Starts a job of one step: fire and forget, with everything a job has.</summary>
    Task<JobHandle> StartStepAsync<T>(string stepType, T input, JobOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Starts a job and waits for its end: the same scheduler and semantics as in the background. A failed job is a result, not an exception.
    /// The token ends the wait, not the job.
    /// </summary>
    /// <exception cref="InvalidOperationException">The host was not started, so nothing would ever run.</exception>
    Task<JobResult> RunAsync(string flowId, DataPacket? input = null, JobOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="RunAsync(string, DataPacket?, JobOptions?, CancellationToken)"/>, with any value as input, by the input rule.</summary>
    /// <exception cref="DataPacketException">The input cannot be JSON (<c>invalid_input</c>), or is larger than <see cref="WorkflowEngineOptions.MaxPacketBytes"/> (<c>packet_too_large</c>).</exception>
    Task<JobResult> RunAsync<T>(string flowId, T input, JobOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Opens a session: a job of this flow, of key <paramref name="sessionId"/>, whose steps this program runs (S28). It is made if there is none, taken over where
    /// an earlier opening left it, and reopened if it failed. It takes no slot. Dispose it to hand an unfinished job back; complete it to end the job.
    /// </summary>
    /// <param name="flowId">The flow's id; it need not be registered.</param>
    /// <param name="sessionId">1 to 256 characters: the same id opens the same job again.</param>
    /// <param name="totalSteps">How many steps are to be expected, for the progress; more raise it.</param>
    /// <param name="cancellationToken">Ends the attempt to open it.</param>
    /// <exception cref="SessionBusyException">It is open already, here or on another node that lives.</exception>
    /// <exception cref="InvalidTransitionException">It has completed or was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The host was not started, or does not run jobs.</exception>
    Task<JobSession> OpenSessionAsync(string flowId, string sessionId, int totalSteps = 1, CancellationToken cancellationToken = default);

    /// <summary>A handle on a job, whether or not it exists: its members say so when they are called.</summary>
    JobHandle GetJob(JobId id);

    /// <summary>The job of a key; null when there is none.</summary>
    Task<JobHandle?> FindJobAsync(string flowId, string key, CancellationToken cancellationToken = default);

    /// <summary>Jobs, newest first.</summary>
    IAsyncEnumerable<JobSummary> ListJobsAsync(JobFilter? filter = null, CancellationToken cancellationToken = default);

    /// <summary>Counts per status.</summary>
    Task<JobCounts> CountJobsAsync(JobFilter? filter = null, CancellationToken cancellationToken = default);

    /// <summary>One control for many jobs.</summary>
    Task<BulkResult> ControlJobsAsync(JobAction action, JobFilter filter, BulkOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes an exported job in, in one commit, with its id, its key and its history (S27). It goes on where it stood: steps that were running run again with the same attempt, waits wait on.
    /// A node that knows its flow version runs it; the job that was exported is left as it is, so do not run both.
    /// </summary>
    /// <exception cref="JobExistsException">The store has a job of this id.</exception>
    /// <exception cref="KeyConflictException">Its key belongs to another job.</exception>
    /// <exception cref="JobExportException">The export does not fit the flow version that is registered here.</exception>
    Task<JobHandle> ImportJobAsync(JobExport export, CancellationToken cancellationToken = default);

    /// <summary>Events of all jobs as they happen on this node: best effort; a slow reader misses some, which shows as a gap in a job's sequence. This version keeps no common stream, so <paramref name="after"/> has no effect.</summary>
    IAsyncEnumerable<JobEvent> WatchAsync(JobFilter? filter = null, long after = 0, CancellationToken cancellationToken = default);
}
