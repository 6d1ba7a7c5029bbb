namespace WorkflowEngine;

/// <summary>The job store failed. Every store throws only this (G3).</summary>
public sealed class StoreException : WorkflowException
{
    /// <summary>Makes one.</summary>
    public StoreException(string message, bool isTransient, Exception? innerException = null) : base(message, innerException) => IsTransient = isTransient;

    /// <summary>True when the same call may succeed later.</summary>
    public bool IsTransient { get; }
}
