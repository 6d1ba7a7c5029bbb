namespace WorkflowEngine;

/// <summary>A step that is a delegate.</summary>
internal sealed class DelegateStep(Func<StepPayload, CancellationToken, ValueTask<StepResult>> run) : IStep
{
    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken) => run(payload, cancellationToken);
}

/// <summary>A typed step that is a delegate.</summary>
internal sealed class TypedDelegateStep<TIn, TOut>(Func<TIn, StepPayload, CancellationToken, ValueTask<TOut>> run) : IStep<TIn, TOut>
{
    public ValueTask<TOut> ExecuteAsync(TIn input, StepPayload payload, CancellationToken cancellationToken) => run(input, payload, cancellationToken);
}
