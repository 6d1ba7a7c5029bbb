using Polly;

namespace WorkflowEngine;

/// <summary>Middleware, the first registered outermost, then the step type's own Polly pipeline, then the body.</summary>
internal static class AttemptPipeline
{
    public static ValueTask<StepResult> InvokeAsync(IStep step, ResiliencePipeline? pipeline, IReadOnlyList<IStepMiddleware> middleware, StepPayload payload, CancellationToken cancellationToken)
    {
        StepDelegate next = pipeline is null
            ? step.ExecuteAsync
            : (inner, token) => pipeline.ExecuteAsync(static (call, attempt) => call.step.ExecuteAsync(call.inner, attempt), (step, inner), token);
        for (var i = middleware.Count - 1; i >= 0; i--)
        {
            var (current, following) = (middleware[i], next);
            next = (inner, token) => current.InvokeAsync(inner, following, token);
        }

        return next(payload, cancellationToken);
    }
}
