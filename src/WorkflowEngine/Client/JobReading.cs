using System.Runtime.CompilerServices;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Everything that is asked about a job. Reads show committed state only.</summary>
internal sealed class JobReading(EngineNode node)
{
    public async ValueTask<StoredJob> LoadAsync(JobId id, JobParts parts, CancellationToken cancellationToken)
        => await node.Store.LoadAsync(id, parts, cancellationToken).ConfigureAwait(false) ?? throw new JobNotFoundException(id);

    public async Task<JobStatusReport> StatusAsync(JobId id, CancellationToken cancellationToken)
    {
        var job = await LoadAsync(id, JobParts.Steps | JobParts.Checkpoints, cancellationToken).ConfigureAwait(false);
        return StatusReports.Of(job, node.FindFlow(job.Creation.FlowId, job.Creation.FlowVersion)?.Flow, node.Now);
    }

    public async Task<JobResult> WaitAsync(JobId id, JobWait until, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (until == JobWait.Finished && node.Find(id) is { } runner)
            {
                await runner.Retired.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            var job = await LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false);
            if (await IsOverAsync(job, until, cancellationToken).ConfigureAwait(false))
            {
                return await ResultAsync(id, job.Head, cancellationToken).ConfigureAwait(false);
            }

            // Watching begins before another look, so that nothing between the two is missed.
            using var watcher = node.Events.Watch(id, capacity: 16);
            job = await LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false);
            if (!await IsOverAsync(job, until, cancellationToken).ConfigureAwait(false) && (node.Find(id) is null || until == JobWait.Idle))
            {
                await watcher.AnyAsync(node.Options.PollInterval, node.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A paused job is idle once the steps that ran when it was paused have ended.</summary>
    private async ValueTask<bool> IsOverAsync(StoredJob job, JobWait until, CancellationToken cancellationToken)
        => job.Head.Status.IsTerminal()
        || (until == JobWait.Idle && job.Head.Status == JobStatus.Waiting)
        || (until == JobWait.Idle && job.Head.Status == JobStatus.Paused
            && (await LoadAsync(job.Creation.Id, JobParts.Steps, cancellationToken).ConfigureAwait(false)).Steps.All(row => row.Status != StepStatus.Running));

    public async ValueTask<JobResult> ResultAsync(JobId id, JobHead head, CancellationToken cancellationToken)
    {
        var output = head.Status.IsSuccess() ? await node.Vault.LoadAsync(head.Output, cancellationToken).ConfigureAwait(false) : DataPacket.Empty;
        return new JobResult(id, head.Status, head.Data?.Reason, head.Data?.Message, output);
    }

    /// <summary>Rows from the store until they are used up, then live ones; a gap, which a slow reader causes, is read from the store again.</summary>
    public async IAsyncEnumerable<JobEvent> WatchAsync(JobId id, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false);
        using var watcher = node.Events.Watch(id);
        while (true)
        {
            var page = await node.Store.ReadEventsAsync(new EventQuery(id, after), cancellationToken).ConfigureAwait(false);
            foreach (var row in page.Rows)
            {
                foreach (var happened in row.Read().SkipWhile(known => known.Sequence <= after))
                {
                    after = happened.Sequence;
                    yield return happened;
                }
            }

            if (page.Rows.Count == 0)
            {
                var job = await LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false);
                if (job.Head.Status.IsTerminal() && job.Head.Sequence <= after)
                {
                    yield break;
                }

                await watcher.AnyAsync(node.Options.PollInterval, node.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The events committed so far.</summary>
    public async Task<IReadOnlyList<JobEvent>> EventsAsync(JobId id, CancellationToken cancellationToken)
    {
        await LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false);
        var events = new List<JobEvent>();
        while (true)
        {
            var after = events.Count == 0 ? 0 : events[^1].Sequence;
            var page = await node.Store.ReadEventsAsync(new EventQuery(id, after), cancellationToken).ConfigureAwait(false);
            if (page.Rows.Count == 0)
            {
                return events;
            }

            events.AddRange(page.Rows.SelectMany(row => row.Read()).Where(happened => happened.Sequence > after));
        }
    }

    public async Task<StepStatusReport> StepEndAsync(JobId id, string step, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var watcher = node.Events.Watch(id, capacity: 16);
            var report = (await StatusAsync(id, cancellationToken).ConfigureAwait(false))[step];
            if (report.Status.IsTerminal() || report.Status == StepStatus.Waiting)
            {
                return report;
            }

            await watcher.AnyAsync(node.Options.PollInterval, node.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<StepReadiness> ReadinessAsync(JobId id, string step, CancellationToken cancellationToken)
    {
        var report = await StatusAsync(id, cancellationToken).ConfigureAwait(false);
        var found = report[step];
        if (report.Status.IsTerminal())
        {
            return new StepReadiness(false, $"The job is {report.Status.ToWord()}.");
        }

        return found.Status switch
        {
            StepStatus.Pending when found.ReceivedInputs >= found.RequiredInputs => new StepReadiness(true, null),
            StepStatus.Pending or StepStatus.WaitingInputs => new StepReadiness(false, $"Step '{step}' has {found.ReceivedInputs} of {found.RequiredInputs} inputs."),
            _ => new StepReadiness(false, $"Step '{step}' is {found.Status.ToWord()}."),
        };
    }

    public async Task<DataPacket> OutputAsync(JobId id, string? step, CancellationToken cancellationToken)
    {
        var job = await LoadAsync(id, step is null ? JobParts.Head : JobParts.Steps, cancellationToken).ConfigureAwait(false);
        if (step is not null && node.FindFlow(job.Creation.FlowId, job.Creation.FlowVersion) is { Flow.IsSession: false } flow && flow.Flow.IndexOf(step) < 0 && !step.Contains('[', StringComparison.Ordinal))
        {
            throw new ArgumentException($"Flow '{job.Creation.FlowId}' has no step '{step}'.{NearestName.Hint(step, flow.Flow.Steps.Select(known => known.Id))}", nameof(step));
        }

        var slot = step is null ? job.Head.Output : job.Steps.FirstOrDefault(row => row.Path == step).Output;
        return await node.Vault.LoadAsync(slot, cancellationToken).ConfigureAwait(false);
    }

    public async Task<JobVariables> VariablesAsync(JobId id, CancellationToken cancellationToken)
    {
        var job = await LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false);
        var mask = WorkflowJson.ToElement(JobVariables.Mask);
        return new JobVariables((job.Head.Data?.Variables ?? JobVariable.None).ToDictionary(
            pair => pair.Key,
            pair => pair.Value.Kind == VariableKind.Secret ? pair.Value with { Value = mask } : pair.Value));
    }

    public async Task<IReadOnlyList<Checkpoint>> CheckpointsAsync(JobId id, CancellationToken cancellationToken)
    {
        var job = await LoadAsync(id, JobParts.Checkpoints, cancellationToken).ConfigureAwait(false);
        return [.. job.Checkpoints.Select(kept => new Checkpoint(kept.Id, kept.Description, new DateTimeOffset(kept.CreatedAt, TimeSpan.Zero), kept.Status, Math.Round(kept.Percentage, 2)))];
    }

    public Task<JobExport> ExportAsync(JobId id, CancellationToken cancellationToken) => new JobTransfer(node, this).ExportAsync(id, cancellationToken);

    public async Task<JobExplanation> ExplainAsync(JobId id, CancellationToken cancellationToken)
    {
        var job = await LoadAsync(id, JobParts.Steps | JobParts.Mail, cancellationToken).ConfigureAwait(false);
        var flow = node.FindFlow(job.Creation.FlowId, job.Creation.FlowVersion);
        var report = StatusReports.Of(job, flow?.Flow, node.Now);
        return Explanations.Of(new Explanations.Facts(report, job, flow, node.Scheduler.Queued, node.Scheduler.Taken, node.Options, node.Accepts, node.Time.GetUtcNow()));
    }
}
