using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace WorkflowEngine;

/// <summary>The words for levels, the short ones included.</summary>
internal enum LogWord
{
    Trace,
    Debug,
    Info,
    Information,
    Warn,
    Warning,
    Error,
    Critical,
}

/// <summary>What <see cref="LogStep"/> writes.</summary>
internal sealed record LogConfig
{
    /// <summary>A text; other JSON is written as JSON.</summary>
    public JsonElement Message { get; init; }

    /// <summary>Default information.</summary>
    public LogWord Level { get; init; } = LogWord.Information;
}

/// <summary>Writes one line to the host's log and hands its input on.</summary>
internal sealed partial class LogStep : IStep
{
    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var config = payload.Config.Get<LogConfig>();
        var level = LevelOf(config.Level);
        var text = config.Message.ToString();
        Write(payload.Log, level, text);
        return StepResult.Completed(payload.Data);
    }

    private static LogLevel LevelOf(LogWord word) => word switch
    {
        LogWord.Trace => LogLevel.Trace,
        LogWord.Debug => LogLevel.Debug,
        LogWord.Warn or LogWord.Warning => LogLevel.Warning,
        LogWord.Error => LogLevel.Error,
        LogWord.Critical => LogLevel.Critical,
        _ => LogLevel.Information,
    };

    [LoggerMessage(Message = "{Text}")]
    private static partial void Write(ILogger logger, LogLevel level, string text);
}
