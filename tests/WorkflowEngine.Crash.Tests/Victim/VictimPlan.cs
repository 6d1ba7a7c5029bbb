namespace WorkflowEngine.Crash;

/// <summary>What one life of a victim does.</summary>
public sealed record VictimPlan
{
    /// <summary>The database file.</summary>
    public required string Database { get; init; }

    /// <summary>Where the ledger listens.</summary>
    public required string Socket { get; init; }

    /// <summary>The number of this life, in every line that it leaves in the ledger.</summary>
    public int Life { get; init; }

    /// <summary>New jobs; after that the victim ends by itself once no job is left.</summary>
    public int Starts { get; init; }

    /// <summary>Jobs that it has open at the same time.</summary>
    public int InFlight { get; init; } = 32;

    /// <summary>The flows that it starts in turn.</summary>
    public string[] Flows { get; init; } = [.. MixedFlows.Names];

    /// <summary>The inputs of the jobs in turn; null: 0, 1, 2 …</summary>
    public int[]? Inputs { get; init; }

    /// <summary>A key for the jobs that it starts: <c>KEY-0</c>, <c>KEY-1</c> …; null: none.</summary>
    public string? Key { get; init; }

    /// <summary>How long a step's body takes.</summary>
    public int StepMilliseconds { get; init; } = 2;

    /// <summary>How long a stopping host lets bodies finish.</summary>
    public int ShutdownGraceMilliseconds { get; init; } = 500;

    /// <summary>How long a body may ignore its token.</summary>
    public int CancellationGraceMilliseconds { get; init; } = 5000;

    /// <summary>How long the node may be silent.</summary>
    public int LeaseMilliseconds { get; init; } = 15_000;

    /// <summary>After how many deaths taken alone a job is parked.</summary>
    public int MaxStrikes { get; init; } = 5;

    /// <summary>Steps at the same time.</summary>
    public int Slots { get; init; } = 64;

    /// <summary>How many steps the flows <c>tower</c> and <c>ladder</c> have.</summary>
    public int LargeFlowSteps { get; init; } = 1000;

    /// <summary>What is wrong with this victim; null: nothing. The judge must find it out.</summary>
    public string? Defect { get; init; }

    /// <summary>Stays after the last job, until it is stopped.</summary>
    public bool Stays { get; init; }
}
