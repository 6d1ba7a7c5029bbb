using Microsoft.Extensions.Logging;

namespace WorkflowEngine;

/// <summary>A step's logger: every entry carries job, step and attempt.</summary>
internal sealed partial class StepLog(ILogger inner, StepPayload payload) : ILogger
{
    private static readonly Func<ILogger, JobId, string, int, IDisposable?> AttemptScope
        = LoggerMessage.DefineScope<JobId, string, int>("Job {JobId}, step {StepPath}, attempt {Attempt}");

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (inner.IsEnabled(logLevel))
        {
            using var scope = AttemptScope(inner, payload.JobId, payload.StepPath, payload.Attempt);
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
    }

    [LoggerMessage(20, LogLevel.Warning, "A service of a finished attempt could not be disposed.")]
    public static partial void ScopeFailed(ILogger log, Exception error);
}

/// <summary>The host of an attempt, as its payload sees it.</summary>
internal interface IAttemptHost
{
    /// <summary>A place for one run's progress reports.</summary>
    IProgressSink OpenProgress(int step, int run);

    /// <summary>Why the run's token fired.</summary>
    StopReason ReasonOf(int run);
}

/// <summary>Takes progress reports, 0 to 100.</summary>
internal interface IProgressSink
{
    void Report(double percent, string? message);

    void Close();
}
