namespace WorkflowEngine;

/// <summary>The step that stands for a flow's code: runs it with a session of the job that the step belongs to.</summary>
internal sealed class CodeStep<T>(IWorkflowEngine engine, Func<JobSession, T, CancellationToken, Task<DataPacket?>> code) : IStep
{
    public async ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var bodies = payload.Job.Host as RunningBodies
            ?? throw new InvalidOperationException("A flow in code runs on an engine only; test it with FlowTestHost.");
        var input = payload.Get<T>();
        var session = new JobSession(new SessionSeat(bodies.Runner, payload.Run, static () => { }), engine, payload.Services);
        await using (session.ConfigureAwait(false))
        {
            return StepResult.Completed(await code(session, input, cancellationToken).ConfigureAwait(false));
        }
    }
}
