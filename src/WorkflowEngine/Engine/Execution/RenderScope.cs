using System.Collections.Immutable;
using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

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
        "key" => WorkflowJson.ToElement(Job.Options?.Key),
        "trigger" => WorkflowJson.ToElement(Job.Options?.Trigger),
        "tenant" => WorkflowJson.ToElement(Job.Options?.Tenant),
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
