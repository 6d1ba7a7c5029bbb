using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// Steps that the code of a session runs (S28): rows of the same job behind the flow's own, with the statuses and events of every other step. The code decides
/// what comes next; the rules for one step are here.
/// </summary>
internal static class SessionSteps
{
    /// <summary>The session's own step starts; a job that ended is not opened.</summary>
    public static CommandVerdict Open(JobState state, OpenSession open, long now)
    {
        ref var root = ref state.Steps[0];
        if (state.IsTerminal || state.IsEnding || !root.IsReady)
        {
            return CommandVerdict.Refused($"The job is {state.Head.Status.ToWord()}.");
        }

        state.Head.Total = Math.Max(open.TotalSteps, state.Session!.Steps.Count);
        open.Start = JobMachine.Begin(state, 0, now);
        return CommandVerdict.Applied;
    }

    public static CommandVerdict Apply(JobState state, SessionCommand command, long now)
    {
        ref var root = ref state.Steps[0];
        if (state.Session is null || root.Status != StepStatus.Running || root.Run != command.Session)
        {
            return CommandVerdict.Stale;
        }

        return command switch
        {
            BeginSessionStep begin => Begin(state, begin, now),
            EndSessionStep end => End(state, end, now),
            WaitInSession wait => SessionWaits.Wait(state, wait, now),
            LookAtWait look => SessionWaits.Look(state, look),
            KeepSessionResult result => SessionValues.Keep(state, result),
            WriteSessionVariable write => SessionValues.Write(state, write, now),
            FlushSession => Flush(state),
            _ => throw new InvalidOperationException($"The command {command.GetType().Name} is unknown."),
        };
    }

    public static CommandVerdict Report(JobState state, ReportProgress report, long now)
    {
        if (Running(state, report.Step, report.Run) is not { } step)
        {
            return CommandVerdict.Stale;
        }

        var fraction = (float)(Math.Clamp(report.Percent, 0, 100) / 100);
        if (float.IsNaN(fraction) || fraction < step.State.Fraction || (fraction == step.State.Fraction && report.Message is null))
        {
            return CommandVerdict.AlreadySo;
        }

        step.State.Fraction = fraction;
        var notes = new EventNotes(Message: report.Message, Data: EventData.OfPercentage(fraction));
        state.Changes.Events.Step(EventKind.StepProgress, state.Id, now, step.Id, StepStatus.Running, StepStatus.Running, step.State.Attempt, notes);
        return CommandVerdict.Applied;
    }

    /// <summary>The code was stopped or has to run again: what it was at starts again under the same attempt number, what waits goes on waiting.</summary>
    public static void Interrupt(JobState state)
    {
        if (state.Session is not { } session)
        {
            return;
        }

        foreach (var step in session.Steps)
        {
            step.State.Run = 0;
            if (step.State.Status == StepStatus.Running)
            {
                state.Touch(step).State.Become(StepStatus.Pending);
                step.State.Attempt--;
                step.State.Fraction = 0;
            }
        }
    }

    /// <summary>The job ends: so does what its code was still at.</summary>
    public static void EndOpen(JobState state, StepStatus end, EventKind kind, string reason, long now)
    {
        if (state.Session is not { } session)
        {
            return;
        }

        foreach (var step in session.Steps.Where(step => step.State.IsOpen))
        {
            step.State.Detail = step.State.DetailOrNone with { Reason = reason, DueAt = 0, Signal = null };
            SetEnd(state, step, end, kind, new EventNotes(Reason: reason), now);
        }
    }

    /// <summary>What a step made cannot be stored: it failed; the code runs again, and comes to it anew.</summary>
    public static void Refuse(JobState state, RefuseContent refused, long now)
    {
        foreach (var step in refused.Steps.Select(index => state.Session?.At(index)).OfType<SessionStep>().Where(step => step.State.IsOpen))
        {
            var message = $"The store cannot keep what step '{step.Id}' made: {refused.Message}";
            Start(state, step, null, now);
            step.State.Detail = step.State.DetailOrNone with { Error = new StepError(Reasons.ResultNotStorable, message, Retryable: false) };
            SetEnd(state, step, StepStatus.Failed, EventKind.StepFailed, new EventNotes(Reason: Reasons.ResultNotStorable, Message: message), now);
        }
    }

    /// <summary>For a checkpoint.</summary>
    public static void AddRows(JobState state, List<StepRow> rows)
    {
        foreach (var step in state.Session?.Steps ?? [])
        {
            var row = default(StepRow);
            step.State.WriteTo(ref row, step.Index, step.Id);
            rows.Add(row);
        }
    }

    private static CommandVerdict Begin(JobState state, BeginSessionStep begin, long now)
    {
        var known = state.Session!.Find(begin.Id);
        var status = known?.State.Status;
        if (known is not null && status is StepStatus.Completed or StepStatus.Skipped)
        {
            begin.Answer = AnswerOf(known!, SessionTurn.Ended);
            return CommandVerdict.AlreadySo;
        }

        var detail = known?.State.DetailOrNone ?? StepDetail.None;
        if (status == StepStatus.Waiting && detail.Error is null)
        {
            known!.State.Run = state.NextRun++;
            begin.Answer = AnswerOf(known, SessionTurn.Waits);
            return CommandVerdict.AlreadySo;
        }

        if (status == StepStatus.Waiting && detail.DueAt > now)
        {
            begin.Answer = AnswerOf(known!, SessionTurn.NotYet) with { DueAt = detail.DueAt };
            return CommandVerdict.AlreadySo;
        }

        if (state.Head.Paused)
        {
            begin.Answer = new SessionBeginning(SessionTurn.Held);
            return CommandVerdict.AlreadySo;
        }

        var step = known ?? state.Session.Add(begin.Id);
        Start(state, step, begin.Name, now);
        begin.Answer = AnswerOf(step, SessionTurn.Begins);
        return CommandVerdict.Applied;
    }

    /// <summary>Also of a step that failed or was cancelled in an earlier opening: it begins anew, with fresh attempts.</summary>
    private static void Start(JobState state, SessionStep step, string? name, long now)
    {
        ref var live = ref state.Touch(step).State;
        if (live.Status is StepStatus.Failed or StepStatus.Cancelled)
        {
            live.Detail = StepDetail.None with { EarlierAttempts = live.DetailOrNone.EarlierAttempts + live.Attempt, Generation = live.DetailOrNone.Generation };
            live.Attempt = 0;
            live.CompletedAt = 0;
        }

        if (live.Status != StepStatus.Pending)
        {
            live.Become(StepStatus.Pending);
        }

        var from = live.Status;
        live.Become(StepStatus.Running);
        live.Attempt++;
        live.Run = state.NextRun++;
        live.StartedAt = now;
        live.Fraction = 0;
        if (name is not null || live.DetailOrNone.DueAt > 0)
        {
            live.Detail = live.DetailOrNone with { Name = name ?? live.DetailOrNone.Name, DueAt = 0 };
        }

        state.Head.Total = Math.Max(state.Head.Total, state.Session!.Steps.Count);
        state.Changes.Events.Step(EventKind.StepStarted, state.Id, now, step.Id, from, StepStatus.Running, live.Attempt, null);
        state.Changes.NoteStart(now);
    }

    private static CommandVerdict End(JobState state, EndSessionStep end, long now)
    {
        if (Held(state, end.Step, end.Run) is not { } step)
        {
            return CommandVerdict.Stale;
        }

        state.Changes.IsUrgent = true;
        ref var live = ref state.Touch(step).State;
        var outcome = end.Outcome;
        if (live.Status == StepStatus.Waiting && outcome.Kind == OutcomeKind.Failed && live.DetailOrNone.SignalValue is not null)
        {
            return CommandVerdict.Refused("The signal came in time.");
        }

        Resume(ref live);
        live.Run = 0;
        var detail = live.DetailOrNone with { Error = outcome.Error, Reason = null, Signal = null, DueAt = 0, Recovery = end.Recovery ?? live.DetailOrNone.Recovery };
        if (end.RetryAfter is { } delay)
        {
            live.Detail = detail with { DueAt = StepWaits.After(now, delay) };
            Suspend(state, step, EventKind.StepRetrying, new EventNotes(Reason: outcome.Error!.Reason, Message: outcome.Error.Message, Data: EventData.OfDelay(delay)), now);
            return CommandVerdict.Applied;
        }

        live.Output = outcome.Output.IsNone ? live.Output : outcome.Output; // A result that was given by hand stays.
        live.Detail = StepDetail.None.Equals(detail) ? null : detail;
        switch (outcome.Kind)
        {
            case OutcomeKind.Failed:
                SetEnd(state, step, StepStatus.Failed, EventKind.StepFailed, new EventNotes(Reason: outcome.Error!.Reason, Message: outcome.Error.Message), now);
                break;
            case OutcomeKind.Skipped:
                live.Detail = detail with { Reason = Reasons.SkippedByRecovery };
                SetEnd(state, step, StepStatus.Skipped, EventKind.StepSkipped, new EventNotes(Reason: Reasons.SkippedByRecovery, Message: outcome.Message), now);
                break;
            case OutcomeKind.Cancelled:
                live.Detail = detail with { Reason = Reasons.Cancelled };
                SetEnd(state, step, StepStatus.Cancelled, EventKind.StepCancelled, new EventNotes(Reason: Reasons.Cancelled), now);
                break;
            default:
                SetEnd(state, step, StepStatus.Completed, EventKind.StepCompleted, end.Recovery is null ? null : new EventNotes(Message: end.Recovery), now);
                break;
        }

        return CommandVerdict.Applied;
    }

    private static CommandVerdict Flush(JobState state)
    {
        state.Changes.IsUrgent |= !state.Changes.IsEmpty;
        return CommandVerdict.AlreadySo;
    }

    public static void Suspend(JobState state, SessionStep step, EventKind kind, EventNotes? notes, long now)
    {
        step.State.Become(StepStatus.Waiting);
        state.Changes.Events.Step(kind, state.Id, now, step.Id, StepStatus.Running, StepStatus.Waiting, step.State.Attempt, notes);
    }

    private static void SetEnd(JobState state, SessionStep step, StepStatus end, EventKind kind, EventNotes? notes, long now)
    {
        var from = step.State.Status;
        state.Touch(step).State.Become(end);
        step.State.CompletedAt = now;
        step.State.Fraction = 0;
        state.Changes.Events.Step(kind, state.Id, now, step.Id, from, end, step.State.Attempt, notes);
    }

    /// <summary>A step that waited goes on by itself, without a new attempt.</summary>
    private static void Resume(ref StepState live)
    {
        if (live.Status == StepStatus.Waiting)
        {
            live.Become(StepStatus.Pending);
            live.Become(StepStatus.Running);
        }
    }

    public static SessionStep? Running(JobState state, int index, int run) => Held(state, index, run) is { State.Status: StepStatus.Running } step ? step : null;

    /// <summary>The step, if this run of it is not over: it runs, or waits.</summary>
    public static SessionStep? Held(JobState state, int index, int run) => run > 0 && state.Session?.At(index) is { } step && step.State.Run == run ? step : null;

    private static SessionBeginning AnswerOf(SessionStep step, SessionTurn turn) => new(turn, step.Index, step.State.Run, step.State.Attempt)
    {
        Output = step.State.Output,
        Status = step.State.Status,
        Generation = step.State.DetailOrNone.Generation,
    };
}
