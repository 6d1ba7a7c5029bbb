using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>A stored job as people and programs see it. Every step of the flow shows, also those without a row.</summary>
internal static class StatusReports
{
    public static JobStatusReport Of(StoredJob job, CompiledFlow? flow, long now)
    {
        var rows = job.Steps.ToDictionary(row => row.Path, StringComparer.Ordinal);
        var state = flow is null ? null : JobRebuild.View(flow, job, now);
        var steps = flow is null
            ? [.. job.Steps.Select(row => Step(row.Path, row.Path, null, row, 0, 0, row.Status))]
            : flow.Steps.Select(step => Step(step, step.Index, step.Id, rows, state!)).Concat(OfRounds(rows, state!)).Concat(OfCode(job, flow)).ToList();
        var (creation, head) = (job.Creation, job.Head);
        return new JobStatusReport
        {
            Id = creation.Id,
            FlowId = creation.FlowId,
            FlowVersion = creation.FlowVersion,
            Status = head.Status,
            Reason = head.Data?.Reason,
            Message = head.Data?.Message,
            OutputShape = head.Data?.OutputShape ?? OutputShape.Packet,
            Key = creation.Key,
            Tenant = creation.Tenant,
            Labels = creation.Options?.Labels ?? [],
            Attempt = head.Attempt,
            Strikes = job.Strikes.Count,
            Steps = steps,
            Checkpoints = [.. job.Checkpoints.Select(checkpoint => checkpoint.Id)],
            Recovery = [.. job.Steps.Where(row => row.Detail?.Recovery is not null).OrderBy(row => row.CompletedAt == 0 ? long.MaxValue : row.CompletedAt).Select(row => $"{row.Path}: {row.Detail!.Recovery}")],
            Progress = Progress(head, flow is { IsSession: true } ? steps[flow.Steps.Length..] : flow is null ? steps : steps[..flow.Steps.Length]),
            Metrics = new JobMetrics(At(creation.CreatedAt)!.Value, At(head.StartedAt), At(head.CompletedAt), head.CompletedAt > 0 && head.StartedAt > 0 ? TimeSpan.FromTicks(head.CompletedAt - head.StartedAt) : null),
        };
    }

    public static JobSummary Summary(StoredJob job) => new(job.Creation.Id, job.Creation.FlowId, job.Creation.FlowVersion, job.Head.Status)
    {
        Reason = job.Head.Data?.Reason,
        Message = job.Head.Data?.Message,
        Key = job.Creation.Key,
        Tenant = job.Creation.Tenant,
        Labels = job.Creation.Options?.Labels ?? [],
        Percentage = Math.Round(job.Head.Percentage, 2),
        CreatedAt = At(job.Creation.CreatedAt)!.Value,
        StartedAt = At(job.Head.StartedAt),
        CompletedAt = At(job.Head.CompletedAt),
    };

    /// <summary>The steps that a session's code runs; the step that stands for the code itself counts for nothing.</summary>
    private static JobProgressReport Progress(JobHead head, List<StepStatusReport> steps)
        => new(Math.Round(head.Percentage, 2), head.Completed, head.Total, Count(steps, StepStatus.Running), Count(steps, StepStatus.Failed), Count(steps, StepStatus.Skipped));

    /// <summary>The steps of the rounds that are kept: those that are open, and those whose outputs are not put together yet.</summary>
    private static IEnumerable<StepStatusReport> OfRounds(Dictionary<string, StepRow> rows, JobState state)
        => from run in state.Rounds?.Loops.OrderBy(run => run.Slot) ?? Enumerable.Empty<LoopRun>()
           from round in run.Rounds
           where round.Slots[0].DetailOrNone.Covers == 0
           from step in round.Body.Steps
           select Step(step, round.First + step.Index, $"{round.Path}.{step.Id}", rows, state);

    private static IEnumerable<StepStatusReport> OfCode(StoredJob job, CompiledFlow flow)
        => !flow.IsSession ? [] : job.Steps.Where(row => row.Index >= flow.Steps.Length).OrderBy(row => row.Index).Select(row => Step(row.Path, row.Path, row.Detail?.Name, row, 0, 0, row.Status));

    private static StepStatusReport Step(CompiledStep step, int slot, string path, Dictionary<string, StepRow> rows, JobState state)
    {
        ref var live = ref state.Steps[slot];
        var received = live.Arrived;
        var required = step.Join.Required > 0 ? step.Join.Required : step.Incoming.Length;
        return rows.TryGetValue(path, out var row)
            ? Step(step.Id, path, step.Name, row, received, required, row.Status == StepStatus.Pending ? live.Status : row.Status)
            : new StepStatusReport(step.Id, path, live.Status, 0) { Name = step.Name, ReceivedInputs = received, RequiredInputs = required };
    }

    private static StepStatusReport Step(string id, string path, string? name, StepRow row, int received, int required, StepStatus status)
    {
        var detail = row.Detail ?? StepDetail.None;
        return new StepStatusReport(id, path, status, row.Attempt + detail.EarlierAttempts)
        {
            Name = name,
            Port = status == StepStatus.Completed && !row.NoItems ? detail.Ports?[0] ?? StepResult.DonePort : null,
            Error = detail.Error,
            Reason = detail.Reason,
            StartedAt = At(row.StartedAt),
            CompletedAt = At(row.CompletedAt),
            DueAt = At(detail.DueAt),
            WaitsFor = status == StepStatus.Waiting ? detail.Signal : null,
            ReceivedInputs = received,
            RequiredInputs = required,
        };
    }

    private static int Count(List<StepStatusReport> steps, StepStatus status) => steps.Count(step => step.Status == status);

    private static DateTimeOffset? At(long ticks) => ticks > 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
}
