using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Makes a live job from its rows, and derives again what follows from step statuses: counters, joins, readiness.</summary>
internal static class JobRebuild
{
    /// <summary>A claimed job as its new owner has it. Steps that were running when the last owner was lost start again under the same attempt number (G2, G4).</summary>
    public static JobState Load(CompiledFlow flow, StoredJob stored, long now)
    {
        var state = new JobState(flow, stored.Creation, stored.Epoch) { Head = stored.Head, Strikes = stored.Strikes };
        Fill(state, stored.Steps);
        SessionSteps.Interrupt(state);
        for (var index = 0; index < state.Steps.Length; index++)
        {
            if (state.Steps[index].Status == StepStatus.Running)
            {
                ref var step = ref state.Touch(index);
                step.Become(StepStatus.Pending);
                step.Attempt--;
            }
        }

        state.IsLoading = true;
        Derive(state, now);
        state.IsLoading = false;
        if (!state.IsTerminal)
        {
            LoopRounds.Settle(state, now);
            JobEnd.Check(state, now);
            JobMachine.UpdateStatus(state, now);
        }

        return state;
    }

    /// <summary>A committed job to look at: counters and joins as they follow from its rows, running steps left running. Never committed.</summary>
    public static JobState View(CompiledFlow flow, StoredJob stored, long now)
    {
        var state = new JobState(flow, stored.Creation, stored.Epoch) { Head = stored.Head };
        Fill(state, stored.Steps);
        Derive(state, now);
        return state;
    }

    /// <summary>Derives everything that is not in the rows. Running steps stay running.</summary>
    public static void Derive(JobState state, long now)
    {
        state.Ready.Clear();
        state.Changes.Readied.Clear();
        state.Running = state.Waiting = state.Open = state.ReadyCount = state.CompletedCount = state.CompletedWithItems = 0;
        state.DoneWeight = state.PartialWeight = 0;
        state.FailedStep = -1;
        state.IsConcluding = false;
        state.Due = null;
        for (var index = 0; index < state.Steps.Length; index++)
        {
            ref var step = ref state.Steps[index];
            step.Arrived = step.Live = step.Blocked = 0;
        }

        RoundPlacement.Reset(state);
        for (var index = 0; index < state.Steps.Length; index++)
        {
            Count(state, index);
        }

        for (var index = 0; index < state.Steps.Length; index++)
        {
            if (state.Steps[index].Status != StepStatus.Pending || state.Steps[index].IsReady || state.RoundOf(index) is { IsOpen: false })
            {
                continue;
            }

            if (state.Declared(index).IsRoot)
            {
                JobGraph.MakeReady(state, index, now);
            }
            else if (JobGraph.Settle(state, index, now))
            {
                JobGraph.Leave(state, index, now);
            }
        }

        RoundPlacement.Resume(state);
    }

    private static void Count(JobState state, int index)
    {
        ref var step = ref state.Steps[index];
        var round = state.RoundOf(index);
        if (round is not null && !CountIn(state, round, index))
        {
            return;
        }

        var declared = state.Declared(index);
        var weight = state.WeightOf(index);
        switch (step.Status)
        {
            case StepStatus.Running:
                state.Open++;
                state.Running++;
                state.PartialWeight += weight * step.Fraction;
                return;
            case StepStatus.Waiting:
                state.Open++;
                state.Waiting++;
                StepWaits.Remember(state, index);
                return;
            case StepStatus.Pending or StepStatus.WaitingInputs:
                step.Become(StepStatus.Pending);
                step.IsReady = step.IsForced = false;
                state.Open++;
                return;
            case StepStatus.Cancelled:
                return;
            case StepStatus.Completed or StepStatus.Skipped:
                state.DoneWeight += weight;
                state.CompletedCount += round is null && step.Status == StepStatus.Completed ? 1 : 0;
                state.CompletedWithItems += round is null && step.Status == StepStatus.Completed && !step.NoItems ? 1 : 0;
                break;
            case StepStatus.Failed when round is not null:
                round.FailedStep = JobGraph.IsUnhandled(state, index) && (round.FailedStep < 0 || step.CompletedAt < state.Steps[round.FailedStep].CompletedAt) ? index : round.FailedStep;
                break;
            case StepStatus.Failed when JobGraph.IsUnhandled(state, index) && (state.FailedStep < 0 || step.CompletedAt < state.Steps[state.FailedStep].CompletedAt):
                state.FailedStep = index;
                break;
        }

        var first = state.FirstOf(index);
        foreach (var edge in declared.Outgoing)
        {
            JobGraph.Arrive(state, edge, first);
        }
    }

    /// <summary>A slot of a round. False when there is no more to count: it stands for the round itself, or its block is free.</summary>
    private static bool CountIn(JobState state, Round round, int index)
    {
        ref var step = ref state.Steps[index];
        if (round.Loop is null || index == round.Header)
        {
            state.Open += step.IsOpen ? 1 : 0;
            state.Waiting += step.Status == StepStatus.Waiting ? 1 : 0;
            return false;
        }

        round.Open += step.IsOpen ? 1 : 0;
        return true;
    }

    /// <summary>Rows behind those of the flow's own steps belong to the rounds of its loops, or to the code of a session.</summary>
    private static void Fill(JobState state, IReadOnlyList<StepRow> rows)
    {
        List<StepRow>? behind = null;
        foreach (var row in rows)
        {
            if (row.Index < state.Flow.Steps.Length)
            {
                state.Steps[row.Index].Fill(row);
            }
            else
            {
                (behind ??= []).Add(row);
            }
        }

        if (behind is not null && state.Session is { } session)
        {
            behind.OrderBy(row => row.Index).ToList().ForEach(row => session.Add(row.Path).State.Fill(row));
        }
        else if (behind is not null)
        {
            RoundPlacement.Place(state, behind);
        }
    }
}
