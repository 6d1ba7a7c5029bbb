using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Giving a failed job, or the failed part of a running one, another chance (S14, S15).</summary>
internal static class JobReopening
{
    public static CommandVerdict Retry(JobState state, RetryJob command, long now)
    {
        if (state.Head.Status != JobStatus.Failed)
        {
            return CommandVerdict.Refused($"The job is {state.Head.Status.ToWord()}; only a failed job can be retried.");
        }

        var only = -1;
        if (command.Step is { } name)
        {
            only = state.Flow.IndexOf(name);
            if (only < 0)
            {
                return CommandVerdict.Refused($"Flow '{state.Flow.Id}' has no step '{name}'.");
            }

            if (state.Steps[only].Status is not (StepStatus.Failed or StepStatus.Blocked or StepStatus.Cancelled))
            {
                return CommandVerdict.Refused($"Step '{name}' is {state.Steps[only].Status.ToWord()}; only failed, blocked and cancelled steps can be retried.");
            }

            if (state.Steps[only].Status == StepStatus.Failed && JobGraph.IsTaken(state, only))
            {
                return CommandVerdict.Refused($"Step '{name}' failed and its error edge has taken that over; retry the whole job.");
            }

            var other = Array.FindIndex(state.Flow.Steps, step => step.Index != only && IsUnhandledFailure(state, step.Index));
            if (other >= 0)
            {
                return CommandVerdict.Refused($"Step '{state.Flow.Steps[other].Id}' failed too; retry the whole job, or skip that step first.");
            }
        }

        Reset(state, only < 0 ? index => IsUnhandledFailure(state, index) : index => index == only);
        Reopen(state, command, now);
        JobRebuild.Derive(state, now);
        return CommandVerdict.Applied;
    }

    /// <summary>Skips a step that is failed, blocked or cancelled, gives what it blocked another chance, and reopens the job if it has failed.</summary>
    public static CommandVerdict Skip(JobState state, int index, SkipStep command, long now)
    {
        var reopens = state.IsTerminal;
        Reset(state, other => other != index && reopens && IsUnhandledFailure(state, other), except: index);
        if (reopens)
        {
            Reopen(state, command, now);
        }

        // First the step, then all that follows from it: derived the other way around, what blocked the step would block it again.
        StepEnds.MarkSkipped(state, index, command.Output, Reasons.SkippedByOperator, command.Note, null, now);
        JobRebuild.Derive(state, now);
        return CommandVerdict.Applied;
    }

    /// <summary>A failed job is open again (S15).</summary>
    public static void Reopen(JobState state, ControlCommand command, long now)
    {
        state.Head.Paused = state.Head.StepMode; // A job that is walked step by step stays so.
        state.Head.CompletedAt = 0;
        state.Head.Attempt++;
        state.Head.Percentage = 0;
        state.Data = state.Data with { Ending = null, Reason = null, Message = null };
        var to = state.Head.Paused ? JobStatus.Paused : state.Head.StartedAt == 0 ? JobStatus.Pending : JobStatus.Running;
        state.Changes.Events.Job(EventKind.JobRetried, state.Id, now, state.Head.Status, to, state.Head.Attempt, new EventNotes(command.Actor, Message: command.Note));
        state.Become(to);
    }

    /// <summary>Blocked and cancelled steps begin anew, and the failures that are <paramref name="due"/>; what is blocked by a failure that stays is blocked again when the job is derived.</summary>
    private static void Reset(JobState state, Predicate<int> due, int except = -1)
    {
        // The failures first: whether one is handled is seen by what it blocked.
        var failures = Enumerable.Range(0, state.Steps.Length).Where(index => due(index)).ToList();
        failures.ForEach(index => Reset(state, index));
        for (var index = 0; index < state.Steps.Length; index++)
        {
            if (index != except && state.Steps[index].Status is StepStatus.Blocked or StepStatus.Cancelled)
            {
                Reset(state, index);
            }
        }
    }

    private static void Reset(JobState state, int index)
    {
        ref var step = ref state.Touch(index);
        var earlier = step.DetailOrNone.EarlierAttempts + step.Attempt;
        step.Detail = earlier > 0 || step.DetailOrNone.Generation > 0 ? StepDetail.None with { EarlierAttempts = earlier, Generation = step.DetailOrNone.Generation } : null;
        step.Become(StepStatus.Pending);
        step.IsReady = false;
        step.NoItems = false;
        step.Attempt = 0;
        step.Run = 0;
        step.StartedAt = 0;
        step.CompletedAt = 0;
        step.Output = default;
    }

    private static bool IsUnhandledFailure(JobState state, int index) => state.Steps[index].Status == StepStatus.Failed && JobGraph.IsUnhandled(state, index);
}
