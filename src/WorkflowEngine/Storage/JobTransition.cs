namespace WorkflowEngine.Storage;

/// <summary>
/// Everything that one commit changes in one job: the only way state changes (G1). The object and its buffers belong to the engine and are used again
/// after the commit: a store copies <see cref="Head"/>, <see cref="Steps"/> and <see cref="Events"/>; what they refer to is immutable and may be kept.
/// </summary>
public sealed class JobTransition
{
    private StepRow[] _steps = new StepRow[4];
    private int _stepCount;

    /// <summary>The job.</summary>
    public JobId Id { get; internal set; }

    /// <summary>The owner that commits; for a creation without an owner the empty GUID.</summary>
    public Guid Incarnation { get; internal set; }

    /// <summary>The owner's epoch.</summary>
    public int Epoch { get; internal set; }

    /// <summary>Set when the job is created by this transition. Immutable.</summary>
    public JobCreation? Creation { get; internal set; }

    /// <summary>The job's new head; its version is the expected version plus one.</summary>
    public JobHead Head { get; internal set; }

    /// <summary>The changed step rows.</summary>
    public ReadOnlySpan<StepRow> Steps => _steps.AsSpan(0, _stepCount);

    /// <summary>The events of this transition; empty when there are none.</summary>
    public EventRow Events { get; internal set; }

    /// <summary>The inbox messages that this transition applies or refuses: taken in the same commit.</summary>
    public IReadOnlyList<Guid> Taken { get; internal set; } = [];

    /// <summary>Checkpoints made by this transition. Immutable; one whose id the job has already is left out.</summary>
    public IReadOnlyList<StoredCheckpoint> Checkpoints { get; internal set; } = [];

    /// <summary>The owner gives the job up: it is unowned after this commit, and due at <see cref="JobHead.DueAt"/>.</summary>
    public bool Releases { get; internal set; }

    /// <summary>What becomes of the job's strikes, in the same commit.</summary>
    public StrikeChange Strikes { get; internal set; }

    /// <summary>A place for the store to find the job's row again fast: what it leaves here in one commit comes back in the same owner's next.</summary>
    public object? StoreTag { get; set; }

    internal void ClearSteps()
    {
        Array.Clear(_steps, 0, _stepCount);
        _stepCount = 0;
    }

    internal ref StepRow AddStep()
    {
        if (_stepCount == _steps.Length)
        {
            Array.Resize(ref _steps, _stepCount * 2);
        }

        return ref _steps[_stepCount++];
    }
}
