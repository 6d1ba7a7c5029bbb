namespace WorkflowEngine;

/// <summary>How a job ends (S8, S10): the first command that decides the end fixes status and reason; the job is terminal in the commit that ends its last running step.</summary>
internal static class JobEnd
{
    /// <summary>Fixes the end. Nothing new starts from here on.</summary>
    public static void Decide(JobState state, JobStatus end, string? reason, string? message, bool stopRunning, long now)
    {
        if (!state.IsEnding)
        {
            state.Data = state.Data with { Ending = end, Reason = reason, Message = message };
            state.Changes.HeadChanged = true;
            state.IsConcluding = false;
        }

        state.Changes.IsUrgent = true;
        if (stopRunning)
        {
            StopRunning(state);
        }

        Check(state, now);
    }

    /// <summary>Notes a failure that nothing handles; under <c>stop_on_failure</c> it decides the end.</summary>
    public static void NoteUnhandled(JobState state, int failedStep, long now)
    {
        if (state.RoundOf(failedStep) is { } round)
        {
            LoopRounds.NoteFailure(state, round, failedStep);
            return;
        }

        if (state.FailedStep >= 0)
        {
            return;
        }

        state.FailedStep = failedStep;
        if (state.Flow.FailurePolicy == FailurePolicy.StopOnFailure && !state.IsEnding)
        {
            var error = state.Steps[failedStep].DetailOrNone.Error;
            state.Data = state.Data with { Ending = JobStatus.Failed, Reason = error?.Reason, Message = error?.Message };
        }
    }

    /// <summary>Ends the job if nothing is left to do.</summary>
    public static void Check(JobState state, long now)
    {
        if (state.IsTerminal || state.Running > 0 || state.IsConcluding)
        {
            return;
        }

        if (state.Data.Ending is { } ending)
        {
            EndAs(state, ending, state.Data.Reason, state.Data.Message, now);
        }
        else if (state.ReadyCount == 0 && state.Waiting == 0)
        {
            EndNaturally(state, now);
        }
    }

    /// <summary>The flow's output is made: the job ends well, or fails because it could not be made.</summary>
    public static CommandVerdict Conclude(JobState state, Conclude conclude, long now)
    {
        if (!state.IsConcluding)
        {
            return CommandVerdict.Stale;
        }

        state.IsConcluding = false;
        if (conclude.Error is { } error)
        {
            Finalise(state, JobStatus.Failed, error.Reason, error.Message, now);
        }
        else
        {
            state.Head.Output = conclude.Output;
            state.Data = conclude.Shape == state.Data.OutputShape ? state.Data : state.Data with { OutputShape = conclude.Shape };
            Finalise(state, GoodEnd(state), state.Data.Ending is null ? null : state.Data.Reason, null, now);
        }

        return CommandVerdict.Applied;
    }

    /// <summary>The steps whose packets are the flow's output when it declares none: completed leaves, in declared order (S9).</summary>
    public static List<int> LiveLeaves(JobState state, CompiledScope scope, int first)
    {
        var leaves = new List<int>();
        foreach (var leaf in scope.Leaves)
        {
            ref var step = ref state.Steps[first + leaf];
            if (step.Status is StepStatus.Completed or StepStatus.Skipped && !step.Output.IsNone)
            {
                leaves.Add(first + leaf);
            }
        }

        return leaves;
    }

    private static void EndNaturally(JobState state, long now)
    {
        if (state.FailedStep >= 0)
        {
            var error = state.Steps[state.FailedStep].DetailOrNone.Error;
            Finalise(state, JobStatus.Failed, error?.Reason, error?.Message, now);
            return;
        }

        EndWell(state, now);
    }

    private static void EndAs(JobState state, JobStatus ending, string? reason, string? message, long now)
    {
        if (ending == JobStatus.Completed)
        {
            EndOpenSteps(state, StepStatus.Skipped, EventKind.StepSkipped, Reasons.Finished, now);
            EndWell(state, now);
            return;
        }

        Finalise(state, ending, reason, message, now);
    }

    private static void EndWell(JobState state, long now)
    {
        state.Changes.IsUrgent = true;
        if (TryPlainOutput(state, out var output))
        {
            state.Head.Output = output;
            Finalise(state, GoodEnd(state), state.Data.Reason, null, now);
            return;
        }

        // Templates and stored packets need the world outside: the runner makes the output and comes back with Conclude.
        state.IsConcluding = true;
    }

    private static bool TryPlainOutput(JobState state, out PacketSlot output)
    {
        output = state.Head.Output; // What a finishing step gave comes before everything else.
        if (!output.IsNone || state.Flow.Output is not null)
        {
            return !output.IsNone;
        }

        if (state.Flow.Leaves.Length == 1)
        {
            output = state.Steps[state.Flow.Leaves[0]].Output;
            return true;
        }

        var leaves = LiveLeaves(state, state.Flow.Scope, 0);
        output = leaves.Count == 1 ? state.Steps[leaves[0]].Output : default;
        return leaves.Count <= 1;
    }

    private static JobStatus GoodEnd(JobState state) => state.CompletedWithItems > 0 ? JobStatus.Completed : JobStatus.CompletedNoItems;

    private static void Finalise(JobState state, JobStatus end, string? reason, string? message, long now)
    {
        EndOpenSteps(state, StepStatus.Cancelled, EventKind.StepCancelled, Reasons.JobEnded, now);
        var from = state.Head.Status;
        state.Become(end);
        state.Head.Paused = false;
        state.Head.CompletedAt = now;
        state.Head.DueAt = 0;
        if (state.Head.Data is not null || reason is not null)
        {
            state.Data = state.Data with { Ending = null, Reason = reason, Message = message };
        }

        state.Changes.IsUrgent = true;
        var kind = end switch { JobStatus.Failed => EventKind.JobFailed, JobStatus.Cancelled => EventKind.JobCancelled, _ => EventKind.JobCompleted };
        state.Changes.Events.Job(kind, state.Id, now, from, end, state.Head.Attempt, reason is null && message is null ? null : new EventNotes(Reason: reason, Message: message));
    }

    private static void EndOpenSteps(JobState state, StepStatus end, EventKind kind, string reason, long now)
    {
        SessionSteps.EndOpen(state, end, kind, reason, now);
        if (state.Open == 0)
        {
            return;
        }

        var notes = new EventNotes(Reason: reason);
        for (var index = 0; index < state.Steps.Length; index++)
        {
            if (state.Steps[index].IsOpen)
            {
                ref var step = ref state.Touch(index);
                step.Detail = step.DetailOrNone with { Reason = reason, DueAt = 0, Signal = null };
                StepEnds.SetEnd(state, index, end, kind, notes, now);
            }
        }

        state.Ready.Clear();
    }

    private static void StopRunning(JobState state)
    {
        for (var index = 0; index < state.Steps.Length && state.Running > 0; index++)
        {
            if (state.Steps[index].Status == StepStatus.Running)
            {
                state.Changes.Stop(index, state.Steps[index].Run, StopReason.JobCancelled, state.PathOf(index));
            }
        }
    }
}
