namespace WorkflowEngine;

/// <summary>Hands its input on and does nothing else.</summary>
internal sealed class NoopStep : IStep
{
    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken) => StepResult.Completed(payload.Data);
}

/// <summary>Ends the job well; its input is the job's output.</summary>
internal sealed class FinishStep : IStep
{
    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken) => StepResult.Finish(payload.Data);
}

/// <summary>How <see cref="FailStep"/> fails.</summary>
internal sealed record FailConfig
{
    /// <summary>A snake_case code.</summary>
    public string? Reason { get; init; }

    /// <summary>A text for people.</summary>
    public string? Message { get; init; }

    /// <summary>False: never tried again; left out: as the retry policy says.</summary>
    public bool? Retryable { get; init; }
}

/// <summary>Fails on purpose.</summary>
internal sealed class FailStep : IStep
{
    public const string DefaultReason = "failed_by_flow";

    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var config = payload.Config.Get<FailConfig>();
        var reason = string.IsNullOrWhiteSpace(config.Reason) ? DefaultReason : config.Reason;
        return StepResult.Fail(reason, config.Message ?? "The flow failed here on purpose.", config.Retryable);
    }
}
