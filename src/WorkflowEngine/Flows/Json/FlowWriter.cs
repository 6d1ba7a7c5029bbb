using System.Text.Json;

namespace WorkflowEngine;

/// <summary>
/// Writes a definition with its members in a fixed order and defaults left out. The canonical form, which the version is made of, also sorts the members of the
/// author's own JSON by name and drops white space; the readable form keeps them as they were declared.
/// </summary>
internal sealed class FlowWriter(Utf8JsonWriter writer, bool isCanonical)
{
    private static readonly (string Unit, long Bytes)[] SizeUnits = [("TB", 1L << 40), ("GB", 1L << 30), ("MB", 1L << 20), ("KB", 1L << 10)];

    public void Write(FlowDefinition flow)
    {
        writer.WriteStartObject();
        writer.WriteNumber("format", 1);
        writer.WriteString("id", flow.Id);
        Text("name", flow.Name);
        Text("description", flow.Description);
        WriteVariables(flow.Variables);
        Json("input_schema", flow.InputSchema);
        Word("failure_policy", flow.FailurePolicy);
        Word("strategy", flow.Strategy);
        Integer("max_concurrent_steps", flow.MaxConcurrentSteps, FlowCompiler.DefaultMaxConcurrentSteps);
        Integer("max_concurrent_jobs", flow.MaxConcurrentJobs, null);
        Text("concurrency_key", flow.ConcurrencyKey);
        WriteSize("memory_limit", flow.MemoryLimit);
        Time("timeout", flow.Timeout, null);
        WriteDefaults(flow);
        if (flow.OnFailureFlowId is { } onFailure)
        {
            writer.WriteStartObject("on_failure");
            writer.WriteString("flow_id", onFailure);
            writer.WriteEndObject();
        }

        Json("schedules", flow.Schedules);
        WriteSteps(flow.Steps);
        Json("output", flow.Output);
        writer.WriteEndObject();
    }

    private void WriteVariables(IReadOnlyDictionary<string, JsonElement> variables)
    {
        if (variables.Count == 0)
        {
            return;
        }

        writer.WriteStartObject("variables");
        foreach (var (name, value) in isCanonical ? variables.OrderBy(pair => pair.Key, StringComparer.Ordinal) : variables.AsEnumerable())
        {
            writer.WritePropertyName(name);
            WriteValue(value);
        }

        writer.WriteEndObject();
    }

    private void WriteDefaults(FlowDefinition flow)
    {
        if (flow.DefaultRetry is null && flow.DefaultTimeout is null)
        {
            return;
        }

        writer.WriteStartObject("defaults");
        WriteRetry(flow.DefaultRetry);
        Time("timeout", flow.DefaultTimeout, null);
        writer.WriteEndObject();
    }

    private void WriteSteps(IReadOnlyList<StepDefinition> steps)
    {
        writer.WriteStartArray("steps");
        foreach (var step in steps)
        {
            WriteStep(step);
        }

        writer.WriteEndArray();
    }

    private void WriteStep(StepDefinition step)
    {
        writer.WriteStartObject();
        writer.WriteString("id", step.Id);
        Text("name", step.Name);
        writer.WriteString("type", step.Type);
        if (step.Config is not { ValueKind: JsonValueKind.Object } config || config.GetPropertyCount() > 0)
        {
            Json("config", step.Config);
        }

        WriteRetry(step.Retry);
        Time("timeout", step.Timeout, null);
        WriteEdges(step.After);
        Integer("order", step.Order, null);
        WriteJoin(step.Join);
        Flag("cancel_rest", step.CancelRest);
        Flag("allow_empty", step.AllowEmpty);
        WriteWeight(step.Weight);
        Integer("priority", step.Priority, 0);
        Text("compensate_with", step.CompensateWith);
        if (step.Steps.Count > 0)
        {
            WriteSteps(step.Steps);
        }

        writer.WriteEndObject();
    }

    private void WriteEdges(IReadOnlyList<StepEdge> edges)
    {
        if (edges.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("after");
        foreach (var edge in edges)
        {
            if (edge is { Port: null, When: null })
            {
                writer.WriteStringValue(edge.Step);
                continue;
            }

            writer.WriteStartObject();
            writer.WriteString("step", edge.Step);
            Text("port", edge.Port);
            Text("when", edge.When);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private void WriteJoin(JoinRule join)
    {
        if (join.Required == 1)
        {
            writer.WriteString("join", "any");
        }
        else if (join.Required != 0)
        {
            writer.WriteStartObject("join");
            writer.WriteNumber("count", join.Required);
            writer.WriteEndObject();
        }
    }

    private void WriteRetry(RetryPolicy? retry)
    {
        if (retry is null)
        {
            return;
        }

        var defaults = RetryPolicy.None;
        writer.WriteStartObject("retry");
        Integer("max_attempts", retry.MaxAttempts, defaults.MaxAttempts);
        Time("delay", retry.Delay, defaults.Delay);
        Word("backoff", retry.Backoff);
        Time("max_delay", retry.MaxDelay, defaults.MaxDelay);
        Flag("jitter", retry.Jitter);
        if (retry.On.Count > 0)
        {
            writer.WriteStartArray("on");
            foreach (var reason in retry.On)
            {
                writer.WriteStringValue(reason);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private void WriteWeight(double? weight)
    {
        if (weight is not { } number || number == 1)
        {
            return;
        }

        // JSON has no word for these; such a flow does not compile, but it must still be possible to show it.
        if (!double.IsFinite(number))
        {
            writer.WriteString("weight", number.ToString());
            return;
        }

        writer.WriteNumber("weight", number);
    }

    private void WriteSize(string name, long? bytes)
    {
        if (bytes is not { } size)
        {
            return;
        }

        foreach (var (unit, factor) in SizeUnits)
        {
            if (size > 0 && size % factor == 0)
            {
                writer.WriteString(name, $"{size / factor}{unit}");
                return;
            }
        }

        writer.WriteNumber(name, size);
    }

    private void Text(string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private void Flag(string name, bool value)
    {
        if (value)
        {
            writer.WriteBoolean(name, value);
        }
    }

    private void Integer(string name, int? value, int? fallback)
    {
        if (value is { } number && number != fallback)
        {
            writer.WriteNumber(name, number);
        }
    }

    private void Time(string name, TimeSpan? value, TimeSpan? fallback)
    {
        if (value is { } duration && duration != fallback)
        {
            writer.WriteString(name, Duration.Format(duration));
        }
    }

    private void Word<T>(string name, T value) where T : struct, Enum
    {
        if (!value.Equals(default(T)))
        {
            writer.WriteString(name, JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
        }
    }

    private void Json(string name, JsonElement? value)
    {
        if (value is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } json)
        {
            writer.WritePropertyName(name);
            WriteValue(json);
        }
    }

    private void WriteValue(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            writer.WriteStartObject();
            foreach (var member in isCanonical ? value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal) : value.EnumerateObject().AsEnumerable())
            {
                writer.WritePropertyName(member.Name);
                WriteValue(member.Value);
            }

            writer.WriteEndObject();
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            writer.WriteStartArray();
            foreach (var element in value.EnumerateArray())
            {
                WriteValue(element);
            }

            writer.WriteEndArray();
        }
        else if (value.ValueKind == JsonValueKind.Undefined)
        {
            writer.WriteNullValue();
        }
        else
        {
            value.WriteTo(writer);
        }
    }
}
