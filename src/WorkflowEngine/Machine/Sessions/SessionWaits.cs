using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Steps of a session that wait for a time or a signal. What they wait for is durable; the code that waits looks again when the bell rings, or its time has come.</summary>
internal static class SessionWaits
{
    public static CommandVerdict Wait(JobState state, WaitInSession wait, long now)
    {
        if (SessionSteps.Running(state, wait.Step, wait.Run) is not { } step)
        {
            return CommandVerdict.Stale;
        }

        state.Changes.IsUrgent = true;
        state.Touch(step).State.Detail = step.State.DetailOrNone with
        {
            Signal = wait.Signal,
            SignalValue = null,
            Error = null,
            DueAt = wait.Time is { } time ? StepWaits.After(now, time) : 0,
        };
        SessionSteps.Suspend(state, step, EventKind.StepWaiting, wait.Signal is null ? null : new EventNotes(Data: EventData.Of("signal", wait.Signal)), now);
        var at = wait.Signal is null ? -1 : state.Data.Signals.FindIndex(signal => signal.Name == wait.Signal);
        if (at >= 0)
        {
            Deliver(state, step, state.Data.Signals[at].Value);
            state.Data = state.Data with { Signals = state.Data.Signals.RemoveAt(at) };
        }

        return CommandVerdict.Applied;
    }

    public static CommandVerdict Look(JobState state, LookAtWait look)
    {
        if (SessionSteps.Held(state, look.Step, look.Run) is not { } step)
        {
            return CommandVerdict.Stale;
        }

        look.Signal = step.State.DetailOrNone.SignalValue;
        look.DueAt = step.State.DetailOrNone.DueAt;
        return CommandVerdict.AlreadySo;
    }

    /// <summary>The first step that waits for this signal takes it; false when none does.</summary>
    public static bool TryDeliver(JobState state, string signal, JsonElement value)
    {
        var waiting = state.Session?.Steps.FirstOrDefault(step => step.State.Status == StepStatus.Waiting && step.State.DetailOrNone.Signal == signal);
        if (waiting is null)
        {
            return false;
        }

        Deliver(state, waiting, value);
        return true;
    }

    private static void Deliver(JobState state, SessionStep step, JsonElement value)
    {
        state.Touch(step).State.Detail = step.State.DetailOrNone with { SignalValue = value, Signal = null, DueAt = 0 };
        state.Changes.RingsSession = true;
    }
}
