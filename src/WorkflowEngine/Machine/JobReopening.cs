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

            var other = Array.FindIndex(state.Flow.Steps, step => step.Index != only && state.Steps[step.Index].Status == StepStatus.Failed && IsUnhandled(state, step.Index));
            if (other >= 0)
            {
                return CommandVerdict.Refused($"Step '{state.Flow.Steps[other].Id}' failed too; retry the whole job, or skip that step first.");
            }
        }

        Reopen(state, only, command.Actor, command.Note, now);
        return CommandVerdict.Applied;
    }

    /// <summary>Skips a failed or blocked step, and with it reopens what it blocked.</summary>
    public static CommandVerdict Skip(JobState state, int index, SkipStep command, long now)
    {
        if (state.Steps[index].Status is StepStatus.Completed or StepStatus.Skipped or StepStatus.Running)
        {
            return CommandVerdict.Refused($"Step '{command.Step}' is {state.Steps[index].Status.ToWord()}; only pending, waiting, blocked and failed steps can be skipped.");
        }

        if (state.IsTerminal)
        {
            Reopen(state, index, command.Actor, command.Note, now, alsoOthers: true);
        }
        else
        {
            Reset(state, index);
            ResetBlocked(state);
            JobRebuild.Derive(state, now);
        }

        StepEnds.Skip(state, index, command.Output, Reasons.SkippedByOperator, command.Note, null, now);
        return CommandVerdict.Applied;
    }

    private static void Reopen(JobState state, int only, string? actor, string? note, long now, bool alsoOthers = false)
    {
        for (var index = 0; index < state.Steps.Length; index++)
        {
            var isDue = state.Steps[index].Status == StepStatus.Failed && IsUnhandled(state, index) && (only < 0 || alsoOthers);
            if (isDue || index == only || state.Steps[index].Status is StepStatus.Cancelled)
            {
                Reset(state, index);
            }
        }

        ResetBlocked(state);
        state.Head.Status = JobStatus.Running;
        state.Head.CompletedAt = 0;
        state.Head.Attempt++;
        state.Head.Percentage = 0;
        state.Data = state.Data with { Ending = null, Reason = null, Message = null };
        state.Changes.Events.Job(EventKind.JobRetried, state.Id, now, JobStatus.Failed, JobStatus.Running, state.Head.Attempt, new EventNotes(actor, Message: note));
        JobRebuild.Derive(state, now);
    }

    /// <summary>Blocked steps begin anew; those whose cause remains are blocked again when the job is derived.</summary>
    private static void ResetBlocked(JobState state)
    {
        for (var index = 0; index < state.Steps.Length; index++)
        {
            if (state.Steps[index].Status == StepStatus.Blocked)
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
        step.Status = StepStatus.Pending;
        step.IsReady = false;
        step.NoItems = false;
        step.Attempt = 0;
        step.Run = 0;
        step.StartedAt = 0;
        step.CompletedAt = 0;
        step.Output = default;
    }

    private static bool IsUnhandled(JobState state, int index)
    {
        var declared = state.Flow.Steps[index];
        return !declared.HasErrorEdge
            && (declared.Outgoing.Length == 0 || declared.Outgoing.Any(edge => state.Steps[edge.To].Status is StepStatus.Blocked or StepStatus.Cancelled));
    }
}
