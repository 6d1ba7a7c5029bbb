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

    /// <summary>The same, saying what the value was for; with <paramref name="reason"/> in the place of <c>result_not_storable</c>, where nothing is a result.</summary>
    internal DataPacketException Naming(string what, string? reason = null)
        => new($"{what} cannot be kept. {Message}", reason is not null && Reason == "result_not_storable" ? reason : Reason, this);
}

/// <summary>The job store failed. Every store throws only this (G3).</summary>
public sealed class StoreException : WorkflowException
{
    /// <summary>Makes one.</summary>
    public StoreException(string message, bool isTransient, Exception? innerException = null) : base(message, innerException) => IsTransient = isTransient;

    /// <summary>True when the same call may succeed later.</summary>
    public bool IsTransient { get; }

    /// <summary>What is wrong, for programs; the message says it for people and names the file. Default <see cref="StoreProblem.Unavailable"/>.</summary>
    public StoreProblem Problem { get; init; }
}

/// <summary>What is wrong with a store.</summary>
public enum StoreProblem
{
    /// <summary>It cannot be had, or did not do what it was asked for; nothing more exact is known.</summary>
    Unavailable,

    /// <summary>Another process holds it for longer than the time limit.</summary>
    Locked,

    /// <summary>Another process is its worker: this one may ask and command, but not run jobs.</summary>
    WorkerElsewhere,

    /// <summary>There is no room left where it lies.</summary>
    DiskFull,

    /// <summary>It may be read but not written.</summary>
    ReadOnly,

    /// <summary>Its file, or the folder of it, is not there, or no longer.</summary>
    Missing,

    /// <summary>What is stored is not what was written.</summary>
    Damaged,

    /// <summary>The file belongs to another program.</summary>
    Foreign,

    /// <summary>It was written by a newer version of this library.</summary>
    NewerSchema,

    /// <summary>It needs a migration that it was told not to make by itself.</summary>
    OlderSchema,

    /// <summary>It lies where its promises cannot be kept, for example on a network file system.</summary>
    Unsuitable,
}
