using System.Text.Json.Serialization;

namespace WorkflowEngine.Storage;

/// <summary>The members of an exported job, as its JSON has them.</summary>
internal sealed record ExportDocument
{
    [JsonPropertyOrder(-2)]
    public string? Format { get; init; } = JobExport.Format;

    [JsonPropertyOrder(-1)]
    public int Version { get; init; } = JobExport.FormatVersion;

    public JobId Id { get; init; }

    public string FlowId { get; init; } = string.Empty;

    public string FlowVersion { get; init; } = string.Empty;

    public long CreatedAt { get; init; }

    public JobOptions? Options { get; init; }

    public string? RequestHash { get; init; }

    public JobParent? Parent { get; init; }

    public PacketSlot Input { get; init; }

    /// <summary>How many owners the job has had: the fencing token goes on where it stood.</summary>
    public int Epoch { get; init; }

    public JobHead Head { get; init; }

    public IReadOnlyList<StepRow> Steps { get; init; } = [];

    public IReadOnlyList<StoredCheckpoint> Checkpoints { get; init; } = [];

    public IReadOnlyList<JobEvent> Events { get; init; } = [];
}
