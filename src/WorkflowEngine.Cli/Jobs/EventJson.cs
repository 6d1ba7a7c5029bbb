using System.Text.Json;

namespace WorkflowEngine.Cli;

/// <summary>One event as a JSON object; members that do not apply are absent.</summary>
internal static class EventJson
{
    public static void Write(Utf8JsonWriter json, JobEvent happened)
    {
        json.WriteStartObject();
        json.WriteNumber("sequence", happened.Sequence);
        json.WriteString("type", happened.Type);
        json.WriteString("timestamp", happened.Timestamp);
        json.WriteString("job_id", happened.JobId.Value);
        json.WriteString("flow_id", happened.FlowId);
        Text(json, "step_id", happened.StepId);
        Text(json, "step_path", happened.StepPath);
        Text(json, "from", happened.From);
        Text(json, "to", happened.To);
        if (happened.Attempt is { } attempt)
        {
            json.WriteNumber("attempt", attempt);
        }

        Text(json, "node", happened.Node);
        Text(json, "actor", happened.Actor);
        Text(json, "reason", happened.Reason);
        Text(json, "message", happened.Message);
        if (happened.Data is { } data)
        {
            json.WritePropertyName("data");
            data.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
