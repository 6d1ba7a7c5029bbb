using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Steps that wait for a time or a signal and hold no slot meanwhile (S11, S16).</summary>
internal static class StepWaits
{
    /// <summary>A failed attempt waits for the next one.</summary>
    public static void Retry(JobState state, int index, StepError error, TimeSpan delay, long now)
    {
        ref var step = ref state.Steps[index];
        step.Detail = step.DetailOrNone with { Error = error, DueAt = After(now, delay) };
        Enter(state, index, EventKind.StepRetrying, new EventNotes(Reason: error.Reason, Message: error.Message, Data: EventData.OfDelay(delay)), now);
    }

    /// <summary>The step asked to be called again: same execution and attempt, next leg.</summary>
    public static void Suspend(JobState state, int index, in StepOutcome outcome, long now)
    {
        StepEnds.TakeWrites(state, index, outcome.Writes, now);
        ref var step = ref state.Steps[index];
        step.Detail = step.DetailOrNone with
        {
            Signal = outcome.Signal,
            SignalValue = null,
            TimedOut = false,
            State = outcome.State ?? (outcome.Kind == OutcomeKind.Waits ? step.DetailOrNone.State : null),
            Error = null,
            DueAt = outcome.Delay is { } delay ? After(now, delay) : 0,
        };
        var notes = outcome.Signal is null ? null : new EventNotes(Data: EventData.Of("signal", outcome.Signal));
        Enter(state, index, EventKind.StepWaiting, notes, now);
        if (outcome.Signal is { } signal)
        {
            TakeBuffered(state, index, signal, now);
        }
    }

    /// <summary>Lets every waiting step go on whose time has come.</summary>
    public static CommandVerdict Wake(JobState state, long now)
    {
        var woke = false;
        while (state.Due is { Count: > 0 } due && due.TryPeek(out var index, out var at) && at <= now)
        {
            due.Dequeue();
            ref var step = ref state.Steps[index];
            if (step.Status != StepStatus.Waiting || step.DetailOrNone.DueAt != at || state.IsTerminal)
            {
                continue;
            }

            state.Touch(index);
            var detail = step.DetailOrNone;
            step.Detail = detail with { DueAt = 0 };
            if (detail.Error is null)
            {
                step.Detail = detail with { DueAt = 0, Leg = detail.Leg + 1, TimedOut = detail.Signal is not null, Signal = null };
                step.Attempt--; // The next leg continues this attempt.
            }

            Leave(state, index, now);
            woke = true;
        }

        return woke ? CommandVerdict.Applied : CommandVerdict.AlreadySo;
    }

    /// <summary>A signal: the first step that waits for it takes it, otherwise it is kept.</summary>
    public static CommandVerdict Signal(JobState state, SendSignal signal, long now)
    {
        var data = state.Data;
        if (signal.DedupeKey is { } key)
        {
            if (data.SignalKeys.Contains(key))
            {
                return CommandVerdict.AlreadySo;
            }

            state.Data = data = data with { SignalKeys = data.SignalKeys.Add(key) };
        }

        for (var index = 0; index < state.Steps.Length && state.Waiting > 0; index++)
        {
            if (state.Steps[index].Status == StepStatus.Waiting && state.Steps[index].DetailOrNone.Signal == signal.Name)
            {
                Deliver(state, index, signal.Value, now);
                return CommandVerdict.Applied;
            }
        }

        if (SessionWaits.TryDeliver(state, signal.Name, signal.Value))
        {
            state.Changes.HeadChanged = true;
            return CommandVerdict.Applied;
        }

        state.Data = data with { Signals = data.Signals.Add(new BufferedSignal(signal.Name, signal.Value)) };
        state.Changes.HeadChanged = true;
        return CommandVerdict.Applied;
    }

    /// <summary>When the soonest waiting step is due, in UTC ticks; 0: none.</summary>
    public static long NextDue(JobState state)
    {
        while (state.Due is { Count: > 0 } due && due.TryPeek(out var index, out var at))
        {
            if (state.Steps[index].Status == StepStatus.Waiting && state.Steps[index].DetailOrNone.DueAt == at)
            {
                return at;
            }

            due.Dequeue();
        }

        return 0;
    }

    /// <summary>Notes the due time of a step that is waiting already, when a job is rebuilt from its rows.</summary>
    public static void Remember(JobState state, int index)
    {
        if (state.Steps[index].DetailOrNone.DueAt is > 0 and var at)
        {
            (state.Due ??= new()).Enqueue(index, at);
        }
    }

    /// <summary>After a restore: waiting steps take the signals that are kept for them.</summary>
    public static void TakeAllBuffered(JobState state, long now)
    {
        for (var index = 0; index < state.Steps.Length && !state.Data.Signals.IsEmpty; index++)
        {
            if (state.Steps[index].Status == StepStatus.Waiting && state.Steps[index].DetailOrNone.Signal is { } signal)
            {
                TakeBuffered(state, index, signal, now);
            }
        }
    }

    private static void TakeBuffered(JobState state, int index, string name, long now)
    {
        var at = state.Data.Signals.FindIndex(signal => signal.Name == name);
        if (at >= 0)
        {
            var value = state.Data.Signals[at].Value;
            state.Data = state.Data with { Signals = state.Data.Signals.RemoveAt(at) };
            Deliver(state, index, value, now);
        }
    }

    private static void Deliver(JobState state, int index, JsonElement value, long now)
    {
        ref var step = ref state.Touch(index);
        step.Detail = step.DetailOrNone with { SignalValue = value, Signal = null, DueAt = 0, Leg = step.DetailOrNone.Leg + 1 };
        step.Attempt--; // The next leg continues this attempt.
        Leave(state, index, now);
    }

    private static void Enter(JobState state, int index, EventKind kind, EventNotes? notes, long now)
    {
        ref var step = ref state.Touch(index);
        var from = step.Status;
        step.Become(StepStatus.Waiting);
        state.Waiting++;
        Remember(state, index);
        state.Changes.Events.Step(kind, state.Id, now, state.PathOf(index), from, StepStatus.Waiting, step.Attempt, notes);
    }

    /// <summary>Later than the calendar goes is its end.</summary>
    public static long After(long now, TimeSpan delay) => delay.Ticks < DateTime.MaxValue.Ticks - now ? now + delay.Ticks : DateTime.MaxValue.Ticks;

    private static void Leave(JobState state, int index, long now)
    {
        state.Waiting--;
        JobGraph.MakeReady(state, index, now);
    }
}
