using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// Rounds of loops: which ones are open, how they end, and when their loop is called again (S17, S18). A loop waits for its rounds as other steps wait for a time or a signal; it is
/// called for a leg when all rounds have ended, when a page of them has, and for a <c>while</c> between two rounds.
/// </summary>
internal static class LoopRounds
{
    /// <summary>So many finished rounds in a row become one, which keeps the outputs of all.</summary>
    public const int PageSize = 256;

    /// <summary>The loop's body said that it goes on: with its list, with outputs of rounds that are put together, or with the next round.</summary>
    public static void Continue(JobState state, int index, in StepOutcome outcome, long now)
    {
        var declared = state.Declared(index);
        var run = (state.Rounds ??= new RoundTable(state.Flow)).Begin(index, declared.Loop!);
        ref var step = ref state.Touch(index);
        if (step.DetailOrNone.Loop is not { } cursor)
        {
            cursor = outcome.Loop!;
            step.Output = outcome.Output;
            run.Items = declared.Loop!.IsForEach ? new LoopItems(outcome.Output) : null;
            state.Changes.Events.Step(EventKind.StepWaiting, state.Id, now, state.PathOf(index), step.Status, StepStatus.Waiting, step.Attempt, null);
        }
        else if (declared.Loop!.IsForEach)
        {
            Fold(state, run, outcome.Output);
        }

        step.Detail = step.DetailOrNone with { Loop = cursor, Error = null };
        step.Become(StepStatus.Waiting);
        state.Waiting++;
        if (!run.Loop.IsForEach)
        {
            OpenNext(state, run, now);
        }

        Advance(state, run, now);
    }

    /// <summary>Ends rounds whose steps have ended, and what follows from that. Once per command, after it: then nothing is half done.</summary>
    public static void Settle(JobState state, long now)
    {
        while (state.Rounds is { } rounds && rounds.Unsettled.TryDequeue(out var round))
        {
            if (round.Loop is not { } run || state.IsTerminal || state.IsEnding)
            {
                continue;
            }

            if (round.IsStopping || (round.FailedStep >= 0 && state.Flow.FailurePolicy == FailurePolicy.StopOnFailure))
            {
                Stop(state, round, now);
            }

            if (round.IsOpen && round.Open == 0)
            {
                Close(state, round, now);
            }

            if (!round.IsOpen)
            {
                Advance(state, run, now);
            }
        }
    }

    /// <summary>Opens rounds up to the window, and calls the loop when there is something for it to do.</summary>
    public static void Advance(JobState state, LoopRun run, long now)
    {
        ref var step = ref state.Steps[run.Slot];
        if (!step.IsOpen || state.IsEnding || step.DetailOrNone.Loop is null)
        {
            return;
        }

        if (run.IsStopped || run.FailedRound is not null)
        {
            foreach (var round in run.Rounds.Where(round => round.IsOpen))
            {
                Stop(state, round, now);
            }
        }
        else if (run.Loop.IsForEach)
        {
            for (var window = run.Loop.MaxConcurrency ?? state.Limit; run.OpenCount < window && step.DetailOrNone.Loop!.Opened < step.DetailOrNone.Loop.Total;)
            {
                OpenNext(state, run, now);
            }
        }

        ShowShare(state, run);
        if (step.Status == StepStatus.Waiting && step.DetailOrNone.DueAt == 0 && (run.OpenCount == 0 || (run.Loop.IsForEach && run.FailedRound is null && run.FinishedInARow() >= PageSize)))
        {
            EndWait(state, run, now);
        }
    }

    /// <summary>A failure that nothing in its round handles (S8).</summary>
    public static void NoteFailure(JobState state, Round round, int failedStep)
    {
        if (round.FailedStep < 0)
        {
            round.FailedStep = failedStep;
            Requeue(state, round);
        }
    }

    /// <summary>A step of the body has ended.</summary>
    public static void NoteEnd(JobState state, int slot)
    {
        var round = state.Rounds!.RoundOf(slot);
        if (slot == round.Header)
        {
            round.Loop!.OpenCount--;
        }
        else if (--round.Open == 0)
        {
            Requeue(state, round);
        }
    }

    /// <summary>The loop's body is called: says which rounds it puts together.</summary>
    public static void BeginLeg(JobState state, int index)
    {
        if (state.Rounds?.LoopAt(index) is { } run)
        {
            run.Collects = run.OpenCount == 0 && (run.FailedRound is not null || IsWhole(state, run)) ? -1 : Math.Min(run.FinishedInARow(), PageSize);
        }
    }

    /// <summary>The packets that a round hands on: those of its live leaves (S9), or what is kept of it in its header.</summary>
    public static IEnumerable<PacketSlot> OutputsOf(JobState state, Round round)
        => !round.Slots[0].Output.IsNone ? [round.Slots[0].Output] : JobEnd.LiveLeaves(state, round.Body, round.First).Select(leaf => state.Steps[leaf].Output);

    /// <summary>Frees a round's block, and those of the loops in it.</summary>
    public static void Free(JobState state, Round round)
    {
        var rounds = state.Rounds!;
        for (var slot = round.First; slot < round.First + round.Body.Steps.Length; slot++)
        {
            if (rounds.LoopAt(slot) is { } inner)
            {
                inner.Rounds.ForEach(within => Free(state, within));
                rounds.Forget(inner);
            }
        }

        for (var slot = round.Header; slot < round.Header + round.Slots.Length; slot++)
        {
            var hasRow = state.Touch(slot).HasRow;
            state.Steps[slot] = new StepState { IsTouched = true };
            state.Steps[slot].Fill(new StepRow { Status = StepStatus.Skipped });
            state.Steps[slot].HasRow = hasRow;
        }

        rounds.Release(round);
    }

    private static void OpenNext(JobState state, LoopRun run, long now)
    {
        ref var loop = ref state.Touch(run.Slot);
        var cursor = loop.DetailOrNone.Loop!;
        loop.Detail = loop.DetailOrNone with { Loop = cursor with { Opened = cursor.Opened + 1 } };
        if (!run.Loop.IsForEach && run.Rounds.Count > 1)
        {
            Free(state, run.Rounds[0]); // The one before the latest; the new round still reads the latest one's output.
            run.Remove(0, 1);
        }

        var round = state.Rounds!.Take(state.Declared(run.Slot));
        state.Rounds.Bind(round, run, cursor.Opened, $"{state.PathOf(run.Slot)}[{cursor.Opened}]");
        for (var slot = round.Header; slot < round.Header + round.Slots.Length; slot++)
        {
            // A row that is there already is another round's: it is written over now, and not when the step begins.
            var hasRow = state.Steps[slot].HasRow;
            var isTouched = state.Steps[slot].IsTouched;
            state.Steps[slot] = new StepState { HasRow = hasRow, IsTouched = isTouched };
            _ = hasRow || slot == round.Header ? state.Touch(slot).Attempt : 0;
        }

        round.Slots[0].Become(StepStatus.Waiting);
        round.Open = round.Body.Steps.Length;
        run.OpenCount++;
        state.Waiting++;
        state.Open += round.Slots.Length;
        foreach (var root in round.Body.Roots)
        {
            JobGraph.MakeReady(state, round.First + root, now);
        }
    }

    /// <summary>Nothing in the round begins any more; what runs may end (S8).</summary>
    private static void Stop(JobState state, Round round, long now)
    {
        round.IsStopping = round.IsOpen;
        for (var slot = round.First; slot < round.First + round.Body.Steps.Length && round.IsStopping; slot++)
        {
            ref var step = ref state.Steps[slot];
            if (!step.IsOpen || step.Status == StepStatus.Running)
            {
                continue;
            }

            if (state.Rounds!.LoopAt(slot) is { } inner && inner.OpenCount > 0)
            {
                inner.IsStopped = true;
                Advance(state, inner, now);
                continue;
            }

            Cancel(state, slot, now);
        }
    }

    private static void Cancel(JobState state, int slot, long now)
    {
        ref var step = ref state.Touch(slot);
        step.Detail = step.DetailOrNone with { Reason = Reasons.RoundEnded, DueAt = 0, Signal = null };
        StepEnds.SetEnd(state, slot, StepStatus.Cancelled, EventKind.StepCancelled, new EventNotes(Reason: Reasons.RoundEnded), now);
    }

    private static void Close(JobState state, Round round, long now)
    {
        ref var header = ref state.Touch(round.Header);
        if (round.FailedStep >= 0)
        {
            header.Detail = header.DetailOrNone with { Error = ErrorOf(state, round) };
            header.Output = round.Loop!.Loop.ContinueOnError ? new PacketSlot(header.Detail.Error!.ToPacket(state.PathOf(round.FailedStep))) : default;
        }

        var isWhole = round.FailedStep < 0 && !Array.Exists(round.Slots, step => step.Detail?.Reason == Reasons.RoundEnded);
        round.Loop!.FailedRound ??= round.FailedStep >= 0 && !round.Loop.Loop.ContinueOnError ? round : null;
        StepEnds.SetEnd(state, round.Header, round.FailedStep >= 0 ? StepStatus.Failed : isWhole ? StepStatus.Completed : StepStatus.Cancelled, default, null, now);
    }

    private static StepError ErrorOf(JobState state, Round round)
    {
        var error = state.Steps[round.FailedStep].DetailOrNone.Error ?? new StepError(Reasons.PredecessorFailed, "A step failed.");
        return error with { Message = $"Step '{state.PathOf(round.FailedStep)}' failed: {error.Message}", Retryable = false };
    }

    /// <summary>Outputs of finished rounds are one packet now: the first of these rounds keeps it, the blocks of the others are free.</summary>
    private static void Fold(JobState state, LoopRun run, PacketSlot output)
    {
        var (from, count) = (run.Pages, run.Collects);
        if (count < 1)
        {
            return;
        }

        for (var at = from + 1; at < from + count; at++)
        {
            Free(state, run.Rounds[at]);
        }

        run.Remove(from + 1, count - 1);
        run.Pages++;
        ref var header = ref state.Touch(run.Rounds[from].Header);
        header.Output = output.IsNone ? new PacketSlot(DataPacket.Empty) : output;
        header.Detail = header.DetailOrNone with { Covers = count };
    }

    /// <summary>Calls the loop for its next leg, or ends it with the round that it is in.</summary>
    private static void EndWait(JobState state, LoopRun run, long now)
    {
        ref var step = ref state.Touch(run.Slot);
        if (run.IsStopped)
        {
            Cancel(state, run.Slot, now);
            return;
        }

        step.Detail = step.DetailOrNone with { Leg = step.DetailOrNone.Leg + 1 };
        step.Attempt--; // The next leg continues this attempt.
        state.Waiting--;
        JobGraph.MakeReady(state, run.Slot, now);
    }

    /// <summary>A loop is its weight times the finished share (S24).</summary>
    private static void ShowShare(JobState state, LoopRun run)
    {
        ref var step = ref state.Steps[run.Slot];
        if (step.DetailOrNone.Loop is { Total: > 0 } cursor && step.Status != StepStatus.Running)
        {
            var share = (float)(cursor.Opened - run.OpenCount) / cursor.Total;
            state.PartialWeight += state.WeightOf(run.Slot) * (share - step.Fraction);
            step.Fraction = share;
        }
    }

    /// <summary>No round is to come.</summary>
    private static bool IsWhole(JobState state, LoopRun run) => run.Loop.IsForEach && state.Steps[run.Slot].DetailOrNone.Loop is { } cursor && cursor.Opened == cursor.Total;

    /// <summary>To be looked at once the command is applied.</summary>
    public static void Requeue(JobState state, Round round) => state.Rounds!.Unsettled.Enqueue(round);
}
