using WorkflowEngine;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers flows whose steps are code (S28).</summary>
public static class CodeFlowRegistrations
{
    /// <summary>
    /// Adds a flow in code. The engine runs <paramref name="run"/> for each job, and again after a crash: steps that completed give their stored results then, so
    /// the code must come to its steps under the same ids. Jobs pin the version and run only where it is registered: change it when the steps change, and keep the
    /// old one registered as long as jobs of it live.
    /// </summary>
    /// <param name="builder">The engine.</param>
    /// <param name="id">The flow.</param>
    /// <param name="version">The version that new jobs pin; the last one that is added is what new jobs start with.</param>
    /// <param name="run">The code: its session, the input's newest item, and a token that fires on cancel and stop.</param>
    /// <param name="totalSteps">How many steps are to be expected, for the progress; more raise it.</param>
    /// <exception cref="ArgumentException">Id or version is not legal.</exception>
    public static IWorkflowEngineBuilder AddFlow<T>(this IWorkflowEngineBuilder builder, string id, string version, Func<JobSession, T, CancellationToken, Task> run, int totalSteps = 1)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Add<T>(builder, CodeFlow.Define(id, version, totalSteps), async (session, input, cancellationToken) =>
        {
            await run(session, input, cancellationToken).ConfigureAwait(false);
            return null;
        });
    }

    /// <summary>As <see cref="AddFlow{T}"/>, for code whose result is the flow's output.</summary>
    /// <exception cref="ArgumentException">Id or version is not legal.</exception>
    public static IWorkflowEngineBuilder AddFlow<T, TOutput>(this IWorkflowEngineBuilder builder, string id, string version, Func<JobSession, T, CancellationToken, Task<TOutput>> run, int totalSteps = 1)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Add<T>(builder, CodeFlow.Define(id, version, totalSteps), async (session, input, cancellationToken) => await session.ToPacketAsync(run(session, input, cancellationToken)).ConfigureAwait(false));
    }

    private static IWorkflowEngineBuilder Add<T>(IWorkflowEngineBuilder builder, FlowDefinition flow, Func<JobSession, T, CancellationToken, Task<DataPacket?>> code)
    {
        builder.Composition().CodeFlows.Add(engine =>
        {
            var step = new CodeStep<T>(engine, code);
            var type = flow.Steps[0].Type;
            return (flow, new StepRegistration { Type = type, Name = flow.Id, Position = int.MaxValue, Ports = [StepResult.DonePort], Resolve = _ => step });
        });
        return builder;
    }
}
