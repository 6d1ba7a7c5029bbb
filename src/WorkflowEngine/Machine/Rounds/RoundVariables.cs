using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Variables in rounds (S18, S20): a round sees its own, those of the rounds around it and the job's, inner ones first; what it writes outlives it only where the rules say so.</summary>
internal static class RoundVariables
{
    /// <summary>What a step sees.</summary>
    public static JobData Seen(JobState state, int slot)
    {
        var data = state.Data;
        for (var round = state.RoundOf(slot); round is not null; round = Around(state, round))
        {
            if (round.Slots[0].Detail?.Variables is { } own)
            {
                // What lies inside was added before, and hides what lies outside.
                data = data with { Variables = data.Variables.SetItems(ReferenceEquals(data, state.Data) ? own : own.Where(pair => !IsHidden(state, slot, round, pair.Key))) };
            }
        }

        return data;
    }

    /// <summary>Keeps what a step of a round wrote: engine data with the job, each variable where it belongs.</summary>
    public static void Take(JobState state, Round round, StepWrites writes)
    {
        foreach (var variable in writes.Variables)
        {
            Write(state, round, variable);
        }

        state.Data = writes.EngineDataOver(state.Data);
    }

    /// <summary>A <c>for_each</c> never writes outward; a <c>while</c> does, to a name that exists outside.</summary>
    private static void Write(JobState state, Round round, JobVariable variable)
    {
        for (var here = round; ; here = Around(state, here)!)
        {
            if (here.Loop!.Loop.IsForEach || Has(here, variable.Name) || !IsOutside(state, here, variable.Name))
            {
                ref var header = ref state.Touch(here.Header);
                header.Detail = header.DetailOrNone with { Variables = (header.DetailOrNone.Variables ?? JobVariable.None).SetItem(variable.Name, variable) };
                return;
            }

            if (Around(state, here) is null)
            {
                state.Data = state.Data with { Variables = state.Data.Variables.SetItem(variable.Name, variable) };
                return;
            }
        }
    }

    private static bool IsOutside(JobState state, Round round, string name)
    {
        for (var around = Around(state, round); around is not null; around = Around(state, around))
        {
            if (Has(around, name))
            {
                return true;
            }
        }

        return state.Data.Variables.ContainsKey(name);
    }

    private static bool IsHidden(JobState state, int slot, Round round, string name)
    {
        for (var inner = state.RoundOf(slot); inner != round; inner = Around(state, inner!))
        {
            if (Has(inner!, name))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Has(Round round, string name) => round.Slots[0].Detail?.Variables?.ContainsKey(name) == true;

    private static Round? Around(JobState state, Round round) => state.RoundOf(round.Loop!.Slot);
}
