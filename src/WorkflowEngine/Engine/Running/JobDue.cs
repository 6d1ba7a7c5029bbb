namespace WorkflowEngine;

/// <summary>When a job must be looked at again although nothing happens to it: its soonest waiting step, or the end of its time (S12, S16).</summary>
internal static class JobDue
{
    /// <summary>In UTC ticks; 0: never.</summary>
    public static long Of(JobState state)
    {
        if (state.IsHeldBack && !state.IsTerminal)
        {
            return state.Strikes.HeldUntil;
        }

        var step = state.IsTerminal ? 0 : StepWaits.NextDue(state);
        var end = EndOf(state);
        return step == 0 ? end : end == 0 ? step : Math.Min(step, end);
    }

    /// <summary>When the job's time is over, counted from its first step on; 0: it has no limit, or has not begun.</summary>
    public static long EndOf(JobState state)
        => state.Head.StartedAt > 0 && !state.IsTerminal && (state.Creation.Options?.Timeout ?? state.Flow.Definition.Timeout) is { } timeout
            ? state.Head.StartedAt + Math.Min(timeout.Ticks, DateTime.MaxValue.Ticks / 2)
            : 0;
}
