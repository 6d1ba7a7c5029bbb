namespace WorkflowEngine;

/// <summary>What the code of a session writes besides the ends of its steps.</summary>
internal static class SessionValues
{
    public static CommandVerdict Keep(JobState state, KeepSessionResult result)
    {
        if (state.Session!.Find(result.Id) is not { } step)
        {
            return CommandVerdict.Refused($"Step '{result.Id}' was not started.");
        }

        state.Changes.IsUrgent = true;
        state.Touch(step).State.Output = result.Result;
        return CommandVerdict.Applied;
    }

    public static CommandVerdict Write(JobState state, WriteSessionVariable write, long now)
    {
        state.Changes.IsUrgent |= write.IsUrgent;
        state.Data = state.Data with { Variables = state.Data.Variables.SetItem(write.Variable.Name, write.Variable) };
        state.Changes.Events.Note(EventKind.VariableSet, state.Id, now, write.Variable.SourceStep, new EventNotes(Data: EventData.OfVariable(write.Variable)));
        return CommandVerdict.Applied;
    }
}
