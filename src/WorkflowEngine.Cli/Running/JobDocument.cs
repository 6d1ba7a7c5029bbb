using System.Text.Json;

namespace WorkflowEngine.Cli;

/// <summary>A job as one JSON document: what <c>--json</c> prints. Other programs rely on its members.</summary>
internal static class JobDocument
{
    public static string Of(JobStatusReport report, DataPacket output, TimeProvider time)
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
            Output = report.Status.IsSuccess() ? OutputOf(output, report.OutputShape) : WorkflowJson.Null,
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

    /// <summary>The flow's output value as it is; without one the packet as an array.</summary>
    public static JsonElement OutputOf(DataPacket packet, OutputShape shape) => shape switch
    {
        OutputShape.Null => WorkflowJson.Null,
        OutputShape.Value => packet[0].Content,
        OutputShape.List => WorkflowJson.ToElement(packet.Select(item => item.Content).ToArray(), maxBytes: long.MaxValue),
        _ => JsonElement.Parse(packet.ToJson()),
    };

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
