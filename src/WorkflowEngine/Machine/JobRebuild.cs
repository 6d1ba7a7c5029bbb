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

        for (var index = 0; index < state.Steps.Length; index++)
        {
            Count(state, index);
        }

        for (var index = 0; index < state.Steps.Length; index++)
        {
            if (state.Steps[index].Status != StepStatus.Pending || state.Steps[index].IsReady)
            {
                continue;
            }

            if (state.Flow.Steps[index].IsRoot)
            {
                JobGraph.MakeReady(state, index, now);
            }
            else if (JobGraph.Settle(state, index, now))
            {
                JobGraph.Leave(state, index, now);
            }
        }
    }

    private static void Count(JobState state, int index)
    {
        ref var step = ref state.Steps[index];
        var declared = state.Flow.Steps[index];
        switch (step.Status)
        {
            case StepStatus.Running:
                state.Open++;
                state.Running++;
                state.PartialWeight += declared.Weight * step.Fraction;
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
                state.DoneWeight += declared.Weight;
                state.CompletedCount += step.Status == StepStatus.Completed ? 1 : 0;
                state.CompletedWithItems += step.Status == StepStatus.Completed && !step.NoItems ? 1 : 0;
                break;
            case StepStatus.Failed when JobGraph.IsUnhandled(state, index) && (state.FailedStep < 0 || step.CompletedAt < state.Steps[state.FailedStep].CompletedAt):
                state.FailedStep = index;
                break;
        }

        foreach (var edge in declared.Outgoing)
        {
            JobGraph.Arrive(state, edge);
        }
    }

    /// <summary>Rows behind those of the flow's own steps belong to the code of a session.</summary>
    private static void Fill(JobState state, IReadOnlyList<StepRow> rows)
    {
        foreach (var row in state.Session is null ? rows : [.. rows.OrderBy(row => row.Index)])
        {
            if (row.Index < state.Steps.Length)
            {
                state.Steps[row.Index].Fill(row);
            }
            else
            {
                state.Session?.Add(row.Path).State.Fill(row);
            }
        }
    }
}
