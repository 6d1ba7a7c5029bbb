namespace WorkflowEngine;

/// <summary>Why a step's token fired (S12). Only <see cref="StepTimeout"/> ends an attempt; a stopping host or a lost lease gives the attempt's number again.</summary>
public enum StopReason
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>The job was cancelled, failed, finished, or ran out of time.</summary>
    JobCancelled,

    /// <summary>The attempt took longer than the step's timeout.</summary>
    StepTimeout,

    /// <summary>The process is stopping; the step will run again elsewhere or later.</summary>
    HostStopping,

    /// <summary>Another node may own the job by now; the step runs there.</summary>
    LeaseLost,
}
