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

    /// <summary>The step's path, which tells the rounds of a loop apart.</summary>
    public required string Path { get; init; }

    /// <summary>The round that the step is in; null: in none.</summary>
    public RoundFacts? Round { get; init; }

    /// <summary>For a loop after its first leg: then <see cref="Many"/> are the outputs of its rounds.</summary>
    public LoopLeg? Leg { get; init; }

    /// <summary>Takes the snapshot of a step that was just started.</summary>
    public static StepTask Of(JobState state, RunnableFlow flow, in StepStart start)
    {
        var step = state.Declared(start.Step);
        var (incoming, first) = (step.Incoming, state.FirstOf(start.Step));
        var (round, run) = (state.RoundOf(start.Step), step.Loop is null ? null : state.Rounds?.LoopAt(start.Step));
        var task = new StepTask
        {
            Start = start,
            Step = step,
            Path = state.PathOf(start.Step),
            Single = incoming.Length switch { 0 => round is null ? state.Creation.Input : default, 1 => SlotOf(state, incoming[0], first), _ => default },
            Many = incoming.Length > 1 ? Live(state, incoming, first, start.Detail.FiredBy) : null,
            Named = Snapshot(state, start.Step, flow.NamedSteps[step.Ordinal]),
            Data = round is null ? state.Data : RoundVariables.Seen(state, start.Step),
            Error = FailedBefore(state, incoming, first),
            Round = round is null ? null : RoundFacts.Of(state, round, isRoot: incoming.Length == 0),
        };
        return run is null ? task : task.OfLeg(state, run);
    }

    public static NamedStep[] Snapshot(JobState state, int from, NamedPlace[] steps)
        => steps.Length == 0 ? [] : Array.ConvertAll(steps, place =>
        {
            var at = from;
            for (var outward = 0; outward < place.Outward; outward++)
            {
                at = state.RoundOf(at)!.Loop!.Slot;
            }

            ref var step = ref state.Steps[state.FirstOf(at) + place.Index];
            return new NamedStep(place.Id, step.Status, step.Output, step.DetailOrNone.Ports?[0], step.DetailOrNone.Error);
        });

    /// <summary>A loop's later legs get the outputs of its rounds: a <c>for_each</c> those that it puts together, a <c>while</c> those of the latest round.</summary>
    private StepTask OfLeg(JobState state, LoopRun run)
    {
        var rounds = !run.Loop.IsForEach ? run.Rounds.TakeLast(1) : run.Collects < 0 ? run.Rounds : run.Rounds.Skip(run.Pages).Take(run.Collects);
        var failure = run.FailedRound?.Slots[0].Detail?.Error;
        return this with
        {
            Leg = new LoopLeg(run.Collects < 0, failure),
            Many = failure is not null ? [] : [.. rounds.SelectMany(round => LoopRounds.OutputsOf(state, round))],
        };
    }

    private static PacketSlot SlotOf(JobState state, CompiledEdge edge, int first)
        => JobGraph.FateOf(state, edge, first) == EdgeFate.Live ? state.Steps[first + edge.From].Output : default;

    private static PacketSlot[] Live(JobState state, CompiledEdge[] incoming, int first, IReadOnlyList<int>? firedBy)
    {
        var slots = new PacketSlot[incoming.Length];
        if (firedBy is not null)
        {
            foreach (var position in firedBy)
            {
                slots[position] = SlotOf(state, incoming[position], first);
            }

            return slots;
        }

        for (var i = 0; i < incoming.Length; i++)
        {
            slots[i] = SlotOf(state, incoming[i], first);
        }

        return slots;
    }

    private static StepError? FailedBefore(JobState state, CompiledEdge[] incoming, int first)
    {
        foreach (var edge in incoming)
        {
            if (state.Steps[first + edge.From].Status == StepStatus.Failed)
            {
                return state.Steps[first + edge.From].DetailOrNone.Error;
            }
        }

        return null;
    }
}

/// <summary>A step as templates see it.</summary>
internal readonly record struct NamedStep(string Id, StepStatus Status, PacketSlot Output, string? Port, StepError? Error);
