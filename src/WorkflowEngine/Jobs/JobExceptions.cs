namespace WorkflowEngine;

/// <summary>There is no job of this id; it may have been pruned.</summary>
public sealed class JobNotFoundException(JobId id) : WorkflowException($"There is no job {id}.")
{
    /// <summary>The id that was asked for.</summary>
    public JobId JobId { get; } = id;
}

/// <summary>A control is not legal for the job as it stands; nothing changed but the audit trail (S15).</summary>
public sealed class InvalidTransitionException(JobId id, JobStatus status, string action, string message)
    : WorkflowException($"Cannot {action.Replace('_', ' ')} job {id}: {message}")
{
    /// <summary>The job.</summary>
    public JobId JobId { get; } = id;

    /// <summary>The job's status when the action was refused.</summary>
    public JobStatus Status { get; } = status;

    /// <summary>The refused action, for example <c>pause</c>.</summary>
    public string Action { get; } = action;
}

/// <summary>The key exists with another request (S31).</summary>
public sealed class KeyConflictException(string flowId, string key, JobId existing)
    : WorkflowException($"Key '{key}' of flow '{flowId}' belongs to job {existing}, and this start may not share it. Use another key; KeyReuse.ReturnExisting gives the existing job when input and variables are the same.")
{
    /// <summary>The job that holds the key.</summary>
    public JobId Existing { get; } = existing;
}

/// <summary>The engine takes no more jobs now; try again later (S31).</summary>
public sealed class QueueFullException(long limit) : WorkflowException($"The queue holds {limit} jobs, its limit (MaxQueuedJobs). Try again later.")
{
    /// <summary>The limit.</summary>
    public long Limit { get; } = limit;
}

/// <summary>Thrown by <c>JobResult.EnsureSucceeded</c>.</summary>
public sealed class JobFailedException(JobId id, JobStatus status, string? reason, string? message)
    : WorkflowException($"Job {id} ended {status.ToWord()}{(reason is null ? string.Empty : $" ({reason})")}{(message is null ? "." : $": {message}")}")
{
    /// <summary>The job.</summary>
    public JobId JobId { get; } = id;

    /// <summary>How it ended.</summary>
    public JobStatus Status { get; } = status;

    /// <summary>The snake_case reason.</summary>
    public string? Reason { get; } = reason;
}

/// <summary>This node lost its lease on the job; another one goes on with it.</summary>
public sealed class LeaseLostException(JobId id) : WorkflowException($"This node lost its lease on job {id}.")
{
    /// <summary>The job.</summary>
    public JobId JobId { get; } = id;
}

/// <summary>The session is open already, here or on another node that lives: one opener at a time (S28).</summary>
public sealed class SessionBusyException(string flowId, string sessionId, JobId job)
    : WorkflowException($"Session '{sessionId}' of flow '{flowId}' (job {job}) is open already. Dispose it where it is open, or wait until that process has ended.")
{
    /// <summary>The job of the session.</summary>
    public JobId JobId { get; } = job;
}

/// <summary>The code of a session came to the same step id twice in one run (S28): each step needs an id of its own, the same in every run.</summary>
public sealed class DuplicateStepException(string stepId)
    : WorkflowException($"Step '{stepId}' was started in this run of the session already. Give each step an id of its own, in a loop for example $\"upload[{{i}}]\".")
{
    /// <summary>The id that came twice.</summary>
    public string StepId { get; } = stepId;
}
