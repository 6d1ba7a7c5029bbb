using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// A job as plain JSON, to be kept elsewhere or moved to another store (S27): its state, its steps with their packets, its events and checkpoints. Variables of kind
/// secret are left out, and so are commands that its owner has not applied yet. Immutable.
/// </summary>
public sealed class JobExport
{
    /// <summary>What <see cref="ToJson"/> names as <c>format</c>.</summary>
    public const string Format = "workflow_engine.job";

    /// <summary>The newest version of the form, which <see cref="ToJson"/> writes. Every older one can be read.</summary>
    public const int FormatVersion = 1;

    internal JobExport(ExportDocument document) => Document = document;

    /// <summary>The job.</summary>
    public JobId Id => Document.Id;

    /// <summary>Its flow.</summary>
    public string FlowId => Document.FlowId;

    /// <summary>The version it is pinned to; whoever is to run it on must know that version.</summary>
    public string FlowVersion => Document.FlowVersion;

    /// <summary>Where it stood.</summary>
    public JobStatus Status => Document.Head.Status;

    internal ExportDocument Document { get; }

    /// <summary>The document: times are UTC ticks (100 ns since the year 1), packets arrays of items.</summary>
    public string ToJson() => StoredForm.Write(Document);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JobExportException">The text is something else, of a newer version, or damaged; the message says what.</exception>
    public static JobExport Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        ExportDocument? document;
        try
        {
            document = StoredForm.ReadExport(json);
        }
        catch (Exception error) when (error is StoreException or DataPacketException or FormatException or OverflowException or InvalidOperationException or ArgumentException)
        {
            throw new JobExportException($"The text is no job export: {error.Message}", error);
        }

        ExportCheck.Throw(document);
        return new JobExport(document!);
    }
}

/// <summary>A job export cannot be read or taken in; nothing was stored.</summary>
public sealed class JobExportException(string message, Exception? inner = null) : WorkflowException(message, inner);

/// <summary>The store has a job of this id already.</summary>
public sealed class JobExistsException(JobId id) : WorkflowException($"The store has a job {id} already. Prune it first, or import into another store.")
{
    /// <summary>The job.</summary>
    public JobId JobId { get; } = id;
}
