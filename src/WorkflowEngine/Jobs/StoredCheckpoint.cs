namespace WorkflowEngine.Storage;

/// <summary>A checkpoint as a store keeps it. Immutable.</summary>
/// <param name="Id">Unique within its job.</param>
/// <param name="CreatedAt">UTC ticks.</param>
/// <param name="Description">What its maker said about it.</param>
/// <param name="Status">Where the job stood.</param>
/// <param name="Percentage">How far the job was.</param>
public sealed record StoredCheckpoint(string Id, long CreatedAt, string? Description, JobStatus Status, float Percentage)
{
    /// <summary>What the job goes back to; null when only the descriptions were asked for.</summary>
    public JobSnapshot? Snapshot { get; init; }
}

/// <summary>Everything of a job that a restore puts back. Immutable: nobody changes the rows after it was made.</summary>
/// <param name="Data">Variables, engine data and what else only some jobs have.</param>
/// <param name="Steps">Every step row there was; a step without one had not begun.</param>
public sealed record JobSnapshot(JobData Data, IReadOnlyList<StepRow> Steps);
