namespace WorkflowEngine;

/// <summary>When a job that has nothing to do leaves memory, and when it has something to do again (S16).</summary>
internal static class Parking
{
    /// <summary>A waiting or paused job that is not due soon leaves memory in the commit that made it so; a draining node gives back whatever does not run.</summary>
    public static bool MayRelease(EngineNode node, JobState state)
    {
        if (state.IsTerminal || state.Running > 0)
        {
            return false;
        }

        if (node.IsDraining)
        {
            return true;
        }

        if (state.IsConcluding || state.IsEnding)
        {
            return false;
        }

        var due = NextDue(state);
        var isFar = due == 0 || due - node.Now > node.Options.ParkAfter.Ticks;
        return state.Head.Status == JobStatus.Waiting ? isFar : state.Head.Status == JobStatus.Paused && !state.Head.StepMode && state.Ready.ForcedCount == 0;
    }

    /// <summary>When something happens to the job by itself, in UTC ticks: a waiting step, or the job's own time limit, which also runs while it is parked. 0: never.</summary>
    public static long NextDue(JobState state)
    {
        if (state.IsTerminal)
        {
            return 0;
        }

        var due = StepWaits.NextDue(state);
        var limit = state.Creation.Options?.Timeout ?? state.Flow.Definition.Timeout;
        var end = limit is { } timeout && state.Head.StartedAt > 0 ? state.Head.StartedAt + timeout.Ticks : 0;
        return due == 0 || (end > 0 && end < due) ? end : due;
    }
}
