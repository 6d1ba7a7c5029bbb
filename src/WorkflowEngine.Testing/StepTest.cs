using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine;

/// <summary>Runs one step body, without an engine, and tells everything it did. A failure is a result, as it is in the engine.</summary>
public static class StepTest
{
    /// <summary>
    /// Runs a step class. It is made as the engine makes it: by its parameterless constructor, or with its constructor's services from <paramref name="services"/>.
    /// </summary>
    /// <param name="payload">What the step gets: <see cref="StepPayload.For"/>.</param>
    /// <param name="services">What its constructor and <c>payload.Services</c> resolve; null: the payload's.</param>
    /// <param name="cancellationToken">The attempt's token.</param>
    /// <exception cref="InvalidOperationException">The constructor needs a service that is not there.</exception>
    public static async Task<StepTestResult> RunAsync<TStep>(StepPayload payload, IServiceProvider? services = null, CancellationToken cancellationToken = default)
        where TStep : class, IStep
    {
        ArgumentNullException.ThrowIfNull(payload);
        var own = services ?? payload.Job.Services;
        var empty = own is null ? new ServiceCollection().BuildServiceProvider() : null;
        try
        {
            var step = own?.GetService<TStep>() ?? ActivatorUtilities.CreateInstance<TStep>(own ?? empty!);
            return await RunAsync(step, payload, own, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (empty is not null)
            {
                await empty.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Runs a step that the test has made.</summary>
    public static async Task<StepTestResult> RunAsync(IStep step, StepPayload payload, IServiceProvider? services = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(payload);
        var notes = new StepNotes();
        var attempt = Attempt(payload, services ?? payload.Job.Services, notes);
        try
        {
            var result = await step.ExecuteAsync(attempt, cancellationToken).ConfigureAwait(false)
                ?? StepResult.Fail(Reasons.InvalidResult, $"Step '{payload.StepId}' returned null instead of a StepResult.");
            return new StepTestResult(result, null, result.IsFailed ? null : attempt.Writes, notes);
        }
        catch (OperationCanceledException error) when (cancellationToken.IsCancellationRequested)
        {
            return new StepTestResult(StepResult.Fail(Reasons.Cancelled, "The attempt was cancelled.", retryable: false), error, null, notes) { IsCancelled = true };
        }
        catch (Exception error)
        {
            var known = StepExecutor.ErrorOf(error, payload.StepId);
            return new StepTestResult(StepResult.Fail(known.Reason, known.Message, known.Retryable, known.Details), error, null, notes);
        }
        finally
        {
            await attempt.EndAttemptAsync(notes.Log).ConfigureAwait(false);
        }
    }

    /// <summary>The same payload, with ears.</summary>
    private static StepPayload Attempt(StepPayload payload, IServiceProvider? services, StepNotes notes)
        => new(payload.Job with { Services = services, Host = notes }, payload.StepId, payload.StepPath)
        {
            Attempt = payload.Attempt,
            Data = payload.Data,
            Inputs = payload.Inputs,
            Config = payload.Config,
            Values = payload.Values,
            Detail = payload.Detail,
            Log = notes.Log,
        };
}
