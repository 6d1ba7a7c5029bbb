namespace WorkflowEngine;

/// <summary>Asks the scheduler for the slots that a job can use, and begins a step with each (DESIGN §3.3). In the turn.</summary>
internal sealed class StepStarts(EngineNode node, FlowRunner runner, JobState state, JobCommits commits)
{
    /// <summary>Slots asked for, or kept by a step's ender, whose next steps have not begun.</summary>
    private int _asked;

    /// <summary>Asks for what is startable and not asked for yet. Steps readied by an unfinished commit are not startable: the commit asks for them when it is durable.</summary>
    public void AskForSlots()
    {
        for (var startable = IsHeld ? 0 : state.Startable; _asked < startable; _asked++)
        {
            node.Scheduler.Schedule(runner);
        }
    }

    /// <summary>Who ended a step goes on with the slot it holds.</summary>
    public void KeepSlot() => _asked++;

    /// <summary>With a slot in hand: starts the next ready step; the default value when there is none.</summary>
    public StepTask BeginNext()
    {
        _asked--;
        if (IsHeld || !JobMachine.TryBegin(state, node.Now, out var start))
        {
            return default;
        }

        if (start.Run == 1)
        {
            runner.Bodies.ArmEnd(JobDue.EndOf(state));
        }

        // While the job is paused only steps that an operator forced begin, and those no pause holds back.
        return StepTask.Of(state, runner.Flow, start) with { IsForced = state.Head.Paused };
    }

    /// <summary>
    /// The start of a struck job's body is durable before the body begins, so that its death can be laid at its door; for other jobs it rides with the next commit (G4, S25).
    /// The default value when the job was lost over it: its body must not begin here.
    /// </summary>
    public ValueTask<StepTask> CommitAsync(StepTask task)
    {
        if (task.Step is null || state.Strikes.Count == 0)
        {
            return new(task);
        }

        state.Changes.IsUrgent = true;
        commits.Flush(force: false);
        return commits.IsIdle ? new(commits.IsRetired ? default : task) : OnceDurableAsync(task, commits.Await(new Letter()));
    }

    private async ValueTask<StepTask> OnceDurableAsync(StepTask task, Task durable)
    {
        await durable.ConfigureAwait(false);
        return commits.IsRetired ? default : task;
    }

    private bool IsHeld => commits.IsRetired || node.IsDraining;
}
