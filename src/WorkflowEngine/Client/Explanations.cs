using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Why a job is not moving: the first cause that holds, from the most to the least definite.</summary>
internal static class Explanations
{
    /// <summary>What an explanation is made from.</summary>
    internal sealed record Facts(JobStatusReport Report, StoredJob Job, RunnableFlow? Flow, int Queued, int Taken, WorkflowEngineOptions Options, bool Accepts, DateTimeOffset Now);

    public static JobExplanation Of(Facts facts)
    {
        var report = facts.Report;
        var known = new List<string> { $"status: {report.Status.ToWord()}", $"steps: {report.Progress.Completed} of {report.Progress.Total} completed, {report.Progress.Running} running, {report.Progress.Failed} failed" };
        if (facts.Job.Mail.Count > 0)
        {
            known.Add($"commands not taken yet: {string.Join(", ", facts.Job.Mail.Select(message => message.Action))}");
        }

        if (facts.Job.Strikes is { Count: > 0 } strikes)
        {
            known.Add($"strikes: {strikes.Count}, {strikes.Alone} of them taken alone; {facts.Options.MaxStrikes} taken alone park the job");
        }

        return report.Status.IsTerminal() ? Ended(report, known)
            : report.Status == JobStatus.Paused ? new("The job is paused: nothing new starts until it is resumed.", known, [$"wf jobs resume {report.Id}"])
            : facts.Job.Owner is null ? Unowned(facts, known)
            : facts.Job.LeasedUntil is { } until && until <= facts.Now ? Orphaned(facts, until, known)
            : report.Status == JobStatus.Waiting ? Waiting(report, known)
            : Running(facts, known);
    }

    private static JobExplanation Ended(JobStatusReport report, List<string> known)
    {
        if (report.Status != JobStatus.Failed)
        {
            return new($"The job has ended: {report.Status.ToWord()}.", known, report.Status == JobStatus.Cancelled ? [$"wf jobs rerun {report.Id}"] : []);
        }

        var failed = report.Steps.Where(step => step.Status == StepStatus.Failed).ToList();
        known.AddRange(failed.Select(step => $"step {step.Path} failed after {step.Attempts} attempts: {step.Error?.Reason}: {step.Error?.Message}"));
        var fixes = new List<string> { $"wf jobs retry {report.Id}" };
        fixes.AddRange(failed.Select(step => $"wf jobs skip {report.Id} {step.Path}"));
        return new($"The job failed ({report.Reason}): {report.Message}", known, fixes);
    }

    private static JobExplanation Orphaned(Facts facts, DateTimeOffset until, List<string> known) => new(
        $"The job is held by node '{facts.Job.Node}', which has been silent; its lease ended at {until:O}. The next node that claims takes the job over.",
        known,
        facts.Accepts ? [] : ["Start a host with RunJobs = true."]);

    private static JobExplanation Unowned(Facts facts, List<string> known)
    {
        if (facts.Flow is { Flow.IsOpenedByHand: true })
        {
            return new("The job waits until a program opens its session again.", known, [$"OpenSessionAsync(\"{facts.Report.FlowId}\", \"{facts.Report.Key}\")"]);
        }

        if (facts.Flow is null)
        {
            return new($"No node runs it: flow '{facts.Report.FlowId}' version {facts.Report.FlowVersion} is not registered here.", known, ["Register that flow version on a worker."]);
        }

        var missing = facts.Flow.Flow.AllSteps.Where(step => facts.Flow.RegistrationOf(step) is null).Select(step => step.Type).Distinct(StringComparer.Ordinal).ToList();
        if (missing.Count > 0)
        {
            return new($"No node can run it whole: step types {string.Join(", ", missing)} are not registered here.", known, [$"Register {string.Join(", ", missing)} on a worker."]);
        }

        if (facts.Job.Strikes.HeldUntil > facts.Now.UtcTicks)
        {
            var strikes = facts.Job.Strikes;
            return new(
                $"The job is held back until {new DateTimeOffset(strikes.HeldUntil, TimeSpan.Zero):O}: {strikes.Count} processes died while they held it.",
                known,
                [$"wf jobs cancel {facts.Report.Id}"]);
        }

        if (facts.Report.Status == JobStatus.Waiting)
        {
            return Waiting(facts.Report, known);
        }

        if (facts.Job.Creation.Options?.StartAfter is { } after && after > facts.Now && facts.Report.Status == JobStatus.Pending)
        {
            return new($"The job is not to begin before {after:O}.", known, []);
        }

        return facts.Accepts
            ? new("The job waits for a node with a free place.", known, ["Raise MaxConcurrentJobs, or start another worker."])
            : new("The job waits for a node: this host does not run jobs.", known, ["Start a host with RunJobs = true."]);
    }

    private static JobExplanation Waiting(JobStatusReport report, List<string> known)
    {
        // A loop waits for its rounds, whose steps are here themselves.
        var waiting = report.Steps.Where(step => step.Status == StepStatus.Waiting && (step.WaitsFor is not null || step.DueAt is not null)).ToList();
        known.AddRange(waiting.Select(step => $"step {step.Path} waits{(step.WaitsFor is null ? string.Empty : $" for signal '{step.WaitsFor}'")}{(step.DueAt is { } due ? $" until {due:O}" : string.Empty)}{(step.Error is { } error ? $" to try again after {error.Reason}" : string.Empty)}"));
        var first = waiting.FirstOrDefault();
        var fixes = waiting.Where(step => step.WaitsFor is not null).Select(step => $"wf jobs signal {report.Id} {step.WaitsFor}").ToList();
        return new(first is null ? "The job waits." : $"Nothing can run: {known[^waiting.Count]}.", known, fixes);
    }

    private static JobExplanation Running(Facts facts, List<string> known)
    {
        var running = facts.Report.Steps.Where(step => step.Status == StepStatus.Running).ToList();
        known.Add($"slots on this node: {facts.Taken} of {facts.Options.MaxConcurrentSteps} taken, {facts.Queued} asked for");
        known.AddRange(running.Select(step => $"step {step.Path} runs since {step.StartedAt:O}, attempt {step.Attempts}"));
        return running.Count > 0
            ? new($"The job is moving: {running.Count} steps run, the first of them '{running[0].Path}'.", known, [])
            : new(facts.Queued > 0 ? "The job has ready steps that wait for a free slot." : "The job has ready steps that are about to start.", known, facts.Queued > 0 ? ["Raise MaxConcurrentSteps."] : []);
    }
}
