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
            only = state.Find(name);
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

            for (; state.RoundOf(only) is { } round; only = round.Loop!.Slot)
            {
                // With a step of a round the whole loop goes on.
            }

            var other = Array.FindIndex(state.Flow.Steps, step => step.Index != only && IsUnhandledFailure(state, step.Index));
            if (other >= 0)
            {
                return CommandVerdict.Refused($"Step '{state.PathOf(other)}' failed too; retry the whole job, or skip that step first.");
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
        var failures = Enumerable.Range(0, state.Steps.Length).Where(index => state.RoundOf(index) is null ? due(index) : IsUnhandledFailure(state, index)).ToHashSet();
        foreach (var index in OuterFirst(state))
        {
            if (index != except && (failures.Contains(index) || state.Steps[index].Status is StepStatus.Blocked or StepStatus.Cancelled))
            {
                Reset(state, index);
            }
        }
    }

    /// <summary>The slots that may begin anew. Whether those of a round are among them is told once its loop has had its turn: a loop that has ended keeps its rounds as they are.</summary>
    private static IEnumerable<int> OuterFirst(JobState state)
    {
        for (var index = 0; index < state.Flow.Steps.Length; index++)
        {
            yield return index;
        }

        foreach (var round in (state.Rounds?.Loops ?? []).SelectMany(run => run.Rounds).OrderBy(round => round.Path.Count(letter => letter == '[')).ToList())
        {
            if (!state.Steps[round.Loop!.Slot].IsOpen || (round.Slots[0].Status == StepStatus.Failed && round.Loop.Loop.ContinueOnError))
            {
                continue;
            }

            for (var slot = round.Header; slot < round.Header + round.Slots.Length && (slot == round.Header || round.IsOpen); slot++)
            {
                if (slot == round.Header && round.Slots[0].Status is StepStatus.Failed or StepStatus.Cancelled)
                {
                    Reset(state, slot);
                }
                else
                {
                    yield return slot;
                }
            }
        }
    }

    private static void Reset(JobState state, int index)
    {
        ref var step = ref state.Touch(index);
        var isHeader = state.RoundOf(index)?.Header == index;
        if (isHeader || state.Rounds?.LoopAt(index) is not null)
        {
            GoOn(ref step, isHeader);
            return;
        }

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

    /// <summary>A loop and its rounds wait again for what is in them; what has completed there stays.</summary>
    private static void GoOn(ref StepState step, bool isHeader)
    {
        step.Detail = step.DetailOrNone with { Error = null, Reason = null, EarlierAttempts = isHeader ? 0 : step.DetailOrNone.EarlierAttempts + Math.Max(0, step.Attempt - 1) };
        step.Become(StepStatus.Pending);
        step.Become(StepStatus.Waiting);
        step.IsReady = false;
        step.Attempt = isHeader ? 0 : 1;
        step.CompletedAt = 0;
        step.Output = isHeader ? default : step.Output;
    }

    private static bool IsUnhandledFailure(JobState state, int index) => state.RoundOf(index)?.Header != index && state.Steps[index].Status == StepStatus.Failed && JobGraph.IsUnhandled(state, index);
}
