using System.Text;

namespace WorkflowEngine;

/// <summary>A job for people: its steps as a small table and its last events.</summary>
internal static class JobTable
{
    private const int LastEvents = 12;

    public static string Of(JobStatusReport report, IReadOnlyList<JobEvent> events)
    {
        var text = new StringBuilder();
        text.Append($"Job {report.Id} of flow '{report.FlowId}' is {report.Status.ToWord()}{Because(report.Reason, report.Message)}");
        string[][] rows =
        [
            ["step", "status", "attempts", "reason"],
            .. report.Steps.Select(step => (string[])[step.Path, step.Status.ToWord(), $"{step.Attempts}", WhyOf(step)]),
        ];
        var widths = Enumerable.Range(0, 3).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            text.AppendLine().Append("  ").Append($"{row[0].PadRight(widths[0])}  {row[1].PadRight(widths[1])}  {row[2].PadLeft(widths[2])}  {row[3]}".TrimEnd());
        }

        foreach (var happened in events.Skip(Math.Max(0, events.Count - LastEvents)))
        {
            text.AppendLine().Append($"  #{happened.Sequence} {happened.Timestamp:yyyy-MM-dd HH:mm:ss.fff} {happened.Type}");
            text.Append(happened.StepPath is null ? string.Empty : $" {happened.StepPath}").Append(Because(happened.Reason, happened.Message));
        }

        return text.ToString();
    }

    private static string WhyOf(StepStatusReport step)
        => step.Error is { } error ? $"{error.Reason}: {error.Message}"
            : step.WaitsFor is { } signal ? $"waits for '{signal}'"
            : step.Reason ?? string.Empty;

    private static string Because(string? reason, string? message) => (reason, message) switch
    {
        (null, null) => string.Empty,
        (_, null) => $" ({reason})",
        (null, _) => $": {message}",
        _ => $" ({reason}): {message}",
    };
}
