using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Making checkpoints and going back to them (S26).</summary>
internal static class JobCheckpoints
{
    public static CommandVerdict Create(JobState state, CreateCheckpoint command, long now)
    {
        if (IsClosed(state) || state.IsTerminal)
        {
            return JobControls.Ended(state);
        }

        var checkpoint = new StoredCheckpoint(command.CheckpointId, now, command.Description, state.Head.Status, JobProgress.Of(state)) { Snapshot = new JobSnapshot(state.Data, Rows(state)) };
        state.Changes.Keep(checkpoint);
        state.Changes.Events.Note(EventKind.CheckpointCreated, state.Id, now, null, NotesOf(command, command.CheckpointId, command.Description));
        return CommandVerdict.Applied;
    }

    /// <summary>
    /// Steps, variables, engine data and packets are those of the checkpoint. What happened to the job from outside stays: a pause, and the signals that came; those that
    /// were consumed are not given back. Version, events and run numbers go on, so that whatever a stopped body still returns is stale.
    /// </summary>
    public static CommandVerdict Restore(JobState state, RestoreCheckpoint command, long now)
    {
        if (command.Snapshot is not { } snapshot)
        {
            return CommandVerdict.Refused($"There is no checkpoint '{command.CheckpointId}'.");
        }

        if (IsClosed(state) || (state.IsTerminal && state.Head.Status != JobStatus.Failed))
        {
            return JobControls.Ended(state);
        }

        var reopens = state.IsTerminal;
        var generation = state.Data.Generation + 1;
        state.Data = state.Data with { Variables = snapshot.Data.Variables, EngineData = snapshot.Data.EngineData, Generation = generation };
        state.Head.Output = default;
        state.Head.Percentage = 0;
        state.Changes.Restores = true;
        PutBack(state, snapshot.Steps, generation, command.KeepsRunning);
        state.Changes.Events.Note(EventKind.CheckpointRestored, state.Id, now, null, NotesOf(command, command.CheckpointId, command.Note));
        if (reopens)
        {
            JobReopening.Reopen(state, command, now);
        }

        state.Changes.Readied.Clear();
        JobRebuild.Derive(state, now);
        StepWaits.TakeAllBuffered(state, now);
        return CommandVerdict.Applied;
    }

    /// <summary>The end is decided already; only a failed job that is over can still go back.</summary>
    private static bool IsClosed(JobState state) => !state.IsTerminal && (state.IsEnding || state.IsConcluding);

    private static List<StepRow> Rows(JobState state)
    {
        var rows = new List<StepRow>();
        for (var index = 0; index < state.Steps.Length; index++)
        {
            if (state.Steps[index].NeedsRow)
            {
                var row = default(StepRow);
                state.Steps[index].WriteTo(ref row, index, state.PathOf(index));
                rows.Add(row);
            }
        }

        SessionSteps.AddRows(state, rows);
        return rows;
    }

    private static void PutBack(JobState state, IReadOnlyList<StepRow> rows, int generation, int keepsRunning)
    {
        var byIndex = rows.ToDictionary(row => row.Index);
        for (var index = 0; index < state.Steps.Length; index++)
        {
            if (state.Steps[index].Status == StepStatus.Running && index != keepsRunning)
            {
                state.Changes.Stop(index, state.Steps[index].Run, StopReason.JobCancelled, state.PathOf(index));
            }
        }

        PutBackRounds(state, rows, generation);
        for (var index = 0; index < state.Flow.Steps.Length; index++)
        {
            if (index == keepsRunning)
            {
                continue;
            }

            ref var step = ref state.Touch(index);
            PutBack(ref step, byIndex.GetValueOrDefault(index), generation);
        }

        if (state.Session is { } session)
        {
            PutBack(state, session, rows.Where(row => row.Index >= state.Steps.Length).ToDictionary(row => row.Path, StringComparer.Ordinal), generation);
        }
    }

    /// <summary>The loops of the checkpoint in place of those that there are: a block that serves none of them is free.</summary>
    private static void PutBackRounds(JobState state, IReadOnlyList<StepRow> rows, int generation)
    {
        foreach (var run in (state.Rounds?.Loops ?? []).Where(run => run.Slot < state.Flow.Steps.Length).ToList())
        {
            run.Rounds.ForEach(round => LoopRounds.Free(state, round));
            state.Rounds!.Forget(run);
        }

        var behind = rows.Where(row => row.Index >= state.Flow.Steps.Length).ToList();
        if (state.Session is not null || behind.Count == 0)
        {
            return;
        }

        foreach (var row in rows.Where(row => row.Index < state.Flow.Steps.Length))
        {
            state.Steps[row.Index].Output = row.Output; // The lists of the loops.
        }

        RoundPlacement.Place(state, behind);
        foreach (var row in behind)
        {
            PutBack(ref state.Touch(row.Index), row, generation);
        }
    }

    /// <summary>By id, for an export may come from another job. Steps that the code has come to since stay, as if it had not: rows never move.</summary>
    private static void PutBack(JobState state, SessionState session, Dictionary<string, StepRow> rows, int generation)
    {
        foreach (var path in rows.Values.OrderBy(row => row.Index).Select(row => row.Path).Where(path => session.Find(path) is null))
        {
            session.Add(path);
        }

        foreach (var step in session.Steps)
        {
            PutBack(ref state.Touch(step).State, rows.GetValueOrDefault(step.Id), generation);
        }
    }

    private static void PutBack(ref StepState step, in StepRow row, int generation)
    {
        var attempts = step.DetailOrNone.EarlierAttempts + step.Attempt;
        step.Fill(row);
        step.Run = 0;
        step.Fraction = 0;
        step.IsReady = step.IsForced = false;
        if (!step.IsOpen)
        {
            return;
        }

        if (step.Status == StepStatus.Running)
        {
            step.Fill(row with { Status = StepStatus.Pending, Attempt = row.Attempt - 1 }); // That body is gone: the attempt is given again.
        }

        step.Detail = step.DetailOrNone with { Generation = generation, EarlierAttempts = Math.Max(step.DetailOrNone.EarlierAttempts, attempts - step.Attempt) };
    }

    private static EventNotes NotesOf(ControlCommand command, string checkpoint, string? message)
        => new(command.Actor, Message: message, Data: EventData.Of("checkpoint", checkpoint));
}
