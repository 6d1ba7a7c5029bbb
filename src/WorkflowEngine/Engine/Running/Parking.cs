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
        return isFar && (state.Head.Status == JobStatus.Waiting || (state.Head.Status == JobStatus.Paused && !state.Head.StepMode && state.Ready.ForcedCount == 0));
    }

    /// <summary>When something happens to the job by itself, in UTC ticks: a waiting step, or the job's own time limit, which also runs while it is parked. 0: never.</summary>
    public static long NextDue(JobState state)
    {
        if (state.IsTerminal)
        {
            return 0;
        }

        var due = StepWaits.NextDue(state);
        var end = EndOf(state);
        return due == 0 || (end > 0 && end < due) ? end : due;
    }

    /// <summary>When the job's own time is over, counted from its first step on, in UTC ticks; 0: it has no limit, or has not begun.</summary>
    public static long EndOf(JobState state)
        => state.Head.StartedAt > 0 && !state.IsTerminal && (state.Creation.Options?.Timeout ?? state.Flow.Definition.Timeout) is { } timeout
            ? state.Head.StartedAt + Math.Min(timeout.Ticks, DateTime.MaxValue.Ticks / 2)
            : 0;
}
