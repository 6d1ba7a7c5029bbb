namespace WorkflowEngine.Storage;

/// <summary>What is fixed when a job is created and never changes after.</summary>
public sealed class JobCreation
{
    /// <summary>The job.</summary>
    public required JobId Id { get; init; }

    /// <summary>Its flow.</summary>
    public required string FlowId { get; init; }

    /// <summary>The flow version it is pinned to (S1).</summary>
    public required string FlowVersion { get; init; }

    /// <summary>UTC ticks.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>The input packet.</summary>
    public PacketSlot Input { get; init; }

    /// <summary>The options, without transaction, variables and engine data; null when all are at their defaults.</summary>
    public JobOptions? Options { get; init; }

    /// <summary>Over flow id, input and variables (S31); 0 without a key.</summary>
    public UInt128 RequestHash { get; init; }

    /// <summary>The job whose step started this one, if any.</summary>
    public JobId? Parent { get; init; }

    /// <summary>The path of the parent's step that started this one.</summary>
    public string? ParentStep { get; init; }

    /// <summary>The key, if any.</summary>
    public string? Key => Options?.Key;

    /// <summary>The tenant, if any.</summary>
    public string? Tenant => Options?.Tenant;

    /// <summary>Higher runs earlier.</summary>
    public int Priority => Options?.Priority ?? 0;
}
