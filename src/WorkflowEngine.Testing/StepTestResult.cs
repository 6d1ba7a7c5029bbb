using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace WorkflowEngine;

/// <summary>Everything that one run of a step body did.</summary>
public sealed class StepTestResult
{
    internal StepTestResult(StepResult result, Exception? exception, StepWrites? writes, StepNotes notes)
    {
        Result = result;
        Exception = exception;
        Variables = writes?.Variables.GroupBy(variable => variable.Name, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.Last(), StringComparer.Ordinal) ?? [];
        EngineData = writes?.EngineData.GroupBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.Last().Value, StringComparer.Ordinal) ?? [];
        Progress = notes.Progress;
        Log = notes.Entries;
    }

    /// <summary>What the step did; an exception is the failure that the engine would make of it.</summary>
    public StepResult Result { get; }

    /// <summary>What the step handed on; empty when it handed on nothing.</summary>
    public DataPacket Output => Result.Output ?? DataPacket.Empty;

    /// <summary>What the body threw; null when it returned.</summary>
    public Exception? Exception { get; }

    /// <summary>True when the body gave way to its token.</summary>
    public bool IsCancelled { get; internal init; }

    /// <summary>True when the step skipped itself.</summary>
    public bool IsSkipped => Result.Kind == StepResult.OutcomeKind.Skip;

    /// <summary>True when the step ended the whole job well.</summary>
    public bool IsFinish => Result.Kind == StepResult.OutcomeKind.Finish;

    /// <summary>The signal that the step wants to wait for; null when it does not wait.</summary>
    public string? WaitsFor => Result.Signal;

    /// <summary>How long it waits, for the signal or until it runs again; null: without limit, or not at all.</summary>
    public TimeSpan? Delay => Result.Delay;

    /// <summary>What it hands to its next leg; null: nothing.</summary>
    public JsonElement? State => Result.State;

    /// <summary>The variables it set, by name; none when it failed, as the engine drops them then.</summary>
    public IReadOnlyDictionary<string, JobVariable> Variables { get; }

    /// <summary>The engine data it set, by name; none when it failed.</summary>
    public IReadOnlyDictionary<string, JsonElement> EngineData { get; }

    /// <summary>Its progress reports, clamped to 0–100, oldest first.</summary>
    public IReadOnlyList<StepProgressReport> Progress { get; }

    /// <summary>What it wrote to its log, oldest first.</summary>
    public IReadOnlyList<StepLogEntry> Log { get; }
}

/// <summary>One progress report.</summary>
/// <param name="Percent">0 to 100.</param>
/// <param name="Message">Its text; may be null.</param>
public sealed record StepProgressReport(double Percent, string? Message);

/// <summary>One log entry.</summary>
/// <param name="Level">How grave it is.</param>
/// <param name="Message">Its text.</param>
/// <param name="Exception">The exception it carries; may be null.</param>
public sealed record StepLogEntry(LogLevel Level, string Message, Exception? Exception);

/// <summary>Takes down what a body reports and logs.</summary>
internal sealed class StepNotes : IAttemptHost, IProgressSink, ILogger
{
    private readonly Lock _gate = new();

    public List<StepProgressReport> Progress { get; } = [];

    public List<StepLogEntry> Entries { get; } = [];

    public ILogger Log => this;

    public IProgressSink OpenProgress(int step, int run) => this;

    public StopReason ReasonOf(int run) => StopReason.None;

    public void Report(double percent, string? message)
    {
        lock (_gate)
        {
            Progress.Add(new StepProgressReport(percent, message));
        }
    }

    public void Close()
    {
        // There is nothing to stop: a late report of a body that has returned is still worth showing.
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
        {
            Entries.Add(new StepLogEntry(logLevel, formatter(state, exception), exception));
        }
    }
}
