namespace WorkflowEngine.Storage;

/// <summary>
/// Makes a <see cref="JobTransition"/> by hand, for whoever tests a store or moves jobs between stores. For the steps of a job the engine does not use it: it fills and reuses its own.
/// </summary>
public sealed record TransitionBuilder
{
    /// <summary>The job.</summary>
    public required JobId Id { get; init; }

    /// <summary>The owner that commits; the empty GUID for a creation without an owner.</summary>
    public required Guid Incarnation { get; init; }

    /// <summary>The owner's epoch.</summary>
    public required int Epoch { get; init; }

    /// <summary>The job's new head; its version is the expected version plus one.</summary>
    public required JobHead Head { get; init; }

    /// <summary>Set when the transition creates the job.</summary>
    public JobCreation? Creation { get; init; }

    /// <summary>The changed step rows, in any order.</summary>
    public IReadOnlyList<StepRow> Steps { get; init; } = [];

    /// <summary>The events; by default none.</summary>
    public EventRow Events { get; init; }

    /// <summary>The ids of the messages taken.</summary>
    public IReadOnlyList<Guid> Taken { get; init; } = [];

    /// <summary>The checkpoints made.</summary>
    public IReadOnlyList<StoredCheckpoint> Checkpoints { get; init; } = [];

    /// <summary>Whether the owner gives the job up.</summary>
    public bool Releases { get; init; }

    /// <summary>What becomes of the job's strikes.</summary>
    public StrikeChange Strikes { get; init; }

    /// <summary>A new transition each time.</summary>
    public JobTransition Build()
    {
        var transition = new JobTransition
        {
            Id = Id,
            Incarnation = Incarnation,
            Epoch = Epoch,
            Head = Head,
            Creation = Creation,
            Events = Events,
            Taken = Taken,
            Checkpoints = Checkpoints,
            Releases = Releases,
            Strikes = Strikes,
        };
        foreach (var row in Steps)
        {
            transition.AddStep() = row;
        }

        return transition;
    }
}
