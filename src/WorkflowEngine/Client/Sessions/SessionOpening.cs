using System.Collections.Concurrent;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Opens sessions by hand: makes the job, or takes it over where an earlier opening left it (S28).</summary>
internal sealed class SessionOpening(EngineNode node, EngineLoop loop, JobStarter starter)
{
    /// <summary>The jobs whose sessions are open in this process.</summary>
    private readonly ConcurrentDictionary<JobId, bool> _open = new();

    public async Task<JobSession> OpenAsync(IWorkflowEngine engine, string flowId, string sessionId, int totalSteps, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(flowId);
        ArgumentException.ThrowIfNullOrEmpty(sessionId);
        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, 1);
        if (!node.Accepts)
        {
            throw new InvalidOperationException("The host was not started, is stopping, or does not run jobs (RunJobs), so it cannot hold a session. Call StartAsync on the host first.");
        }

        var flow = node.FindFlow(flowId, CodeFlow.OpenedVersion)!.Flow;
        var open = new OpenSession(totalSteps);
        var started = await starter.StartAsync(flow, null, new JobOptions { Key = sessionId, Trigger = "session" }, cancellationToken, open).ConfigureAwait(false);
        var runner = started.AlreadyExisted ? await TakeOverAsync(started.Id, sessionId, open, cancellationToken).ConfigureAwait(false) : started.Runner!;
        return Seat(runner, open, engine);
    }

    private JobSession Seat(FlowRunner runner, OpenSession open, IWorkflowEngine engine)
    {
        if (open.Start is not { } start)
        {
            throw new InvalidTransitionException(runner.Id, runner.FinalHead.Status, "open_session", $"The job is {runner.FinalHead.Status.ToWord()}.");
        }

        _open[runner.Id] = true;
        var seat = new SessionSeat(runner, start.Run, () => _open.TryRemove(runner.Id, out _));
        runner.Bodies.Token.UnsafeRegister(_ => Stop(runner, start.Run), null);
        return new JobSession(seat, engine, node.Services);
    }

    /// <summary>The job was cancelled, or the host's grace is over: nobody else ends the session's own step.</summary>
    private void Stop(FlowRunner runner, int run)
    {
        _open.TryRemove(runner.Id, out _);
        var kind = runner.Bodies.Cause == StopReason.JobCancelled ? OutcomeKind.Cancelled : OutcomeKind.Interrupted;
        runner.Tell(new EndStep(0, run, new StepOutcome(kind)));
    }

    private async Task<FlowRunner> TakeOverAsync(JobId id, string sessionId, OpenSession open, CancellationToken cancellationToken)
    {
        while (true)
        {
            var job = await node.Store.LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false) ?? throw new JobNotFoundException(id);
            await PrepareAsync(job, sessionId, cancellationToken).ConfigureAwait(false);
            if (await loop.ClaimSessionAsync(id, open, cancellationToken).ConfigureAwait(false) is { } runner)
            {
                return runner;
            }

            job = await node.Store.LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false) ?? throw new JobNotFoundException(id);
            if (job.Owner == node.Incarnation && !_open.ContainsKey(id) && node.Find(id) is { } own)
            {
                await own.Retired.WaitAsync(cancellationToken).ConfigureAwait(false); // It was claimed for its mail, or is just being given back.
            }
            else if (job.Owner is not null)
            {
                throw new SessionBusyException(job.Creation.FlowId, sessionId, id);
            }
        }
    }

    /// <summary>A failed session is reopened, as by a retry; other ends are final.</summary>
    private async ValueTask PrepareAsync(StoredJob job, string sessionId, CancellationToken cancellationToken)
    {
        var (id, status) = (job.Creation.Id, job.Head.Status);
        if (job.Creation.FlowVersion != CodeFlow.OpenedVersion)
        {
            throw new InvalidOperationException($"Key '{sessionId}' of flow '{job.Creation.FlowId}' belongs to job {id}, which the engine runs by itself. Choose another session id.");
        }

        if (status is JobStatus.Completed or JobStatus.CompletedNoItems or JobStatus.Cancelled)
        {
            throw new InvalidTransitionException(id, status, "open_session", $"Session '{sessionId}' has ended: {status.ToWord()}. Open another session id, or look at this job with GetJob.");
        }

        if (status == JobStatus.Failed)
        {
            var message = new JobMessage { Id = Guid.CreateVersion7(node.Time.GetUtcNow()), JobId = id, Action = "retry", Reopens = true, Note = "The session was opened again." };
            await node.Store.SendAsync(message, cancellationToken).ConfigureAwait(false);
        }
    }
}
