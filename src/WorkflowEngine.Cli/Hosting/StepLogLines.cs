using Microsoft.Extensions.Logging;

namespace WorkflowEngine.Cli;

/// <summary>What steps log goes to the progress view as lines; of the engine's own messages only errors do, without traces.</summary>
internal sealed class StepLogLines(Action<string> sink) : ILoggerProvider
{
    private const string StepCategory = "WorkflowEngine.Step";

    public ILogger CreateLogger(string categoryName) => new Lines(sink, categoryName switch
    {
        StepCategory => LogLevel.Information,
        "WorkflowEngine" => LogLevel.Error,
        _ => LogLevel.None,
    });

    public void Dispose()
    {
    }

    private sealed class Lines(Action<string> sink, LogLevel lowest) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => lowest != LogLevel.None && logLevel >= lowest && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // A failed attempt is an event too, and shown as one.
            if (IsEnabled(logLevel) && eventId.Name != nameof(EngineLog.StepFailed))
            {
                var level = logLevel == LogLevel.Information ? string.Empty : $"{logLevel.ToString().ToLowerInvariant()}: ";
                sink($"{level}{formatter(state, null)}{(exception is null ? string.Empty : $" ({exception.Message})")}");
            }
        }
    }
}
