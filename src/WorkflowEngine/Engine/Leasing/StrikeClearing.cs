using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>A committed outcome, or the job's end, proves that the job lets its process live: its strikes are gone in the same commit (G4).</summary>
internal static class StrikeClearing
{
    public static StrikeChange Of(EngineNode node, JobState state, ReadOnlySpan<StepRow> rows)
    {
        if (state.Strikes.Count == 0 || !(state.IsTerminal || HasOutcome(rows)))
        {
            return StrikeChange.None;
        }

        state.Strikes = default;
        node.Struck.TryRemove(state.Id, out _);
        return StrikeChange.Cleared;
    }

    private static bool HasOutcome(ReadOnlySpan<StepRow> rows)
    {
        foreach (ref readonly var row in rows)
        {
            if (row.Status is not (StepStatus.Pending or StepStatus.Running or StepStatus.WaitingInputs))
            {
                return true;
            }
        }

        return false;
    }
}
