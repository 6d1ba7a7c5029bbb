using System.Data.Common;
using System.Text.Json.Serialization;

namespace WorkflowEngine;

/// <summary>What a start with a key does when a job of that key exists (S31).</summary>
public enum KeyReuse
{
    /// <summary>The same request returns the existing job; another request is a <see cref="KeyConflictException"/>.</summary>
    ReturnExisting,

    /// <summary>As <see cref="ReturnExisting"/>, but a failed job is retried.</summary>
    RestartFailed,

    /// <summary>Always a <see cref="KeyConflictException"/>.</summary>
    Refuse,
}

/// <summary>How a job is started. Every member is optional.</summary>
public sealed record JobOptions
{
    /// <summary>Unique per tenant and flow while the job is kept: starting the same request twice gives one job.</summary>
    public string? Key { get; init; }

    /// <summary>What happens when the key exists.</summary>
    public KeyReuse KeyReuse { get; init; }

    /// <summary>What caused the start, for example <c>manual</c> or <c>schedule</c>.</summary>
    public string? Trigger { get; init; }

    /// <summary>Higher runs earlier: each point is worth 10 s of waiting (S31). Default 0, from -1000 to 1000.</summary>
    public int Priority { get; init; }

    /// <summary>Do not begin before this time.</summary>
    public DateTimeOffset? StartAfter { get; init; }

    /// <summary>Variables of kind input: a dictionary's or record's members.</summary>
    public object? Variables { get; init; }

    /// <summary>Engine data: a dictionary's or record's members.</summary>
    public object? EngineData { get; init; }

    /// <summary>Words to find the job by.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>For whom the job runs.</summary>
    public string? Tenant { get; init; }

    /// <summary>Jobs of the same key run one at a time.</summary>
    public string? ConcurrencyKey { get; init; }

    /// <summary>How many steps of this job run at the same time, whatever the flow says; null: as the flow says. The node's slots bound it too.</summary>
    public int? MaxConcurrentSteps { get; init; }

    /// <summary>How long the job may take in all, from its first step on; null: as the flow says.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Create the job paused.</summary>
    public bool StartPaused { get; init; }

    /// <summary>Create the job paused, to be walked step by step with <c>RunStepAsync</c>.</summary>
    public bool StepMode { get; init; }

    /// <summary>A flow version other than the active one.</summary>
    public string? FlowVersion { get; init; }

    /// <summary>How long the finished job is kept; null: as the engine's options say.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>Who starts it.</summary>
    public string? Actor { get; init; }

    /// <summary>The user's own database transaction that the start joins (PostgreSQL).</summary>
    [JsonIgnore]
    public DbTransaction? Transaction { get; init; }
}
