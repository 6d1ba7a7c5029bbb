namespace WorkflowEngine;

/// <summary>
/// What a user writes: code that turns a payload into a result. One instance is made per attempt when the type asks for scoped services, otherwise
/// one is shared, so a step keeps no state of its own between calls.
/// </summary>
public interface IStep
{
    /// <summary>
    /// Runs one attempt. It may run again with the same <see cref="StepPayload.IdempotencyKey"/> after a crash (G2), so effects on the outside world should carry that key.
    /// </summary>
    /// <param name="payload">Everything the step gets.</param>
    /// <param name="cancellationToken">Fires on cancel, timeout, host stop or a lost lease; <see cref="StepPayload"/> stays readable.</param>
    /// <returns>What the step did. An exception is caught and becomes a failure.</returns>
    ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken);
}

/// <summary>A step with a typed input (the newest item of the payload's data) and a typed output (an item put in front).</summary>
/// <typeparam name="TIn">The shape of the newest item's content; <see cref="DataPacket"/> for the whole packet.</typeparam>
/// <typeparam name="TOut">The shape of the new item; <see cref="DataPacket"/> or <see cref="StepResult"/> are taken as they are.</typeparam>
public interface IStep<TIn, TOut> : IStep
{
    /// <summary>Runs one attempt on the typed input.</summary>
    ValueTask<TOut> ExecuteAsync(TIn input, StepPayload payload, CancellationToken cancellationToken);

    /// <summary>The one place where the types are erased.</summary>
    async ValueTask<StepResult> IStep.ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(payload);
        var output = await ExecuteAsync(payload.Get<TIn>(), payload, cancellationToken).ConfigureAwait(false);
        return StepResult.FromTyped(output, payload);
    }
}

/// <summary>The rest of the way to a step's body, as a middleware sees it.</summary>
public delegate ValueTask<StepResult> StepDelegate(StepPayload payload, CancellationToken cancellationToken);

/// <summary>Code around every attempt of every step, in order of registration: the first registered is the outermost.</summary>
public interface IStepMiddleware
{
    /// <summary>Does its part and calls <paramref name="next"/>, at most once.</summary>
    ValueTask<StepResult> InvokeAsync(StepPayload payload, StepDelegate next, CancellationToken cancellationToken);
}

/// <summary>Adds to a job's engine data when the job is created, for example where its input came from.</summary>
public interface IEngineDataProvider
{
    /// <summary>Returns names and values to add; names already given by the starter win.</summary>
    ValueTask<IReadOnlyDictionary<string, object?>> ProvideAsync(string flowId, JobId jobId, CancellationToken cancellationToken);
}

/// <summary>Resolves <c>secrets.NAME</c> in templates at render time; what it returns is never stored.</summary>
public interface ISecretProvider
{
    /// <summary>The secret, or null when this provider does not have it.</summary>
    ValueTask<string?> FindSecretAsync(string name, CancellationToken cancellationToken);
}
