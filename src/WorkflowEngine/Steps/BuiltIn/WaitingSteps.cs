using System.Globalization;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>How long <see cref="DelayStep"/> waits: one of the two.</summary>
internal sealed record DelayConfig
{
    /// <summary>For example <c>5m</c>.</summary>
    public string? Duration { get; init; }

    /// <summary>An ISO 8601 time with its offset; one that is over is no wait.</summary>
    public string? Until { get; init; }
}

/// <summary>Waits without a slot, then hands its input on.</summary>
internal sealed class DelayStep : IStep
{
    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        if (payload.Leg > 0)
        {
            return StepResult.Completed(payload.Data);
        }

        var config = payload.Config.Get<DelayConfig>();
        if ((config.Duration is null) == (config.Until is null))
        {
            return StepResult.Fail(Reasons.InvalidConfig, "A delay has either 'duration' or 'until'.", retryable: false);
        }

        var wait = config.Duration is { } duration ? WaitForSignalStep.Read(duration, "duration") : Until(config.Until!) - payload.Job.Time.GetUtcNow();
        return wait > TimeSpan.Zero ? StepResult.RunAgain(wait) : StepResult.Completed(payload.Data);
    }

    private static DateTimeOffset Until(string text)
        => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var until)
            ? until
            : throw new StepFailedException(Reasons.InvalidConfig, $"'until' is no time: '{text}'. Write ISO 8601, for example 2027-01-01T06:00:00Z.", retryable: false);
}

/// <summary>What <see cref="WaitForSignalStep"/> waits for.</summary>
internal sealed record WaitForSignalConfig
{
    /// <summary>The signal's name.</summary>
    public required string Signal { get; init; }

    /// <summary>How long; left out: for ever.</summary>
    public string? Timeout { get; init; }
}

/// <summary>Waits without a slot until a signal comes; its value is the output. Unanswered it leaves by the port <c>timed_out</c>, or fails where no edge names that.</summary>
internal sealed class WaitForSignalStep : IStep
{
    public const string TimedOutPort = "timed_out";

    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        if (payload.TimedOut)
        {
            return TimedOut(payload, $"Nobody sent what step '{payload.StepId}' waited for.");
        }

        if (payload.Signal is { } signal)
        {
            return StepResult.Completed(DataPacket.Of("signal", signal));
        }

        var config = payload.Config.Get<WaitForSignalConfig>();
        return StepResult.Wait(config.Signal, config.Timeout is { } timeout ? Read(timeout, "timeout") : null);
    }

    internal static StepResult TimedOut(StepPayload payload, string message) => StepResult.CompletedIfTaken(payload.Data, TimedOutPort, Reasons.TimedOut, message);

    internal static TimeSpan Read(string text, string member)
        => WorkflowEngine.Duration.TryParse(text, out var duration)
            ? duration
            : throw new StepFailedException(Reasons.InvalidConfig, $"'{member}' is no duration: '{text}'. Write {WorkflowEngine.Duration.Forms}.", retryable: false);
}

/// <summary>What <see cref="ApprovalStep"/> asks.</summary>
internal sealed record ApprovalConfig
{
    /// <summary>The name that approves and rejects it.</summary>
    public required string Name { get; init; }

    /// <summary>The question, for people.</summary>
    public string? Title { get; init; }

    /// <summary>Whom to ask; for display.</summary>
    public JsonElement? Assignees { get; init; }

    /// <summary>How long; left out: for ever.</summary>
    public string? Timeout { get; init; }
}

/// <summary>
/// Waits for a person's decision: a signal of its name with <c>approved</c> or <c>rejected</c>, as text or as the member <c>decision</c>. Anything else leaves it waiting. A rejection,
/// and no answer in time, fail the step where no edge names their port: it never approves itself (S16).
/// </summary>
internal sealed class ApprovalStep : IStep
{
    public const string Approved = "approved";

    public const string Rejected = "rejected";

    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var config = payload.Config.Get<ApprovalConfig>();
        if (payload.TimedOut)
        {
            return WaitForSignalStep.TimedOut(payload, $"Nobody decided on '{config.Name}' in time.");
        }

        var now = payload.Job.Time.GetUtcNow().UtcTicks;
        var deadline = payload.GetState<long?>() ?? (config.Timeout is { } timeout ? now + WaitForSignalStep.Read(timeout, "timeout").Ticks : null);
        if (payload.Signal is not { } answer)
        {
            return Wait(config, deadline, now);
        }

        return DecisionOf(answer) switch
        {
            Approved => StepResult.Completed(DataPacket.Of("approval", answer), Approved),
            Rejected => StepResult.CompletedIfTaken(DataPacket.Of("approval", answer), Rejected, Reasons.Rejected, $"'{config.Name}' was rejected."),
            _ when deadline <= now => WaitForSignalStep.TimedOut(payload, $"Nobody decided on '{config.Name}' in time."),
            _ => Wait(config, deadline, now),
        };
    }

    private static StepResult Wait(ApprovalConfig config, long? deadline, long now)
        => StepResult.WaitWith(config.Name, deadline is { } at ? TimeSpan.FromTicks(at - now) : null, deadline);

    private static string? DecisionOf(JsonElement answer)
    {
        var decision = answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("decision", out var member) ? member : answer;
        return decision.ValueKind == JsonValueKind.String ? decision.GetString() : null;
    }
}
