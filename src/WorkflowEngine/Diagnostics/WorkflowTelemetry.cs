using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace WorkflowEngine;

/// <summary>The names under which an engine shows in OpenTelemetry: add both to a tracer and a meter provider.</summary>
public static class WorkflowTelemetry
{
    /// <summary>The activity source: spans <c>step.execute</c>.</summary>
    public const string ActivitySourceName = "WorkflowEngine";

    /// <summary>The meter: instruments <c>workflow.jobs.*</c>, <c>workflow.job.duration</c>, <c>workflow.step.duration</c>, <c>workflow.step.retries</c>.</summary>
    public const string MeterName = "WorkflowEngine";

    internal static readonly ActivitySource Source = new(ActivitySourceName);

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Started = Meter.CreateCounter<long>("workflow.jobs.started", "{job}", "Jobs created.");
    private static readonly Counter<long> Completed = Meter.CreateCounter<long>("workflow.jobs.completed", "{job}", "Jobs that ended well.");
    private static readonly Counter<long> Failed = Meter.CreateCounter<long>("workflow.jobs.failed", "{job}", "Jobs that failed.");
    private static readonly UpDownCounter<long> Active = Meter.CreateUpDownCounter<long>("workflow.jobs.active", "{job}", "Jobs held by this node.");
    private static readonly Histogram<double> JobDuration = Meter.CreateHistogram<double>("workflow.job.duration", "s", "From the first step's start to the end.");
    private static readonly Histogram<double> StepDuration = Meter.CreateHistogram<double>("workflow.step.duration", "s", "One attempt of one step.");
    private static readonly Counter<long> Retries = Meter.CreateCounter<long>("workflow.step.retries", "{attempt}", "Attempts after the first.");

    internal static bool MeasuresSteps => StepDuration.Enabled || Retries.Enabled;

    internal static void JobStarted(string flowId)
    {
        if (Started.Enabled)
        {
            Started.Add(1, Flow(flowId));
        }
    }

    internal static void JobHeld(string flowId, int change)
    {
        if (Active.Enabled)
        {
            Active.Add(change, Flow(flowId));
        }
    }

    internal static void JobEnded(string flowId, JobStatus status, TimeSpan duration)
    {
        if (status == JobStatus.Failed)
        {
            Failed.Add(1, Flow(flowId));
        }
        else if (status.IsSuccess() && Completed.Enabled)
        {
            Completed.Add(1, Flow(flowId));
        }

        if (JobDuration.Enabled)
        {
            JobDuration.Record(duration.TotalSeconds, Flow(flowId), new("workflow.outcome", status.ToWord()));
        }
    }

    internal static void StepEnded(string flowId, string stepType, string outcome, string? reason, int attempt, TimeSpan duration)
    {
        var tags = new TagList { Flow(flowId), { "workflow.step.type", stepType }, { "workflow.outcome", outcome } };
        if (reason is not null)
        {
            tags.Add("error.type", reason);
        }

        StepDuration.Record(duration.TotalSeconds, tags);
        if (attempt > 1)
        {
            Retries.Add(1, tags);
        }
    }

    private static KeyValuePair<string, object?> Flow(string flowId) => new("workflow.flow.id", flowId);
}
