namespace WorkflowEngine;

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
