namespace WorkflowEngine.Storage;

/// <summary>The rules of DESIGN §5 and §6 that one stored job keeps whatever happened to it.</summary>
internal static class JobInspection
{
    private const string RunAnew = "The outcome stands; `wf jobs rerun` makes the job anew.";
    private const string RestoreBackup = "Restore the file from a backup, or run the job anew with `wf jobs rerun`.";

    /// <param name="job">With its step rows.</param>
    /// <param name="flow">The flow version it is pinned to; null: not known here.</param>
    public static IEnumerable<StoreFinding> Of(StoredJob job, CompiledFlow? flow)
        => OfHead(job).Concat(OfSteps(job)).Concat(flow is null ? [] : OfPositions(job, flow)).Select(finding => finding with { Job = job.Creation.Id });

    /// <summary>Events are numbered from 1 to the job's last one, without gaps (S25).</summary>
    public static StoreFinding? OfEvents(StoredJob job, IEnumerable<EventRow> rows)
    {
        var next = 1L;
        foreach (var row in rows)
        {
            if (row.FirstSequence != next)
            {
                break;
            }

            next += row.Count;
        }

        return next == job.Head.Sequence + 1
            ? null
            : new("event_gap", $"the events end or have a gap behind {next - 1}; the last one is {job.Head.Sequence}", job.Creation.Id) { Advice = RestoreBackup };
    }

    private static IEnumerable<StoreFinding> OfHead(StoredJob job)
    {
        var (head, status) = (job.Head, job.Head.Status);
        if (!Enum.IsDefined(status))
        {
            yield return new("unknown_status", $"status {(int)status} is none") { Advice = RestoreBackup };
            yield break;
        }

        if (head.Version < 1 || job.Epoch < 0 || head.Attempt < 1 || (head.StartedAt > 0 && job.Epoch < 1))
        {
            yield return new("bad_version", $"version {head.Version}, epoch {job.Epoch}, attempt {head.Attempt}: a job that started has all of them from 1 on") { Advice = RestoreBackup };
        }

        if (status.IsTerminal() && head.CompletedAt == 0)
        {
            yield return new("end_without_time", $"{status.ToWord()}, but no time of the end is kept") { Advice = RunAnew };
        }

        if (!(head.Percentage is >= 0 and <= 100) || (head.Percentage >= 100 && !status.IsSuccess()))
        {
            yield return new("bad_progress", $"{status.ToWord()} with {head.Percentage} %: 100 only at success (S24)") { Advice = RunAnew };
        }
    }

    private static IEnumerable<StoreFinding> OfSteps(StoredJob job)
    {
        foreach (var row in job.Steps)
        {
            if (!Enum.IsDefined(row.Status))
            {
                yield return new("unknown_status", $"step {row.Path}: status {(int)row.Status} is none") { Advice = RestoreBackup };
            }
            else if (job.Head.Status.IsTerminal() && !row.Status.IsTerminal())
            {
                yield return new("open_step", $"step {row.Path} is {row.Status.ToWord()} in a job that is {job.Head.Status.ToWord()} (S5)") { Advice = RunAnew };
            }
        }

        foreach (var twice in job.Steps.GroupBy(row => row.Path, StringComparer.Ordinal).Where(group => group.Skip(1).Any()))
        {
            yield return new("step_twice", $"step {twice.Key} has more than one row") { Advice = RestoreBackup };
        }
    }

    private static IEnumerable<StoreFinding> OfPositions(StoredJob job, CompiledFlow flow)
        => from row in job.Steps
           where row.Index < 0 || (row.Index >= flow.Steps.Length && !flow.HasLoops) || (row.Index < flow.Steps.Length && flow.Steps[row.Index].Id != row.Path)
           select new StoreFinding("unknown_step", $"step {row.Path} has position {row.Index}, where flow {flow.Id} has {(row.Index >= 0 && row.Index < flow.Steps.Length ? flow.Steps[row.Index].Id : "none")}") { Advice = RestoreBackup };
}
