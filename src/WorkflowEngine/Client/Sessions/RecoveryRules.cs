using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security;
using System.Security.Authentication;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>From an error to a <see cref="RecoveryPlan"/>: one table of types, one of categories, and the order in which the ways out are tried.</summary>
internal static class RecoveryRules
{
    /// <summary>The attempts that a category is worth when the step declares none.</summary>
    private static readonly RetryPolicy Usual = new() { MaxAttempts = 3, Delay = TimeSpan.FromSeconds(1), Backoff = Backoff.Exponential, MaxDelay = TimeSpan.FromMinutes(1) };
    private static readonly RetryPolicy OverNetwork = new() { MaxAttempts = 5, Delay = TimeSpan.FromSeconds(2), Backoff = Backoff.Exponential, MaxDelay = TimeSpan.FromSeconds(30) };
    private static readonly RetryPolicy AfterTimeout = new() { MaxAttempts = 3, Delay = TimeSpan.FromSeconds(5), MaxDelay = TimeSpan.FromSeconds(30) };

    /// <summary>What is known of the failure besides the error itself.</summary>
    internal readonly record struct Situation(string StepId, string Name, int Attempts, StepOptions Options, bool HasCheckpoint, TimeSpan? Timeout, double Spread);

    /// <summary>The situation that a caller describes by hand.</summary>
    public static Situation SituationOf(string id, string? name, IReadOnlyDictionary<string, object?>? context)
    {
        var retries = context?.GetValueOrDefault("retry_count") is { } count ? Convert.ToInt32(count, CultureInfo.InvariantCulture) : 0;
        TimeSpan? timeout = context?.GetValueOrDefault("timeout") switch
        {
            null => null,
            TimeSpan time => time,
            var seconds => TimeSpan.FromSeconds(Convert.ToDouble(seconds, CultureInfo.InvariantCulture)),
        };
        return new Situation(id, string.IsNullOrEmpty(name) ? id : name, Math.Max(retries, 0) + 1, StepOptions.None, HasCheckpoint: false, timeout, Spread: 0);
    }

    public static RecoveryPlan PlanFor(Exception error, Situation situation)
    {
        var category = CategoryOf(error);
        var severity = SeverityOf(category, error);
        var policy = situation.Options.Retry ?? PolicyOf(category);
        var action = ActionFor(error, category, severity, situation, policy);
        var retries = action is RecoveryAction.Retry or RecoveryAction.RetryWithBackoff;
        var delay = retries ? policy.DelayAfter(situation.Attempts, situation.Spread) : TimeSpan.Zero;
        return new RecoveryPlan
        {
            StepId = situation.StepId,
            Category = category,
            Severity = severity,
            Action = action,
            Delay = delay,
            Description = Describe(error, category, action, situation, policy, delay),
        };
    }

    public static ErrorCategory CategoryOf(Exception error) => error switch
    {
        StepFailedException { Reason: Reasons.Timeout } or TimeoutException => ErrorCategory.Timeout,
        StepFailedException { InnerException: { } inner } => CategoryOf(inner),
        StepFailedException => ErrorCategory.Execution,
        OperationCanceledException { InnerException: TimeoutException } => ErrorCategory.Timeout,
        OperationCanceledException => ErrorCategory.User,
        HttpRequestException http => CategoryOf(http),
        SocketException or WebException => ErrorCategory.Network,
        UnauthorizedAccessException or AuthenticationException or SecurityException => ErrorCategory.Authentication,
        InsufficientExecutionStackException or AccessViolationException => ErrorCategory.System,
        OutOfMemoryException => error is InsufficientMemoryException ? ErrorCategory.Resource : ErrorCategory.System,
        FileNotFoundException or DirectoryNotFoundException or DbException => ErrorCategory.Dependency,
        IOException io => io.InnerException is SocketException ? ErrorCategory.Network : ErrorCategory.Resource,
        StoreException => ErrorCategory.System,
        NotSupportedException or NotImplementedException or TypeLoadException or MissingMemberException or FlowNotFoundException or FlowValidationException => ErrorCategory.Configuration,
        ArgumentException or FormatException or JsonException or DataPacketException or OverflowException => ErrorCategory.Validation,
        AggregateException { InnerExceptions.Count: 1, InnerException: { } inner } => CategoryOf(inner),
        _ => error.GetType() == typeof(Exception) ? ErrorCategory.Unknown : ErrorCategory.Execution,
    };

    private static ErrorCategory CategoryOf(HttpRequestException error) => error.StatusCode switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.ProxyAuthenticationRequired => ErrorCategory.Authentication,
        HttpStatusCode.RequestTimeout or HttpStatusCode.GatewayTimeout => ErrorCategory.Timeout,
        HttpStatusCode.TooManyRequests => ErrorCategory.Resource,
        >= (HttpStatusCode)400 and < (HttpStatusCode)500 => ErrorCategory.Validation,
        >= (HttpStatusCode)500 => ErrorCategory.Dependency,
        _ => ErrorCategory.Network,
    };

    private static ErrorSeverity SeverityOf(ErrorCategory category, Exception error) => category switch
    {
        ErrorCategory.Timeout or ErrorCategory.Unknown or ErrorCategory.Execution or ErrorCategory.User => ErrorSeverity.Low,
        ErrorCategory.Network or ErrorCategory.Resource or ErrorCategory.Dependency => ErrorSeverity.Medium,
        ErrorCategory.System => error is StoreException { IsTransient: true } ? ErrorSeverity.Medium : ErrorSeverity.Critical,
        _ => ErrorSeverity.High,
    };

    private static RetryPolicy PolicyOf(ErrorCategory category) => category switch
    {
        ErrorCategory.Network => OverNetwork,
        ErrorCategory.Timeout => AfterTimeout,
        _ => Usual,
    };

    /// <summary>Again while that can help; then another way, without the step, back to a checkpoint, and at last a person.</summary>
    private static RecoveryAction ActionFor(Exception error, ErrorCategory category, ErrorSeverity severity, Situation situation, RetryPolicy policy)
    {
        var known = StepExecutor.ErrorOf(error, situation.StepId);
        if (severity == ErrorSeverity.Critical || category == ErrorCategory.User)
        {
            return severity == ErrorSeverity.Critical ? RecoveryAction.FailFast : RecoveryAction.ManualIntervention;
        }

        if (severity < ErrorSeverity.High && policy.Allows(known, situation.Attempts))
        {
            return policy.Backoff == Backoff.Constant ? RecoveryAction.Retry : RecoveryAction.RetryWithBackoff;
        }

        return situation.Options.Alternative is not null ? RecoveryAction.AlternativePath
            : situation.Options.CanSkip ? RecoveryAction.Skip
            : situation.HasCheckpoint ? RecoveryAction.RestoreCheckpoint
            : RecoveryAction.ManualIntervention;
    }

    private static string Describe(Exception error, ErrorCategory category, RecoveryAction action, Situation situation, RetryPolicy policy, TimeSpan delay)
    {
        var seconds = delay.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        var what = action switch
        {
            RecoveryAction.Retry or RecoveryAction.RetryWithBackoff => $"try again after {seconds} s (attempt {situation.Attempts + 1} of {policy.MaxAttempts})",
            RecoveryAction.AlternativePath => "take the alternative path",
            RecoveryAction.Skip => "go on without the step",
            RecoveryAction.RestoreCheckpoint => "restore the latest checkpoint and try again",
            RecoveryAction.FailFast => "stop at once",
            _ => "somebody has to look at it",
        };
        var limit = situation.Timeout is { } timeout ? $", with a time limit of {timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s" : string.Empty;
        return $"{situation.Name} failed with a {category.ToString().ToLowerInvariant()} error ({error.GetType().Name}) in attempt {situation.Attempts}{limit}: {what}.";
    }
}
