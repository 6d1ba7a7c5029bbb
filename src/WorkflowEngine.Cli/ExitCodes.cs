using Microsoft.Extensions.Options;

namespace WorkflowEngine.Cli;

/// <summary>What <c>wf</c> ends with; other programs rely on the numbers.</summary>
internal static class ExitCodes
{
    /// <summary>The job completed, with or without items; or the command did what it was asked.</summary>
    public const int Done = 0;

    public const int Failed = 1;

    /// <summary>A bad flow, bad arguments or bad input.</summary>
    public const int Invalid = 2;

    public const int Cancelled = 3;

    public const int StoreUnavailable = 4;

    /// <summary>The job waits or is paused, and nothing here will move it.</summary>
    public const int Unfinished = 5;

    public const int NotFound = 6;

    /// <summary>The transition is illegal, the key belongs to another request, or the store's schema is newer than this version.</summary>
    public const int Refused = 7;

    /// <summary>Interrupted; the job is resumable.</summary>
    public const int Interrupted = 130;

    public const int InternalError = 70;

    public static int Of(JobStatus status) => status switch
    {
        JobStatus.Completed or JobStatus.CompletedNoItems => Done,
        JobStatus.Failed => Failed,
        JobStatus.Cancelled => Cancelled,
        _ => Unfinished,
    };

    public static int Of(Exception error) => error switch
    {
        UsageException or FlowValidationException or DataPacketException or JobExportException or OptionsValidationException => Invalid,
        FlowNotFoundException or JobNotFoundException or NothingFoundException => NotFound,
        InvalidTransitionException or KeyConflictException or JobExistsException or QueueFullException => Refused,
        StoreException { Problem: StoreProblem.NewerSchema } => Refused,
        StoreException => StoreUnavailable,
        _ => InternalError,
    };
}

/// <summary>The user asked for something that cannot be done; the message says what to do instead.</summary>
internal sealed class UsageException(string message) : Exception(message)
{
    /// <summary>What the engine says about a value that the user typed, without the name that the parameter has in C#.</summary>
    public static UsageException Of(ArgumentException error)
    {
        var name = error.Message.LastIndexOf(" (Parameter '", StringComparison.Ordinal);
        return new UsageException(name < 0 ? error.Message : $"{error.ParamName}: {error.Message[..name]}");
    }
}

/// <summary>What the user named does not exist.</summary>
internal sealed class NothingFoundException(string message) : Exception(message);
