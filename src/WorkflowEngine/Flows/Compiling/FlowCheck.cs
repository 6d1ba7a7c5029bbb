using System.Text.Json;

namespace WorkflowEngine;

/// <summary>What can be wrong with a flow apart from its steps, and the rules for numbers that flow and steps share.</summary>
internal static class FlowCheck
{
    private const int MostAttempts = 1000;

    public static void Check(FlowDefinition flow, List<FlowDiagnostic> diagnostics)
    {
        if (!Identifier.IsFlowId(flow.Id))
        {
            diagnostics.Report(FlowProblems.InvalidId, "$.id", $"{FlowProblems.Quote(flow.Id)} is no flow id: {Identifier.FlowForm}.");
        }

        foreach (var name in flow.Variables.Keys)
        {
            if (!JobVariable.IsName(name))
            {
                var message = $"{FlowProblems.Quote(name)} is no variable name: a letter or underscore, then letters, digits and underscores, at most 128.";
                diagnostics.Report(FlowProblems.InvalidName, $"$.variables{JsonPath.Member(name)}", message);
            }
        }

        CheckLimit(flow.MaxConcurrentSteps, "max_concurrent_steps", diagnostics);
        CheckLimit(flow.MaxConcurrentJobs, "max_concurrent_jobs", diagnostics);
        CheckLimit(flow.MemoryLimit, "memory_limit", diagnostics);
        CheckTimeout(flow.Timeout, "$.timeout", diagnostics);
        CheckTimeout(flow.DefaultTimeout, "$.defaults.timeout", diagnostics);
        CheckRetry(flow.DefaultRetry, "$.defaults.retry", diagnostics);
        ReportUnsupported(flow, diagnostics);
    }

    public static void CheckTimeout(TimeSpan? timeout, string path, List<FlowDiagnostic> diagnostics, params IReadOnlyList<string> stepIds)
    {
        if (timeout <= TimeSpan.Zero)
        {
            diagnostics.Report(FlowProblems.BadTimeout, path, "A timeout is longer than nothing; leave it out for none.", stepIds);
        }
    }

    public static void CheckRetry(RetryPolicy? retry, string path, List<FlowDiagnostic> diagnostics, params IReadOnlyList<string> stepIds)
    {
        if (retry is null)
        {
            return;
        }

        if (retry.MaxAttempts is < 1 or > MostAttempts)
        {
            diagnostics.Report(FlowProblems.BadRetry, $"{path}.max_attempts", $"max_attempts counts the first attempt: 1 to {MostAttempts}, not {retry.MaxAttempts}.", stepIds);
        }

        if (retry.Delay < TimeSpan.Zero || retry.MaxDelay < TimeSpan.Zero)
        {
            diagnostics.Report(FlowProblems.BadRetry, $"{path}.{(retry.Delay < TimeSpan.Zero ? "delay" : "max_delay")}", "A delay is never negative.", stepIds);
        }
        else if (retry.MaxDelay < retry.Delay)
        {
            var message = $"max_delay ({Duration.Format(retry.MaxDelay)}) is below delay ({Duration.Format(retry.Delay)}); raise max_delay.";
            diagnostics.Report(FlowProblems.BadRetry, $"{path}.max_delay", message, stepIds);
        }
    }

    public static void ReportUnsupported(bool isUsed, string path, List<FlowDiagnostic> diagnostics, params IReadOnlyList<string> stepIds)
    {
        if (isUsed)
        {
            var member = path[(path.LastIndexOf('.') + 1)..];
            diagnostics.Report(FlowProblems.NotSupported, path, $"'{member}' is not supported yet; remove it.", stepIds);
        }
    }

    private static void CheckLimit(long? limit, string member, List<FlowDiagnostic> diagnostics)
    {
        if (limit < 1)
        {
            diagnostics.Report(FlowProblems.BadLimit, $"$.{member}", $"{member} is at least 1, not {limit}; leave it out for the default.");
        }
    }

    private static void ReportUnsupported(FlowDefinition flow, List<FlowDiagnostic> diagnostics)
    {
        ReportUnsupported(flow.InputSchema is { ValueKind: not JsonValueKind.Undefined }, "$.input_schema", diagnostics);
        ReportUnsupported(flow.ConcurrencyKey is not null, "$.concurrency_key", diagnostics);
        ReportUnsupported(flow.MaxConcurrentJobs >= 1, "$.max_concurrent_jobs", diagnostics);
        ReportUnsupported(flow.MemoryLimit >= 1, "$.memory_limit", diagnostics);
        ReportUnsupported(flow.OnFailureFlowId is not null, "$.on_failure", diagnostics);
        ReportUnsupported(flow.Schedules is { ValueKind: not JsonValueKind.Undefined }, "$.schedules", diagnostics);
    }
}
