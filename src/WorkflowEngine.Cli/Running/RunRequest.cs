namespace WorkflowEngine.Cli;

/// <summary>What <c>wf run</c> was asked to do.</summary>
/// <param name="Path">The flow's file, for messages.</param>
/// <param name="Text">What it holds.</param>
internal sealed record RunRequest(string Path, string Text)
{
    /// <summary>Null: none.</summary>
    public DataPacket? Input { get; init; }

    /// <summary>As typed: <c>k=v</c> or <c>k:=JSON</c>.</summary>
    public IReadOnlyList<string> Variables { get; init; } = [];

    public StoreAddress Store { get; init; } = new(DatabaseFile: null);

    public string? Key { get; init; }

    /// <summary>The folder of large packets; null: beside the SQLite file, for memory a temporary one.</summary>
    public string? Packets { get; init; }

    public int? MaxConcurrency { get; init; }

    public bool IsStepping { get; init; }

    /// <summary>Start the job for any worker, and end.</summary>
    public bool IsDetached { get; init; }

    public bool UntilIdle { get; init; }

    public bool IsJson { get; init; }

    /// <summary>The events file; null: none.</summary>
    public string? Events { get; init; }

    public bool IsQuiet { get; init; }
}
