namespace WorkflowEngine;

/// <summary>The base of every exception that this library throws on purpose.</summary>
public class WorkflowException : Exception
{
    /// <summary>Makes one with a message for people.</summary>
    public WorkflowException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}

/// <summary>A data packet is missing, damaged, too large or of another shape than was asked for.</summary>
public sealed class DataPacketException : WorkflowException
{
    /// <summary>Makes one with the reason code <c>data_retrieval_failed</c> or a more exact one.</summary>
    public DataPacketException(string message, string reason = "data_retrieval_failed", Exception? innerException = null) : base(message, innerException)
        => Reason = reason;

    /// <summary>The snake_case code that a step failing by this carries.</summary>
    public string Reason { get; }
}


/// <summary>The job store failed. Every store throws only this (G3).</summary>
public sealed class StoreException : WorkflowException
{
    /// <summary>Makes one.</summary>
    public StoreException(string message, bool isTransient, Exception? innerException = null) : base(message, innerException) => IsTransient = isTransient;

    /// <summary>True when the same call may succeed later.</summary>
    public bool IsTransient { get; }
}
