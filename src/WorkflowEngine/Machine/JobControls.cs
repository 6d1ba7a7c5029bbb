namespace WorkflowEngine;

/// <summary>Commands from people and programs (S14, S15): idempotent, refused when illegal, audited with their actor.</summary>
internal static class JobControls
{
    public static CommandVerdict Apply(JobState state, ControlCommand command, long now)
    {
        if (command.Id != default)
        {
            state.Changes.Take(command.Id);
        }

        var before = state.Head.Status;
        var verdict = command switch
        {
            PauseJob => Pause(state, command, now),
            ResumeJob => Resume(state, command, now),
            CancelJob => End(state, JobStatus.Cancelled, Reasons.Cancelled, command.Note, now),
            FailJob fail => End(state, JobStatus.Failed, fail.Reason, fail.Message, now),
            SkipStep skip => Skip(state, skip, now),
            RetryJob retry => JobReopening.Retry(state, retry, now),
            RunStep run => Run(state, run),
            SendSignal signal => state.IsTerminal ? Ended(state) : StepWaits.Signal(state, signal, now),
            WriteVariable write => Write(state, write, now),
            CreateCheckpoint create => JobCheckpoints.Create(state, create, now),
            RestoreCheckpoint restore => JobCheckpoints.Restore(state, restore, now),
            RefusedCommand refused => CommandVerdict.Refused(refused.Message),
            _ => throw new InvalidOperationException($"The command {command.GetType().Name} is unknown."),
        };
        Audit(state, command, verdict, before, now);
        return verdict;
    }

    private static CommandVerdict Pause(JobState state, ControlCommand command, long now)
    {
        if (state.IsTerminal || state.IsEnding)
        {
            return Ended(state);
        }

        if (state.Head.Paused)
        {
            return CommandVerdict.AlreadySo;
        }

        state.Head.Paused = true;
        state.Changes.Events.Job(EventKind.JobPaused, state.Id, now, state.Head.Status, JobStatus.Paused, 0, new EventNotes(command.Actor, Message: command.Note));
        state.Become(JobStatus.Paused);
        return CommandVerdict.Applied;
    }

    private static CommandVerdict Resume(JobState state, ControlCommand command, long now)
    {
        if (state.IsTerminal || state.IsEnding)
        {
            return Ended(state);
        }

        if (!state.Head.Paused)
        {
            return CommandVerdict.AlreadySo;
        }

        state.Head.Paused = false;
        state.Head.StepMode = false;
        state.Changes.RingsSession = true;
        var to = JobMachine.StatusOf(state);
        state.Changes.Events.Job(EventKind.JobResumed, state.Id, now, state.Head.Status, to, 0, new EventNotes(command.Actor, Message: command.Note));
        state.Become(to);
        return CommandVerdict.Applied;
    }

    private static CommandVerdict End(JobState state, JobStatus end, string reason, string? message, long now)
    {
        if (state.IsTerminal)
        {
            return state.Head.Status == end ? CommandVerdict.AlreadySo : Ended(state);
        }

        if (end == JobStatus.Cancelled && state.Data.Ending == JobStatus.Cancelled)
        {
            return CommandVerdict.AlreadySo;
        }

        JobEnd.Decide(state, end, reason, message, stopRunning: true, now);
        return CommandVerdict.Applied;
    }

    private static CommandVerdict Skip(JobState state, SkipStep command, long now)
    {
        var index = state.Find(command.Step);
        if (index < 0)
        {
            return NoSuchStep(state, command.Step);
        }

        if (state.IsEnding || state.IsConcluding || (state.IsTerminal && state.Head.Status != JobStatus.Failed))
        {
            return Ended(state);
        }

        var status = state.Steps[index].Status;
        switch (status)
        {
            case StepStatus.Skipped:
                return CommandVerdict.AlreadySo;
            case StepStatus.Failed when JobGraph.IsTaken(state, index):
                return CommandVerdict.Refused($"Step '{command.Step}' failed and its error edge has taken that over; there is nothing to skip.");
            case StepStatus.Pending or StepStatus.Waiting when state.Rounds?.LoopAt(index) is { OpenCount: > 0 }:
                return CommandVerdict.Refused($"Loop '{command.Step}' has open rounds; skip steps of theirs, or cancel the job.");
            case StepStatus.Pending or StepStatus.WaitingInputs or StepStatus.Waiting:
                StepEnds.Skip(state, index, command.Output, Reasons.SkippedByOperator, command.Note, null, now);
                return CommandVerdict.Applied;
            case StepStatus.Blocked or StepStatus.Failed or StepStatus.Cancelled:
                return JobReopening.Skip(state, index, command, now);
            default:
                return CommandVerdict.Refused($"Step '{command.Step}' is {status.ToWord()}; only pending, waiting, blocked and failed steps can be skipped.");
        }
    }

    private static CommandVerdict Run(JobState state, RunStep command)
    {
        var index = state.Find(command.Step);
        if (index < 0)
        {
            return NoSuchStep(state, command.Step);
        }

        if (state.IsTerminal || state.IsEnding || state.IsConcluding)
        {
            return Ended(state);
        }

        ref var step = ref state.Steps[index];
        if (!step.IsReady)
        {
            return CommandVerdict.Refused(WhyNotReady(state, index));
        }

        if (step.IsForced)
        {
            return CommandVerdict.AlreadySo;
        }

        // Not at once: what made the step ready may not be durable yet.
        step.IsForced = true;
        state.Changes.Forced.Add(index);
        return CommandVerdict.Applied;
    }

    /// <summary>Which prerequisites of a step do not hold, for people.</summary>
    public static string WhyNotReady(JobState state, int index)
    {
        var declared = state.Declared(index);
        ref var step = ref state.Steps[index];
        if (step.Status is not (StepStatus.Pending or StepStatus.WaitingInputs))
        {
            return $"Step '{state.PathOf(index)}' is {step.Status.ToWord()}.";
        }

        var first = state.FirstOf(index);
        var missing = declared.Incoming
            .Where(edge => JobGraph.FateOf(state, edge, first) == EdgeFate.Open)
            .Select(edge => $"'{state.PathOf(first + edge.From)}' is {state.Steps[first + edge.From].Status.ToWord()}");
        return $"Step '{state.PathOf(index)}' is blocked: its prerequisites do not hold ({string.Join(", ", missing)}).";
    }

    private static CommandVerdict Write(JobState state, WriteVariable command, long now)
    {
        if (state.IsTerminal)
        {
            return Ended(state);
        }

        state.Data = state.Data with { Variables = state.Data.Variables.SetItem(command.Variable.Name, command.Variable) };
        state.Changes.Events.Note(EventKind.VariableSet, state.Id, now, null, new EventNotes(command.Actor, Data: EventData.OfVariable(command.Variable)));
        return CommandVerdict.Applied;
    }

    private static void Audit(JobState state, ControlCommand command, CommandVerdict verdict, JobStatus before, long now)
    {
        state.Changes.IsUrgent = true;
        var refused = verdict.Effect == CommandEffect.Refused;
        var notes = new EventNotes(command.Actor, refused ? "invalid_transition" : null, refused ? verdict.Message : command.Note, EventData.OfCommand(command));
        state.Changes.Events.Job(refused ? EventKind.CommandRefused : EventKind.CommandApplied, state.Id, now, before, state.Head.Status, 0, notes);
        state.Changes.Answer(command.Id, verdict);
    }

    public static CommandVerdict Ended(JobState state)
        => CommandVerdict.Refused(state.IsTerminal ? $"The job is {state.Head.Status.ToWord()}." : $"The job is ending as {(state.Data.Ending ?? JobStatus.Completed).ToWord()}.");

    private static CommandVerdict NoSuchStep(JobState state, string step)
        => CommandVerdict.Refused($"Flow '{state.Flow.Id}' has no step '{step}'.");
}
