using System.Text.Json;

namespace WorkflowEngine.Cli;

/// <summary>A job as one JSON document: what <c>--json</c> prints. Other programs rely on its members.</summary>
internal static class JobDocument
{
    public static string Of(JobStatusReport report, DataPacket output, FlowDefinition? flow, TimeProvider time)
    {
        var metrics = report.Metrics;
        var progress = report.Progress;
        return JsonText.Of(new
        {
            JobId = report.Id,
            report.FlowId,
            report.FlowVersion,
            report.Status,
            report.Reason,
            report.Message,
            Output = report.Status.IsSuccess() ? OutputOf(output, flow) : WorkflowJson.Null,
            Steps = report.Steps.Select(StepOf),
            Progress = new { progress.Percentage, progress.Completed, progress.Total, progress.Running, progress.Failed, progress.Skipped },
            report.Key,
            report.Tenant,
            report.Labels,
            metrics.CreatedAt,
            metrics.StartedAt,
            metrics.CompletedAt,
            DurationSeconds = metrics.StartedAt is { } started ? Math.Round(((metrics.CompletedAt ?? time.GetUtcNow()) - started).TotalSeconds, 6) : default(double?),
        });
    }

    /// <summary>
    /// The flow's output value as it is; without one the packet as an array. The packet of an output is that value wrapped by the input rule, which is undone here:
    /// by what the flow declares, and for a whole template by whether one plain item or several came out.
    /// </summary>
    public static JsonElement OutputOf(DataPacket packet, FlowDefinition? flow)
    {
        var declared = flow?.Output?.ValueKind ?? JsonValueKind.Undefined;
        var isPlain = packet.All(item => item.Type == "input" && item.Metadata.EnumerateObject().MoveNext() is false);
        if (declared is JsonValueKind.Undefined or JsonValueKind.Null || !isPlain)
        {
            return JsonElement.Parse(packet.ToJson());
        }

        return packet.Count == 1 && declared != JsonValueKind.Array ? packet[0].Content : WorkflowJson.ToElement(packet.Select(item => item.Content).ToArray());
    }

    private static object StepOf(StepStatusReport step) => new
    {
        step.Id,
        step.Path,
        step.Status,
        step.Attempts,
        step.Port,
        step.Error,
        step.StartedAt,
        step.CompletedAt,
    };
}
