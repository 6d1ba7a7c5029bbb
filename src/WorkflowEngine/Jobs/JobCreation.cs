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

    /// <summary>For a job with a key: over flow id, input and variables (S31).</summary>
    public string? RequestHash { get; init; }

    /// <summary>For a job that a step started: whose.</summary>
    public JobParent? Parent { get; init; }

    /// <summary>The key, if any.</summary>
    public string? Key => Options?.Key;

    /// <summary>The tenant, if any.</summary>
    public string? Tenant => Options?.Tenant;

    /// <summary>Higher runs earlier.</summary>
    public int Priority => Options?.Priority ?? 0;
}

/// <summary>The step that started a job and waits for its end.</summary>
/// <param name="Id">The job of that step.</param>
/// <param name="StepPath">The step.</param>
public sealed record JobParent(JobId Id, string StepPath);
