namespace WorkflowEngine;

/// <summary>What the end of a step means for those that come after it: joins, dead paths and blocked ones (S4–S8). Iterative, so that a chain of any length needs no stack.</summary>
internal static class JobGraph
{
    /// <summary>How an edge is resolved by the state of its source. The one place that says so: also used to rebuild a job from its rows.</summary>
    public static EdgeFate FateOf(JobState state, CompiledEdge edge, int first)
    {
        ref var source = ref state.Steps[first + edge.From];
        switch (source.Status)
        {
            case StepStatus.Completed:
                return !source.NoItems && edge.TakesCompletion && edge.Matches((string[]?)source.Detail?.Ports) && Holds(source, edge) ? EdgeFate.Live : EdgeFate.Dead;
            case StepStatus.Skipped:
                return source.Detail?.Reason == Reasons.BranchNotActive || !edge.TakesCompletion ? EdgeFate.Dead : EdgeFate.Live;
            case StepStatus.Failed:
                return !IsTaken(state, first + edge.From) ? EdgeFate.Blocked : edge.TakesFailure && Holds(source, edge) ? EdgeFate.Live : EdgeFate.Dead;
            case StepStatus.Blocked:
                return EdgeFate.Blocked;
            default:
                return EdgeFate.Open; // Also of a cancelled step: its job is ending, and should it be reopened the step begins anew.
        }
    }

    /// <summary>Resolves the outgoing edges of a step that has just ended, and all that follows from it.</summary>
    public static void Leave(JobState state, int ended, long now)
    {
        var settled = -1; // The next step to leave, without a stack while there is only one: the common case.
        Stack<int>? more = null;
        for (var from = ended; from >= 0; from = settled >= 0 ? settled : more is { Count: > 0 } ? more.Pop() : -1)
        {
            settled = -1;
            var first = state.FirstOf(from);
            foreach (var edge in state.Declared(from).Outgoing)
            {
                Arrive(state, edge, first);
                if (Settle(state, first + edge.To, now))
                {
                    if (settled < 0)
                    {
                        settled = first + edge.To;
                    }
                    else
                    {
                        (more ??= new()).Push(first + edge.To);
                    }
                }
            }
        }
    }

    /// <summary>Counts a resolved edge at its target.</summary>
    public static void Arrive(JobState state, CompiledEdge edge, int first)
    {
        ref var target = ref state.Steps[first + edge.To];
        target.Arrived++;
        switch (FateOf(state, edge, first))
        {
            case EdgeFate.Live:
                target.Live++;
                break;
            case EdgeFate.Blocked:
                target.Blocked++;
                break;
        }
    }

    /// <summary>Decides whether a step that has not begun is ready, skipped or blocked. True when it ended here, so that its own edges must be resolved.</summary>
    public static bool Settle(JobState state, int index, long now)
    {
        ref var step = ref state.Steps[index];
        if (step.Status is not (StepStatus.Pending or StepStatus.WaitingInputs) || step.IsReady || step.Arrived == 0)
        {
            return false;
        }

        var declared = state.Declared(index);
        var edges = declared.Incoming.Length;
        var required = declared.Join.Required;
        var fires = required == 0 ? step.Arrived == edges && step.Live > 0 && step.Blocked == 0 : step.Live >= required;
        if (fires)
        {
            Fire(state, index, required > 0, now);
            return false;
        }

        var canFire = required == 0 ? step.Blocked == 0 && step.Arrived < edges : step.Live + edges - step.Arrived >= required;
        if (canFire)
        {
            step.Become(StepStatus.WaitingInputs);
            return false;
        }

        if (step.Blocked > 0)
        {
            Block(state, index, now);
        }
        else
        {
            Skip(state, index, now);
        }

        return true;
    }

    /// <summary>Whether an error edge takes the failure of this step: one without a condition, or whose condition held.</summary>
    public static bool IsTaken(JobState state, int failed)
    {
        ref var step = ref state.Steps[failed];
        foreach (var edge in state.Declared(failed).Outgoing)
        {
            if (edge.TakesFailure && Holds(step, edge))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a failure is taken by nobody: no error edge, and not only <c>any</c> and <c>count</c> joins that have fired or still can (S8).</summary>
    public static bool IsUnhandled(JobState state, int failed)
    {
        var declared = state.Declared(failed);
        if (IsTaken(state, failed))
        {
            return false;
        }

        var first = state.FirstOf(failed);
        foreach (var edge in declared.Outgoing)
        {
            ref var target = ref state.Steps[first + edge.To];
            if (state.Declared(first + edge.To).Join.Required == 0 || target.Status == StepStatus.Blocked || (target.Status == StepStatus.Cancelled && target.Detail?.FiredBy is null))
            {
                return true;
            }
        }

        return declared.Outgoing.Length == 0;
    }

    /// <summary>All inputs are there: the step lacks only a slot.</summary>
    public static void MakeReady(JobState state, int index, long now)
    {
        ref var step = ref state.Steps[index];
        var from = step.Status;
        step.Become(StepStatus.Pending);
        step.IsReady = true;
        state.ReadyCount++;
        state.Changes.Readied.Add(index);
        state.Changes.IsUrgent = true;
        if (!state.IsLoading || step.IsTouched)
        {
            state.Changes.Events.Step(EventKind.StepQueued, state.Id, now, state.PathOf(index), from, StepStatus.Pending, 0, null);
        }
    }

    /// <summary>The verdict of the edge's condition, which the executor of its source gave (S4).</summary>
    private static bool Holds(in StepState source, CompiledEdge edge) => edge.When is null || source.Detail?.Verdicts?[edge.Position] == true;

    private static void Fire(JobState state, int index, bool fixesInputs, long now)
    {
        if (fixesInputs && state.Declared(index).Incoming.Length > 1 && state.Steps[index].Detail?.FiredBy is null)
        {
            // Later arrivals must not change what a second attempt sees (S11).
            ref var step = ref state.Touch(index);
            step.Detail = step.DetailOrNone with { FiredBy = LiveEdges(state, index) };
        }

        MakeReady(state, index, now);
    }

    private static List<int> LiveEdges(JobState state, int index)
    {
        var incoming = state.Declared(index).Incoming;
        var first = state.FirstOf(index);
        var live = new List<int>();
        for (var i = 0; i < incoming.Length; i++)
        {
            if (FateOf(state, incoming[i], first) == EdgeFate.Live)
            {
                live.Add(i);
            }
        }

        return live;
    }

    private static void Skip(JobState state, int index, long now)
    {
        ref var step = ref state.Touch(index);
        step.Detail = step.DetailOrNone with { Reason = Reasons.BranchNotActive };
        StepEnds.SetEnd(state, index, StepStatus.Skipped, EventKind.StepSkipped, new EventNotes(Reason: Reasons.BranchNotActive), now);
    }

    private static void Block(JobState state, int index, long now)
    {
        var reason = state.Declared(index).Join.Required > 0 ? Reasons.JoinUnsatisfiable : Reasons.PredecessorFailed;
        ref var step = ref state.Touch(index);
        step.Detail = step.DetailOrNone with { Reason = reason };
        StepEnds.SetEnd(state, index, StepStatus.Blocked, EventKind.StepBlocked, new EventNotes(Reason: reason), now);
        if ((state.RoundOf(index)?.FailedStep ?? state.FailedStep) < 0)
        {
            JobEnd.NoteUnhandled(state, Culprit(state, index), now);
        }
    }

    /// <summary>The failed step that blocks this one: back along blocked edges to their beginning.</summary>
    private static int Culprit(JobState state, int index)
    {
        var first = state.FirstOf(index);
        while (state.Steps[index].Status != StepStatus.Failed)
        {
            var before = -1;
            foreach (var edge in state.Declared(index).Incoming)
            {
                if (FateOf(state, edge, first) == EdgeFate.Blocked)
                {
                    before = first + edge.From;
                    break;
                }
            }

            if (before < 0)
            {
                return index;
            }

            index = before;
        }

        return index;
    }
}
