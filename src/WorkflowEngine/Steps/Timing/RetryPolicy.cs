using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorkflowEngine;

/// <summary>How the delay grows from attempt to attempt.</summary>
[JsonConverter(typeof(BackoffForm))]
public enum Backoff
{
    /// <summary>Always the same.</summary>
    Constant,

    /// <summary>The delay times the number of the failed attempt.</summary>
    Linear,

    /// <summary>Doubles each time.</summary>
    Exponential,
}

internal sealed class BackoffForm() : JsonStringEnumConverter<Backoff>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

/// <summary>When a failed attempt is made again (S11). The words follow Polly.</summary>
public sealed record RetryPolicy
{
    /// <summary>One attempt, no retry.</summary>
    public static RetryPolicy None { get; } = new();

    /// <summary>How many attempts in all, the first included; 1 to 1000.</summary>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>The wait after the first failed attempt; default 1 s.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How the wait grows; default constant.</summary>
    public Backoff Backoff { get; init; }

    /// <summary>The longest wait; default 1 h.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Spreads each wait evenly between half of it and the whole; default off.</summary>
    public bool Jitter { get; init; }

    /// <summary>The reasons that are retried; empty: every reason. Failures marked not retryable never are.</summary>
    public IReadOnlyList<string> On { get; init; } = [];

    /// <summary>Whether a failure is tried again after <paramref name="attempt"/> attempts.</summary>
    internal bool Allows(StepError error, int attempt)
        => attempt < MaxAttempts && error.Retryable && (On.Count == 0 || On.Contains(error.Reason, StringComparer.Ordinal));

    /// <summary>The wait after the failed attempt number <paramref name="attempt"/> (1 = the first).</summary>
    /// <param name="attempt">The attempt that failed.</param>
    /// <param name="spread">0 up to 1: where in the jitter range; the machine derives it from the step, so that it stays pure.</param>
    internal TimeSpan DelayAfter(int attempt, double spread)
    {
        var factor = Backoff switch
        {
            Backoff.Linear => attempt,
            Backoff.Exponential => Math.Pow(2, Math.Min(attempt - 1, 62)),
            _ => 1,
        };
        var ticks = Math.Min(Delay.Ticks * factor, MaxDelay.Ticks);
        return TimeSpan.FromTicks((long)(Jitter ? ticks * (0.5 + (spread / 2)) : ticks));
    }
}
