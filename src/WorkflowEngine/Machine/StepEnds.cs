namespace WorkflowEngine;

/// <summary>What the end of a body does to its step (S4, S7, S10, S11).</summary>
internal static class StepEnds
{
    private static readonly EventNotes CancelledNotes = new(Reason: Reasons.Cancelled);
    private static readonly EventNotes NoItemsNotes = new(Reason: Reasons.NoItems);

    public static CommandVerdict Apply(JobState state, EndStep ended, long now)
    {
        ref var step = ref state.Steps[ended.Step];
        if (step.Status != StepStatus.Running || step.Run != ended.Run)
        {
            return CommandVerdict.Stale;
        }

        state.Changes.IsUrgent = true;
        state.Touch(ended.Step);
        state.Running--;
        state.PartialWeight -= state.WeightOf(ended.Step) * step.Fraction;
        step.Fraction = 0;
        step.Run = 0;
        Take(state, ended.Step, Judge(state, ended.Step, ended.Outcome), now);
        if (state.RoundOf(ended.Step) is { IsStopping: true } round)
        {
            LoopRounds.Requeue(state, round);
        }

        if (state.Session is not null && step.IsOpen)
        {
            SessionSteps.Interrupt(state); // The code runs again: what it was at does too.
        }

        return CommandVerdict.Applied;
    }

    /// <summary>The one place where a step becomes terminal.</summary>
    public static void SetEnd(JobState state, int index, StepStatus end, EventKind kind, EventNotes? notes, long now)
    {
        ref var step = ref state.Touch(index);
        var from = step.Status;
        if (from == StepStatus.Waiting)
        {
            state.Waiting--;
        }

        if (step.IsReady)
        {
            step.IsReady = step.IsForced = false;
            state.ReadyCount--;
        }

        step.Become(end);
        step.CompletedAt = now;
        state.Open--;
        if (index >= state.Flow.Steps.Length)
        {
            LoopRounds.NoteEnd(state, index);
            if (state.Rounds!.IsHeader(index))
            {
                return; // What happened in a round is told of its steps.
            }
        }
        else if (end is StepStatus.Completed or StepStatus.Skipped)
        {
            state.DoneWeight += state.WeightOf(index);
            state.CompletedCount += end == StepStatus.Completed ? 1 : 0;
            state.CompletedWithItems += end == StepStatus.Completed && !step.NoItems ? 1 : 0;
        }

        state.Changes.Events.Step(kind, state.Id, now, state.PathOf(index), from, end, step.Attempt, notes);
    }

    /// <summary>Rules that turn one outcome into another before it is taken.</summary>
    private static StepOutcome Judge(JobState state, int index, StepOutcome outcome)
    {
        var declared = state.Declared(index);
        if (outcome.Kind == OutcomeKind.Completed && outcome.IsImplicitlyEmpty && !declared.AllowEmpty)
        {
            return declared.IsRoot
                ? outcome with { Kind = OutcomeKind.NoItems }
                : Failed(Reasons.EmptyOutput, $"Step '{state.PathOf(index)}' returned an empty packet. Set allow_empty, or return StepResult.Completed() or StepResult.NoItems().");
        }

        if (outcome.Otherwise is { } unanswered && !Array.Exists(declared.Outgoing, edge => edge.Port is "*" || edge.Names(outcome.Ports!)))
        {
            return new StepOutcome(OutcomeKind.Failed) { Error = unanswered };
        }

        if (outcome.Kind == OutcomeKind.Completed && outcome.Ports is { } ports && declared.NamesPorts && !IsDone(ports) && !AnyEdgeTakes(declared, ports))
        {
            return Failed(Reasons.UnroutedPort, $"Step '{state.PathOf(index)}' completed on port '{string.Join("', '", ports)}', which no edge takes.");
        }

        return outcome;
    }

    private static void Take(JobState state, int index, in StepOutcome outcome, long now)
    {
        switch (outcome.Kind)
        {
            case OutcomeKind.Completed:
            case OutcomeKind.NoItems:
                Complete(state, index, outcome, now);
                break;
            case OutcomeKind.Skipped:
                Skip(state, index, outcome.Output, Reasons.SkippedByStep, outcome.Message, outcome.Writes, now);
                break;
            case OutcomeKind.Failed:
                Fail(state, index, outcome, now);
                break;
            case OutcomeKind.Finished:
                Finish(state, index, outcome, now);
                break;
            case OutcomeKind.Waits or OutcomeKind.RunsAgain or OutcomeKind.Rounds when state.IsEnding:
                SetEnd(state, index, StepStatus.Cancelled, EventKind.StepCancelled, CancelledNotes, now);
                break;
            case OutcomeKind.Waits or OutcomeKind.RunsAgain:
                StepWaits.Suspend(state, index, outcome, now);
                break;
            case OutcomeKind.Rounds:
                LoopRounds.Continue(state, index, outcome, now);
                break;
            case OutcomeKind.Cancelled or OutcomeKind.Interrupted:
                Interrupt(state, index, now);
                break;
        }
    }

    private static void Complete(JobState state, int index, in StepOutcome outcome, long now)
    {
        ref var step = ref state.Steps[index];
        step.NoItems = outcome.Kind == OutcomeKind.NoItems;
        step.Output = outcome.Output;
        KeepDetail(ref step, outcome.Ports, outcome.Verdicts);
        TakeWrites(state, index, outcome.Writes, now);
        var notes = step.NoItems ? NoItemsNotes : outcome.Ports is null ? null : new EventNotes(Data: EventData.Of("port", string.Join(',', outcome.Ports)));
        SetEnd(state, index, StepStatus.Completed, EventKind.StepCompleted, notes, now);
        JobGraph.Leave(state, index, now);
    }

    /// <summary>The whole job ends now: well, unless a failure that nothing handled came before (S8).</summary>
    private static void Finish(JobState state, int index, in StepOutcome outcome, long now)
    {
        if (!state.IsEnding && state.FailedStep < 0)
        {
            state.Head.Output = outcome.Output;
        }

        Complete(state, index, outcome with { Kind = OutcomeKind.Completed }, now);
        var error = state.FailedStep < 0 ? null : state.Steps[state.FailedStep].DetailOrNone.Error;
        var end = state.FailedStep < 0 ? JobStatus.Completed : JobStatus.Failed;
        JobEnd.Decide(state, end, end == JobStatus.Failed ? error?.Reason : Reasons.Finished, error?.Message, stopRunning: true, now);
    }

    /// <summary>Skipped by itself or by an operator: the outgoing edges stay live (S7).</summary>
    public static void Skip(JobState state, int index, PacketSlot output, string? reason, string? message, StepWrites? writes, long now)
    {
        MarkSkipped(state, index, output, reason, message, writes, now);
        JobGraph.Leave(state, index, now);
    }

    /// <summary>The same without resolving the edges, for when the whole job is derived anew after it.</summary>
    public static void MarkSkipped(JobState state, int index, PacketSlot output, string? reason, string? message, StepWrites? writes, long now)
    {
        ref var step = ref state.Touch(index);
        step.Output = output;
        step.Detail = step.DetailOrNone with { Reason = reason, Error = null, Signal = null, DueAt = 0 };
        TakeWrites(state, index, writes, now);
        SetEnd(state, index, StepStatus.Skipped, EventKind.StepSkipped, new EventNotes(Reason: reason, Message: message), now);
    }

    private static void Fail(JobState state, int index, in StepOutcome outcome, long now)
    {
        var error = outcome.Error!;
        ref var step = ref state.Steps[index];
        var declared = state.Declared(index);
        step.Detail = step.DetailOrNone with { Error = error };
        if (!state.IsEnding && declared.Retry.Allows(error, step.Attempt))
        {
            StepWaits.Retry(state, index, error, declared.Retry.DelayAfter(step.Attempt, Spread(state.Id, index, step.Attempt)), now);
            return;
        }

        step.Detail = outcome.Verdicts is null ? step.Detail : step.DetailOrNone with { Verdicts = outcome.Verdicts };
        step.Output = JobGraph.IsTaken(state, index) ? new PacketSlot(error.ToPacket(state.PathOf(index))) : step.DetailOrNone.Loop is null ? default : step.Output; // A loop that is retried goes on over its list.
        SetEnd(state, index, StepStatus.Failed, EventKind.StepFailed, new EventNotes(Reason: error.Reason, Message: error.Message), now);
        if (JobGraph.IsUnhandled(state, index))
        {
            JobEnd.NoteUnhandled(state, index, now);
        }

        JobGraph.Leave(state, index, now);
    }

    /// <summary>The attempt number is given again: stopping the host is nobody's failure (S12).</summary>
    private static void Interrupt(JobState state, int index, long now)
    {
        if (state.IsEnding)
        {
            SetEnd(state, index, StepStatus.Cancelled, EventKind.StepCancelled, CancelledNotes, now);
            return;
        }

        ref var step = ref state.Steps[index];
        step.Attempt--;
        JobGraph.MakeReady(state, index, now);
    }

    public static void TakeWrites(JobState state, int index, StepWrites? writes, long now)
    {
        if (writes is null)
        {
            return;
        }

        if (state.RoundOf(index) is { } round)
        {
            RoundVariables.Take(state, round, writes);
        }
        else
        {
            state.Data = writes.Over(state.Data);
        }

        foreach (var variable in writes.Variables)
        {
            state.Changes.Events.Note(EventKind.VariableSet, state.Id, now, state.PathOf(index), new EventNotes(Data: EventData.OfVariable(variable)));
        }
    }

    private static void KeepDetail(ref StepState step, string[]? ports, bool[]? verdicts)
    {
        if (step.Detail is null && ports is null && verdicts is null)
        {
            return;
        }

        step.Detail = step.DetailOrNone with { Ports = ports, Verdicts = verdicts, Error = null, Signal = null, SignalValue = null, State = null, DueAt = 0, TimedOut = false };
    }

    private static bool IsDone(string[] ports) => ports.Length == 1 && ports[0].AsSpan().Trim().Equals(StepResult.DonePort, StringComparison.OrdinalIgnoreCase);

    private static bool AnyEdgeTakes(CompiledStep declared, string[] ports)
    {
        foreach (var edge in declared.Outgoing)
        {
            if (edge.TakesCompletion && edge.Matches(ports))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>0 up to 1 from job, step and attempt: spread over jobs, the same on every replay.</summary>
    public static double Spread(JobId job, int index, int attempt)
    {
        Span<byte> bytes = stackalloc byte[24];
        job.Value.TryWriteBytes(bytes);
        BitConverter.TryWriteBytes(bytes[16..], index);
        BitConverter.TryWriteBytes(bytes[20..], attempt);
        ulong hash = 14695981039346656037; // FNV-1a, 64 bits, then its high bits as a fraction.
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 1099511628211;
        }

        return (hash >> 11) / (double)(1UL << 53);
    }

    private static StepOutcome Failed(string reason, string message) => new(OutcomeKind.Failed) { Error = new StepError(reason, message) };
}
