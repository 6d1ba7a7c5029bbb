using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Everything that a started step is to be run with, taken in the turn, so that the executor never looks into a live state.</summary>
internal readonly struct StepTask
{
    public required StepStart Start { get; init; }

    public required CompiledStep Step { get; init; }

    /// <summary>The one packet that arrives; for joins see <see cref="Many"/>.</summary>
    public PacketSlot Single { get; init; }

    /// <summary>The packets of a join's live predecessors, by position of the edge; null for a step with at most one predecessor.</summary>
    public PacketSlot[]? Many { get; init; }

    /// <summary>Steps that the config's templates name.</summary>
    public NamedStep[] Named { get; init; }

    public required JobData Data { get; init; }

    /// <summary>An operator asked for this very step: it begins although the job is paused.</summary>
    public bool IsForced { get; init; }

    /// <summary>The error that came along a failed edge, for <c>error.…</c> in templates.</summary>
    public StepError? Error { get; init; }

    /// <summary>Takes the snapshot of a step that was just started.</summary>
    public static StepTask Of(JobState state, RunnableFlow flow, in StepStart start)
    {
        var step = state.Flow.Steps[start.Step];
        var incoming = step.Incoming;
        return new StepTask
        {
            Start = start,
            Step = step,
            Single = incoming.Length switch { 0 => state.Creation.Input, 1 => SlotOf(state, incoming[0]), _ => default },
            Many = incoming.Length > 1 ? Live(state, incoming, start.Detail.FiredBy) : null,
            Named = Snapshot(state, flow.NamedSteps[start.Step]),
            Data = state.Data,
            Error = FailedBefore(state, incoming),
        };
    }

    public static NamedStep[] Snapshot(JobState state, int[] steps)
        => steps.Length == 0 ? [] : Array.ConvertAll(steps, index =>
        {
            ref var step = ref state.Steps[index];
            return new NamedStep(state.Flow.Steps[index].Id, step.Status, step.Output, step.DetailOrNone.Ports?[0], step.DetailOrNone.Error);
        });

    private static PacketSlot SlotOf(JobState state, CompiledEdge edge)
        => JobGraph.FateOf(state, edge) == EdgeFate.Live ? state.Steps[edge.From].Output : default;

    private static PacketSlot[] Live(JobState state, CompiledEdge[] incoming, IReadOnlyList<int>? firedBy)
    {
        var slots = new PacketSlot[incoming.Length];
        if (firedBy is not null)
        {
            foreach (var position in firedBy)
            {
                slots[position] = SlotOf(state, incoming[position]);
            }

            return slots;
        }

        for (var i = 0; i < incoming.Length; i++)
        {
            slots[i] = SlotOf(state, incoming[i]);
        }

        return slots;
    }

    private static StepError? FailedBefore(JobState state, CompiledEdge[] incoming)
    {
        foreach (var edge in incoming)
        {
            if (state.Steps[edge.From].Status == StepStatus.Failed)
            {
                return state.Steps[edge.From].DetailOrNone.Error;
            }
        }

        return null;
    }
}

/// <summary>A step as templates see it.</summary>
internal readonly record struct NamedStep(string Id, StepStatus Status, PacketSlot Output, string? Port, StepError? Error);
