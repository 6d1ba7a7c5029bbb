namespace WorkflowEngine.Storage;

/// <summary>Whether an exported job is one that the engine could have written: what comes from outside is not believed.</summary>
internal static class ExportCheck
{
    private const int MostSteps = 1_000_000;

    /// <exception cref="JobExportException">Names what is wrong.</exception>
    public static void Throw(ExportDocument? document)
    {
        if (document?.Format != JobExport.Format)
        {
            throw new JobExportException($"The text is no job export: its member \"format\" must be \"{JobExport.Format}\".");
        }

        if (document.Version is < 1 or > JobExport.FormatVersion)
        {
            throw new JobExportException($"The export has form version {document.Version}; this version of WorkflowEngine reads up to {JobExport.FormatVersion}. Use a newer one.");
        }

        Identity(document);
        Head(document.Head);
        Rows(document.Steps, "steps");
        Data(document.Head.Data, "head.data");
        foreach (var checkpoint in document.Checkpoints ?? throw Damaged("checkpoints are missing"))
        {
            Expect(!string.IsNullOrEmpty(checkpoint?.Id) && checkpoint.Snapshot is { Data: not null, Steps: not null }, "a checkpoint lacks its id or what it holds");
            Rows(checkpoint!.Snapshot!.Steps, $"checkpoint {checkpoint.Id}");
            Data(checkpoint.Snapshot.Data, $"checkpoint {checkpoint.Id}");
        }

        Events(document);
        Expect(!document.Head.Status.IsTerminal() || document.Steps.All(row => row.Status.IsTerminal()), "the job has ended, but not all of its steps");
    }

    /// <summary>Whether the rows are those of the flow that is to run them.</summary>
    /// <exception cref="JobExportException">Names the step that does not fit.</exception>
    public static void Throw(ExportDocument document, CompiledFlow flow)
    {
        foreach (var row in document.Steps.Concat(document.Checkpoints.SelectMany(checkpoint => checkpoint.Snapshot!.Steps)))
        {
            if (row.Index < flow.Steps.Length && flow.Steps[row.Index].Id != row.Path)
            {
                throw new JobExportException($"The export does not fit flow '{flow.Id}' version {flow.Version}: step {row.Index + 1} there is '{flow.Steps[row.Index].Id}', here '{row.Path}'.");
            }
        }
    }

    private static void Identity(ExportDocument document)
    {
        Expect(document.Id != default, "\"id\" is missing");
        Expect(Identifier.IsFlowId(document.FlowId), $"'{document.FlowId}' is not a legal flow id");
        Expect(document.FlowVersion is { Length: >= 1 and <= 256 }, "\"flow_version\" must have 1 to 256 characters");
        Expect(IsTime(document.CreatedAt) && document.CreatedAt > 0, "\"created_at\" is not a time");
        Expect(document.Epoch >= 0, "\"epoch\" is negative");
    }

    private static void Head(JobHead head)
    {
        Expect(head is { Version: >= 1, Attempt: >= 1, Sequence: >= 0, Completed: >= 0, Total: >= 0 and <= MostSteps }, "a number in \"head\" is out of range");
        Expect(head.Percentage is >= 0 and <= 100, "\"percentage\" must be from 0 to 100");
        Expect(IsTime(head.StartedAt) && IsTime(head.CompletedAt) && IsTime(head.DueAt), "a time in \"head\" is no time");
        Expect(head.Status.IsTerminal() == (head.CompletedAt > 0), "\"completed_at\" does not fit the status");
    }

    private static void Rows(IReadOnlyList<StepRow>? rows, string where)
    {
        var seen = new HashSet<int>();
        foreach (var row in rows ?? throw Damaged($"{where} are missing"))
        {
            Expect(row.Path is { Length: >= 1 and <= 1024 } && row.Index is >= 0 and < MostSteps && seen.Add(row.Index), $"a step in {where} lacks its path, or its index is out of range or there twice");
            Expect(row.Attempt <= 1001 && IsTime(row.StartedAt) && IsTime(row.CompletedAt) && IsTime(row.Detail?.DueAt ?? 0), $"a number of step '{row.Path}' in {where} is out of range");
            Expect(row.Detail is null or { Leg: >= 0, Generation: >= 0, EarlierAttempts: >= 0 }, $"a number of step '{row.Path}' in {where} is out of range");
        }
    }

    private static void Data(JobData? data, string where)
        => Expect(
            data is null || (data is { Variables: not null, EngineData: not null, Signals: not null, SignalKeys: not null, Generation: >= 0 }
                && data.Variables.All(pair => JobVariable.IsName(pair.Key) && pair.Value?.Name == pair.Key)),
            $"the data in {where} lack a member, or a variable's name is not legal");

    private static void Events(ExportDocument document)
    {
        var expected = 0L;
        foreach (var happened in document.Events ?? throw Damaged("events are missing"))
        {
            Expect(happened is not null && happened.Sequence == ++expected, $"event {expected} is missing");
        }

        Expect(expected == document.Head.Sequence, $"the job has {document.Head.Sequence} events, and {expected} are there");
    }

    private static bool IsTime(long ticks) => ticks >= 0 && ticks <= DateTime.MaxValue.Ticks;

    private static void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw Damaged(otherwise);
        }
    }

    private static JobExportException Damaged(string what) => new($"The job export is damaged: {what}.");
}
