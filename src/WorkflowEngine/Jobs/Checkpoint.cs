namespace WorkflowEngine;

/// <summary>An immutable deep copy of a job, to which it can be put back (S26). Kept as long as the job.</summary>
/// <param name="Id">Unique; what <c>RestoreCheckpointAsync</c> takes.</param>
/// <param name="Description">What its maker said about it.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Status">Where the job stood.</param>
/// <param name="Percentage">How far it was, 0 to 100.</param>
public sealed record Checkpoint(string Id, string? Description, DateTimeOffset CreatedAt, JobStatus Status, double Percentage);
