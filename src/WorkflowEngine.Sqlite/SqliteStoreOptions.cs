namespace WorkflowEngine;

/// <summary>How the SQLite store keeps its file.</summary>
public sealed record SqliteStoreOptions
{
    /// <summary>For example <c>Data Source=workflow.db</c>.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>False: the last commits before a power failure may be lost, never the file. Default true: every acknowledged commit survives.</summary>
    public bool FullSynchronisation { get; init; } = true;

    /// <summary>Bring the schema up to date when the file is opened. Default true.</summary>
    public bool AutoMigrate { get; init; } = true;
}
