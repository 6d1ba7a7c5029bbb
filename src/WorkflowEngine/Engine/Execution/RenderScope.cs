using System.Collections.Immutable;
using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Resolves the names of one rendering, over packets that are loaded already. Nothing is written as JSON before somebody asks for the whole of it.</summary>
internal sealed class RenderScope : IExpressionScope
{
    public required JobFacts Job { get; init; }

    public required DataPacket Input { get; init; }

    public StepInputs Inputs { get; init; } = StepInputs.Empty;

    public required JobData Data { get; init; }

    public IReadOnlyDictionary<string, NamedStepMap> Steps { get; init; } = ImmutableDictionary<string, NamedStepMap>.Empty;

    public IReadOnlyDictionary<string, string> Secrets { get; init; } = ImmutableDictionary<string, string>.Empty;

    public JsonElement? Signal { get; init; }

    public StepError? Error { get; init; }

    /// <summary>The round that the step is in, and the items of its loop.</summary>
    public RoundFacts? Round { get; init; }

    public DataPacket? Items { get; init; }

    public bool TryResolve(string root, string? name, out ExpressionValue value)
    {
        var found = name is null ? OfRoot(root) : Below(root, name);
        value = found ?? default;
        return found is not null;
    }

    public IEnumerable<string> NamesBelow(string root) => root switch
    {
        "inputs" => Inputs.Keys,
        "variables" => Data.Variables.Keys,
        "engine_data" => Data.EngineData.Keys,
        _ => [],
    };

    private ExpressionValue? OfRoot(string root) => root switch
    {
        "input" => ExpressionValue.Of(new PacketList(Input)),
        "variables" => ExpressionValue.Of(new NamedValues<JobVariable>(Data.Variables, static variable => variable.Value)),
        "engine_data" => ExpressionValue.Of(new NamedValues<JsonElement>(Data.EngineData, static value => value)),
        "signal" => Signal is { } signal ? ExpressionValue.Of(signal) : null,
        "error" => Error is { } error ? ExpressionValue.Of(WorkflowJson.ToElement(error)) : null,
        _ => null,
    };

    private ExpressionValue? Below(string root, string name) => root switch
    {
        "inputs" => Inputs.TryGetValue(name, out var packet) ? ExpressionValue.Of(new PacketList(packet)) : null,
        "steps" => Steps.TryGetValue(name, out var step) ? ExpressionValue.Of(step) : null,
        "variables" => Data.Variables.TryGetValue(name, out var variable) ? ExpressionValue.Of(variable.Value) : null,
        "engine_data" => Data.EngineData.TryGetValue(name, out var side) ? ExpressionValue.Of(side) : null,
        "secrets" => Secrets.TryGetValue(name, out var secret) ? ExpressionValue.Of(secret) : null,
        "job" => OfJob(name),
        "loop" => Round?.Find(name, Items),
        _ => null,
    };

    private ExpressionValue? OfJob(string name) => name switch
    {
        "id" => ExpressionValue.Of(Job.JobId.ToString()),
        "flow_id" => ExpressionValue.Of(Job.FlowId),
        "key" => ExpressionValue.Of(Job.Options?.Key),
        "trigger" => ExpressionValue.Of(Job.Options?.Trigger),
        "tenant" => ExpressionValue.Of(Job.Options?.Tenant),
        "attempt" => ExpressionValue.Of((long)Job.JobAttempt),
        "scheduled_at" => ExpressionValue.Null,
        _ => null,
    };

    /// <summary>Variables or engine data as a whole.</summary>
    private sealed class NamedValues<T>(IReadOnlyDictionary<string, T> values, Func<T, JsonElement> json) : ExpressionMap
    {
        public override IEnumerable<string> Names => values.Keys;

        public override int Count => values.Count;

        public override bool TryMember(string name, out ExpressionValue value)
        {
            var isThere = values.TryGetValue(name, out var found);
            value = isThere ? ExpressionValue.Of(json(found!)) : default;
            return isThere;
        }
    }
}

/// <summary>A step as expressions see it: <c>status</c>, and once it has ended <c>output</c> (loaded only if it is asked for), <c>port</c> and <c>error</c>.</summary>
internal sealed class NamedStepMap(NamedStep step, DataPacket? output) : ExpressionMap
{
    private static readonly string[] All = ["status", "output", "port", "error"];

    public override IEnumerable<string> Names => step.Status.IsTerminal() ? All : All.Take(1);

    public override bool TryMember(string name, out ExpressionValue value)
    {
        value = name switch
        {
            "status" => ExpressionValue.Of(step.Status.ToWord()),
            "output" => ExpressionValue.Of(new PacketList(output ?? DataPacket.Empty)),
            "port" => ExpressionValue.Of(step.Port ?? (step.Status == StepStatus.Completed ? StepResult.DonePort : null)),
            "error" when step.Error is { } error => ExpressionValue.Of(WorkflowJson.ToElement(error)),
            _ => ExpressionValue.Null,
        };
        return name == "status" || (step.Status.IsTerminal() && name is "output" or "port" or "error");
    }
}
