using System.Collections.Immutable;
using System.Text.Json;

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
            Named = Named(state, flow.NamedSteps[start.Step]),
            Data = state.Data,
            Error = FailedBefore(state, incoming),
        };
    }

    public static NamedStep[] Named(JobState state, int[] steps)
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

/// <summary>Resolves template names for one rendering, over packets that are loaded already.</summary>
internal sealed class RenderScope : ITemplateScope
{
    public required JobFacts Job { get; init; }

    public required DataPacket Input { get; init; }

    public StepInputs Inputs { get; init; } = StepInputs.Empty;

    public required JobData Data { get; init; }

    public IReadOnlyDictionary<string, JsonElement> Steps { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;

    public IReadOnlyDictionary<string, string> Secrets { get; init; } = ImmutableDictionary<string, string>.Empty;

    public JsonElement? Signal { get; init; }

    public JsonElement? Error { get; init; }

    public bool TryResolve(IReadOnlyList<string> path, out JsonElement value)
    {
        var (root, used) = Root(path);
        value = root ?? default;
        for (var i = used; root is not null && i < path.Count; i++)
        {
            if (!TryMember(value, path[i], out value))
            {
                return false;
            }
        }

        return root is not null;
    }

    private (JsonElement? Root, int Used) Root(IReadOnlyList<string> path) => path[0] switch
    {
        "input" => (JsonElement.Parse(Input.ToJson()), 1),
        "inputs" when path.Count > 1 => (Inputs.TryGetValue(path[1], out var packet) ? JsonElement.Parse(packet.ToJson()) : null, 2),
        "steps" when path.Count > 1 => (Steps.TryGetValue(path[1], out var step) ? step : null, 2),
        "variables" when path.Count > 1 => (Data.Variables.TryGetValue(path[1], out var variable) ? variable.Value : null, 2),
        "engine_data" when path.Count > 1 => (Data.EngineData.TryGetValue(path[1], out var side) ? side : null, 2),
        "secrets" when path.Count == 2 => (Secrets.TryGetValue(path[1], out var secret) ? WorkflowJson.ToElement(secret) : null, 2),
        "job" when path.Count == 2 => (OfJob(path[1]), 2),
        "signal" => (Signal, 1),
        "error" => (Error, 1),
        _ => (null, 1),
    };

    private JsonElement? OfJob(string name) => name switch
    {
        "id" => WorkflowJson.ToElement(Job.JobId.ToString()),
        "flow_id" => WorkflowJson.ToElement(Job.FlowId),
        "key" => WorkflowJson.ToElement(Job.Key),
        "trigger" => WorkflowJson.ToElement(Job.Trigger),
        "tenant" => WorkflowJson.ToElement(Job.Tenant),
        "attempt" => WorkflowJson.ToElement(Job.JobAttempt),
        "scheduled_at" => WorkflowJson.Null,
        _ => null,
    };

    private static bool TryMember(JsonElement value, string name, out JsonElement member)
    {
        member = default;
        return value.ValueKind switch
        {
            JsonValueKind.Object => value.TryGetProperty(name, out member),
            JsonValueKind.Array when int.TryParse(name, out var index) && index >= 0 && index < value.GetArrayLength() => (member = value[index]).ValueKind != JsonValueKind.Undefined,
            _ => false,
        };
    }
}
