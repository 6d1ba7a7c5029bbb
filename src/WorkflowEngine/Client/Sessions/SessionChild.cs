using System.Text.Json;

namespace WorkflowEngine;

/// <summary>A job that a session's step started, as the step keeps it.</summary>
internal sealed record SessionChild(Guid Job, JobStatus Status, string? Reason, string? Message, JsonElement Output)
{
    public static async Task<SessionChild> RunAsync(IWorkflowEngine engine, JobSession session, string key, string flowId, object? input, CancellationToken cancellationToken)
    {
        var options = new JobOptions { Key = key, KeyReuse = KeyReuse.RestartFailed, Trigger = "session" };
        var child = await engine.StartAsync(flowId, input, options, cancellationToken).ConfigureAwait(false);
        try
        {
            var result = (await child.WaitAsync(cancellationToken: cancellationToken).ConfigureAwait(false)).EnsureSucceeded();
            return new SessionChild(result.Id.Value, result.Status, result.Reason, result.Message, JsonElement.Parse(result.Output.ToJson()));
        }
        catch (OperationCanceledException) when (session.IsJobStopped)
        {
            await CancelAsync(child).ConfigureAwait(false);
            throw;
        }
    }

    public JobResult ToResult() => new(new JobId(Job), Status, Reason, Message, DataPacket.Parse(Output.GetRawText()));

    private static async Task CancelAsync(JobHandle child)
    {
        try
        {
            await child.CancelAsync(new ControlOptions { Note = "The session that started it was stopped." }).ConfigureAwait(false);
        }
        catch (InvalidTransitionException)
        {
            // It ended in this very moment.
        }
    }
}
