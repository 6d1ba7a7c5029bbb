using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>What becomes of a claimed job: a runner, or, if it cannot be run, it is given back with a strike, or parked (G4). The place reserved for it is spent or given back here.</summary>
internal sealed class JobAdoption(EngineNode node)
{
    /// <summary>The runner, if there is one now. <paramref name="open"/>: the job was claimed to open its session.</summary>
    public async Task<FlowRunner?> AdoptAsync(StoredJob job, OpenSession? open = null)
    {
        if (job.Owner != node.Incarnation || node.IsFenced)
        {
            node.GiveBack(1);
            node.LostTrack = true; // Claimed in a life that is over, or may be.
        }
        else if (job.Problem is { } problem)
        {
            node.GiveBack(1);
            await UnreadableJob.GiveUpAsync(node, job, problem).ConfigureAwait(false);
        }
        else if (node.FindFlow(job.Creation.FlowId, job.Creation.FlowVersion) is not { } flow)
        {
            EngineLog.FlowMissing(node.Log, job.Creation.Id, job.Creation.FlowId, job.Creation.FlowVersion);
            node.GiveBack(1);
            await GiveBackAsync(job).ConfigureAwait(false);
        }
        else if (await LoadAsync(flow, job).ConfigureAwait(false) is { } state)
        {
            return await RunAsync(flow, job, state, open).ConfigureAwait(false);
        }

        return null;
    }

    private async ValueTask GiveBackAsync(StoredJob job)
    {
        var head = job.Head;
        head.Version++;
        await node.Commits.CommitAsync(new TransitionBuilder { Id = job.Creation.Id, Incarnation = node.Incarnation, Epoch = job.Epoch, Head = head, Releases = true }.Build()).ConfigureAwait(false);
    }

    private async ValueTask<JobState?> LoadAsync(RunnableFlow flow, StoredJob job)
    {
        try
        {
            return JobRebuild.Load(flow.Flow, job, node.Now);
        }
        catch (Exception error)
        {
            node.GiveBack(1);
            await UnreadableJob.GiveUpAsync(node, job, error.Message).ConfigureAwait(false);
            return null;
        }
    }

    private async Task<FlowRunner?> RunAsync(RunnableFlow flow, StoredJob job, JobState state, OpenSession? open)
    {
        node.Refusals.TryRemove(job.Creation.Id, out var refusal);
        if (refusal is not null)
        {
            state.Refusals = refusal.InARow;
            JobMachine.Apply(state, new RefuseContent(refusal.Steps, refusal.Message, refusal.EndsJob), node.Now);
        }

        if (Park(job) is { } end)
        {
            JobMachine.Apply(state, end, node.Now);
        }

        var runner = new FlowRunner(node, flow, state, job.StoreTag);
        node.Add(runner);
        if (state.Strikes is { Count: > 1, HeldUntil: 0 })
        {
            node.Struck[runner.Id] = state.Strikes.Count;
        }

        try
        {
            var mail = new List<ControlCommand>(job.Mail.Count);
            foreach (var message in job.Mail)
            {
                mail.Add(refusal?.Blames(message.Id) == true
                    ? new RefusedCommand(message.Action, $"The store cannot keep what it brings: {refusal.Message}") { Id = message.Id, Actor = message.Actor }
                    : await ControlMessages.ToCommandAsync(node.Store, message).ConfigureAwait(false));
            }

            await runner.BeginAsync(mail, open).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not StoreException)
        {
            // What cannot be begun would stop every later claim as well.
            runner.InTurn(static lost => lost.Lose());
            await UnreadableJob.GiveUpAsync(node, job, error.Message).ConfigureAwait(false);
            return null;
        }

        if (node.IsFenced)
        {
            runner.InTurn(static lost => lost.Lose()); // The fence fell while the runner was being made, and has not seen it.
        }

        return runner;
    }

    /// <summary>The end of a job that killed its process too often, and alone; null for every other.</summary>
    private ParkJob? Park(StoredJob job)
    {
        if (job.Strikes.Alone < node.Options.MaxStrikes || job.Head.Status.IsTerminal())
        {
            return null;
        }

        var suspects = job.Steps.Where(row => row.Status == StepStatus.Running).Select(row => $"'{row.Path}'").ToList();
        var message = $"The process died {job.Strikes.Alone} times while it ran this job alone ({job.Strikes.Count} deaths in all). "
            + (suspects.Count > 0 ? $"The body that ran was that of {string.Join(", ", suspects)}. " : string.Empty) + "Mend the step, then retry the job.";
        EngineLog.JobParked(node.Log, job.Creation.Id, Reasons.Poison, message);
        return new ParkJob(message);
    }
}
