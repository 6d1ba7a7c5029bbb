namespace WorkflowEngine;

/// <summary>The crash points around every body; outside of all other middleware.</summary>
internal sealed class CrashingBodies(TestNode node) : IStepMiddleware
{
    public async ValueTask<StepResult> InvokeAsync(StepPayload payload, StepDelegate next, CancellationToken cancellationToken)
    {
        node.PassBy(CrashPoint.BeforeBody);
        try
        {
            return await next(payload, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            node.PassBy(CrashPoint.AfterBody);
        }
    }
}
