using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Takes jobs out of a store as documents and into one again (S27).</summary>
internal sealed class JobTransfer(EngineNode node, JobReading reading)
{
    public async Task<JobExport> ExportAsync(JobId id, CancellationToken cancellationToken)
    {
        var job = await reading.LoadAsync(id, JobParts.Steps | JobParts.Snapshots, cancellationToken).ConfigureAwait(false);
        var isOver = job.Head.Status.IsSuccess(); // Then only input and output are left of the packets by reference (S23).
        var head = job.Head;
        head.Output = await InlinedAsync(head.Output, mayBeGone: false, cancellationToken).ConfigureAwait(false);
        head.Data = WithoutSecrets(head.Data);
        var checkpoints = new List<StoredCheckpoint>(job.Checkpoints.Count);
        foreach (var checkpoint in job.Checkpoints)
        {
            var steps = await InlinedAsync(checkpoint.Snapshot!.Steps, isOver, cancellationToken).ConfigureAwait(false);
            checkpoints.Add(checkpoint with { Snapshot = new JobSnapshot(WithoutSecrets(checkpoint.Snapshot.Data)!, steps) });
        }

        var events = await reading.EventsAsync(id, cancellationToken).ConfigureAwait(false);
        return new JobExport(new ExportDocument
        {
            Id = id,
            FlowId = job.Creation.FlowId,
            FlowVersion = job.Creation.FlowVersion,
            CreatedAt = job.Creation.CreatedAt,
            Options = job.Creation.Options,
            RequestHash = job.Creation.RequestHash,
            Parent = job.Creation.Parent,
            Input = await InlinedAsync(job.Creation.Input, mayBeGone: false, cancellationToken).ConfigureAwait(false),
            Epoch = job.Epoch,
            Head = head,
            Steps = await InlinedAsync(job.Steps, isOver, cancellationToken).ConfigureAwait(false),
            Checkpoints = checkpoints,
            Events = [.. events.TakeWhile(happened => happened.Sequence <= head.Sequence)], // It may have gone on since it was read.
        });
    }

    public async Task<JobId> ImportAsync(JobExport export, CancellationToken cancellationToken)
    {
        var document = export.Document;
        ExportCheck.Throw(document);
        if (node.FindFlow(document.FlowId, document.FlowVersion) is { } flow)
        {
            ExportCheck.Throw(document, flow.Flow);
        }

        if (await node.Store.LoadAsync(document.Id, JobParts.Head, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new JobExistsException(document.Id);
        }

        var transition = await CreationAsync(document, cancellationToken).ConfigureAwait(false);
        var verdict = await node.Commits.CommitAsync(transition).ConfigureAwait(false);
        if (verdict.Result is CommitResult.Committed or CommitResult.AlreadyCommitted)
        {
            return document.Id;
        }

        await node.CleanPacketsAsync(document.Id, document.FlowId).ConfigureAwait(false);
        throw verdict.Result == CommitResult.KeyTaken
            ? new KeyConflictException(document.FlowId, document.Options!.Key!, verdict.Existing?.Id ?? default)
            : new StoreException(verdict.Message ?? "The store refused the job.", isTransient: false);
    }

    /// <summary>The job as an unowned one that was just created: one commit, its packets durable before.</summary>
    private async ValueTask<JobTransition> CreationAsync(ExportDocument document, CancellationToken cancellationToken)
    {
        var owner = new PacketOwner(document.FlowId, document.Id);
        var head = document.Head;
        head.Version++;
        head.DueAt = head.Status == JobStatus.Running ? 0 : head.DueAt; // Whoever claims it sees what is to be done; a due time here is that of the job's end.
        head.Output = await KeptAsync(owner, "output", head.Output, cancellationToken).ConfigureAwait(false);
        var events = WithImport(document);
        head.Sequence += 1;
        var checkpoints = new List<StoredCheckpoint>(document.Checkpoints.Count);
        foreach (var checkpoint in document.Checkpoints)
        {
            var steps = await KeptAsync(owner, checkpoint.Snapshot!.Steps, cancellationToken).ConfigureAwait(false);
            checkpoints.Add(checkpoint with { Snapshot = checkpoint.Snapshot with { Steps = steps } });
        }

        var rows = await KeptAsync(owner, document.Steps, cancellationToken).ConfigureAwait(false);
        return new TransitionBuilder
        {
            Id = document.Id,
            Incarnation = Guid.Empty,
            Epoch = document.Epoch,
            Creation = new JobCreation
            {
                Id = document.Id,
                FlowId = document.FlowId,
                FlowVersion = document.FlowVersion,
                CreatedAt = document.CreatedAt,
                Input = await KeptAsync(owner, "input", document.Input, cancellationToken).ConfigureAwait(false),
                Options = document.Options,
                RequestHash = document.RequestHash,
                Parent = document.Parent,
            },
            Head = head,
            Steps = rows.ConvertAll(Ready),
            Checkpoints = checkpoints,
            Events = new EventRow(document.Id, document.FlowId, 1, events.Count, events.Written.ToArray()),
        }.Build();
    }

    /// <summary>All events as one row, and the import as their last.</summary>
    private EventWriter WithImport(ExportDocument document)
    {
        var writer = new EventWriter();
        try
        {
            EventCopy.Write(writer, document.Id, document.Events);
        }
        catch (Exception error) when (error is FormatException or ArgumentException)
        {
            throw new JobExportException($"The job export is damaged: {error.Message}", error);
        }

        var status = document.Head.Status;
        writer.Job(EventKind.CommandApplied, document.Id, node.Now, status, status, 0, new EventNotes(Data: EventData.Of("action", "import")));
        return writer;
    }

    /// <summary>A body that ran is left behind: its step is ready again, with the same attempt.</summary>
    private static StepRow Ready(StepRow row)
        => row.Status == StepStatus.Running ? row with { Status = StepStatus.Pending, Attempt = Math.Max(0, row.Attempt - 1) } : row;

    private static JobData? WithoutSecrets(JobData? data)
        => data is null || data.Variables.Values.All(variable => variable.Kind != VariableKind.Secret) ? data
            : data with { Variables = data.Variables.RemoveRange(data.Variables.Values.Where(variable => variable.Kind == VariableKind.Secret).Select(variable => variable.Name)) };

    private async ValueTask<List<StepRow>> InlinedAsync(IReadOnlyList<StepRow> rows, bool mayBeGone, CancellationToken cancellationToken)
    {
        var inlined = new List<StepRow>(rows.Count);
        foreach (var row in rows)
        {
            inlined.Add(row with { Output = await InlinedAsync(row.Output, mayBeGone, cancellationToken).ConfigureAwait(false) });
        }

        return inlined;
    }

    private async ValueTask<PacketSlot> InlinedAsync(PacketSlot slot, bool mayBeGone, CancellationToken cancellationToken)
    {
        try
        {
            return slot.Reference is null ? slot : new PacketSlot(await node.Vault.LoadAsync(slot, cancellationToken).ConfigureAwait(false));
        }
        catch (DataPacketException) when (mayBeGone)
        {
            return default;
        }
    }

    private async ValueTask<List<StepRow>> KeptAsync(PacketOwner owner, IReadOnlyList<StepRow> rows, CancellationToken cancellationToken)
    {
        var kept = new List<StepRow>(rows.Count);
        foreach (var row in rows)
        {
            kept.Add(row with { Output = await KeptAsync(owner, row.Path, row.Output, cancellationToken).ConfigureAwait(false) });
        }

        return kept;
    }

    private ValueTask<PacketSlot> KeptAsync(PacketOwner owner, string path, PacketSlot slot, CancellationToken cancellationToken)
        => slot.Packet is { } packet ? node.Vault.KeepAsync(owner, path, packet, cancellationToken)
            : slot.Reference is null ? new(slot) : throw new JobExportException($"The job export is damaged: the packet of '{path}' is a reference into another store.");
}
