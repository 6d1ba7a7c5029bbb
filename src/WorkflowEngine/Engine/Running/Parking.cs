namespace WorkflowEngine;

/// <summary>When a job that has nothing to do here leaves memory (S16).</summary>
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

        if (state.IsHeldBack)
        {
            return true;
        }

        var due = JobDue.Of(state);
        return (due == 0 || due - node.Now > node.Options.ParkAfter.Ticks)
            && (state.Head.Status == JobStatus.Waiting || (state.Head.Status == JobStatus.Paused && !state.Head.StepMode && !state.Changes.HasForced && state.Ready.ForcedCount == 0));
    }
}
