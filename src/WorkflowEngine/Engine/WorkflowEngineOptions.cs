using System.Text.Json;

namespace WorkflowEngine;

/// <summary>How an engine runs. Bound from the configuration section <c>WorkflowEngine</c> when there is one; what code sets wins; validated when the host starts.</summary>
public sealed class WorkflowEngineOptions
{
    /// <summary>False: this host only starts jobs and asks about them; others run them. Default true.</summary>
    public bool RunJobs { get; set; } = true;

    /// <summary>Steps that run on this node at the same time. Default 64.</summary>
    public int MaxConcurrentSteps { get; set; } = 64;

    /// <summary>Jobs that this node holds at the same time; more wait in the store. Default 1024.</summary>
    public int MaxConcurrentJobs { get; set; } = 1024;

    /// <summary>Packets up to so many bytes are kept in the step's row; larger ones go to the packet store. Default 8 KiB.</summary>
    public long InlinePacketBytes { get; set; } = 8 * 1024;

    /// <summary>A larger packet fails its step with <c>packet_too_large</c>. Default 64 MB.</summary>
    public long MaxPacketBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>How long a node may be silent before others take its jobs. Default 15 s.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often the store is asked for work when no hint comes. Default 1 s.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a stopping host lets running steps finish before their tokens fire. Default 10 s.</summary>
    public TimeSpan ShutdownGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a body may ignore its token before it is given up. Default 5 s.</summary>
    public TimeSpan StepCancellationGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A waiting job that is due later than this leaves memory (S16). Default 5 s.</summary>
    public TimeSpan ParkAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long finished jobs are kept; null: 7 days in a durable store, 1 hour in memory.</summary>
    public TimeSpan? Retention { get; set; }

    /// <summary>Starts are refused with <see cref="QueueFullException"/> while so many jobs wait for a node; null: no limit.</summary>
    public long? MaxQueuedJobs { get; set; }

    /// <summary>Deaths taken alone after which a job is parked as poison (G4). Default 5.</summary>
    public int MaxStrikes { get; set; } = 5;

    /// <summary>Bring the store's schema up to date at the start. Default true.</summary>
    public bool AutoMigrate { get; set; } = true;

    /// <summary>The node's name in events and lists; null: the machine's name.</summary>
    public string? NodeName { get; set; }

    /// <summary>How user records are read and written: snake_case, case-insensitive. Add source-generated contexts to its resolver chain.</summary>
    public JsonSerializerOptions Json { get; } = WorkflowJson.Create();

    internal IEnumerable<string> Problems()
    {
        (bool Bad, string Message)[] checks =
        [
            (MaxConcurrentSteps < 1, "MaxConcurrentSteps must be at least 1."),
            (MaxConcurrentJobs < 1, "MaxConcurrentJobs must be at least 1."),
            (InlinePacketBytes < 0, "InlinePacketBytes must not be negative."),
            (MaxPacketBytes < 1, "MaxPacketBytes must be at least 1."),
            (LeaseDuration < TimeSpan.FromSeconds(1), "LeaseDuration must be at least 1 s."),
            (PollInterval <= TimeSpan.Zero, "PollInterval must be positive."),
            (ShutdownGrace < TimeSpan.Zero, "ShutdownGrace must not be negative."),
            (StepCancellationGrace < TimeSpan.Zero, "StepCancellationGrace must not be negative."),
            (ParkAfter < TimeSpan.Zero, "ParkAfter must not be negative."),
            (Retention < TimeSpan.Zero, "Retention must not be negative."),
            (MaxQueuedJobs < 1, "MaxQueuedJobs must be at least 1, or null."),
            (MaxStrikes < 1, "MaxStrikes must be at least 1."),
        ];
        return checks.Where(check => check.Bad).Select(check => $"WorkflowEngineOptions.{check.Message}");
    }
}
