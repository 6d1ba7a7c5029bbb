using System.Text.Json;

namespace WorkflowEngine.Cli;

/// <summary>How long <see cref="SimulateStep"/> takes.</summary>
internal sealed record SimulateConfig
{
    /// <summary>Seconds as a number, or a duration as text, for example <c>500ms</c>.</summary>
    public required JsonElement Duration { get; init; }
}

/// <summary>Stands in for real work: waits in-process, holding its slot, and hands its input on.</summary>
internal sealed class SimulateStep(TimeProvider time) : IStep
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    public async ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var duration = DurationOf(payload.Config.Get<SimulateConfig>().Duration);
        if (duration > TimeSpan.Zero)
        {
            await Task.Delay(duration, time, cancellationToken);
        }

        return StepResult.Completed(payload.Data);
    }

    private static TimeSpan DurationOf(JsonElement value)
    {
        var isRead = value.ValueKind switch
        {
            JsonValueKind.Number => TryFromSeconds(value.GetDouble(), out var seconds) ? seconds : default(TimeSpan?),
            JsonValueKind.String => Duration.TryParse(value.GetString(), out var duration) && duration <= Longest ? duration : default(TimeSpan?),
            _ => null,
        };
        return isRead ?? throw new StepFailedException(Reasons.InvalidConfig, $"'duration' is {value.GetRawText()}; write seconds as a number, or {Duration.Forms}, up to 24 days.", retryable: false);
    }

    private static bool TryFromSeconds(double seconds, out TimeSpan duration)
    {
        var isLegal = seconds >= 0 && seconds <= Longest.TotalSeconds;
        duration = isLegal ? TimeSpan.FromSeconds(seconds) : default;
        return isLegal;
    }
}
