using System.Collections.Immutable;
using System.Text.Json;

namespace WorkflowEngine.Storage;

/// <summary>The part of a job's row that changes. A transition carries the whole new value.</summary>
public struct JobHead
{
    /// <summary>Where the job stands.</summary>
    public JobStatus Status { get; set; }

    /// <summary>A person asked that nothing new starts.</summary>
    public bool Paused { get; set; }

    /// <summary>The job is walked step by step.</summary>
    public bool StepMode { get; set; }

    /// <summary>The job's attempt: 1, and one more each time a failed job is reopened.</summary>
    public int Attempt { get; set; }

    /// <summary>Rises by one with every transition.</summary>
    public long Version { get; set; }

    /// <summary>The sequence number of the job's last event.</summary>
    public long Sequence { get; set; }

    /// <summary>UTC ticks; 0: not yet.</summary>
    public long StartedAt { get; set; }

    /// <summary>UTC ticks; 0: not yet.</summary>
    public long CompletedAt { get; set; }

    /// <summary>UTC ticks at which something is due though nothing runs; 0: nothing.</summary>
    public long DueAt { get; set; }

    /// <summary>0 to 100; 100 only at success.</summary>
    public float Percentage { get; set; }

    /// <summary>How many steps completed.</summary>
    public int Completed { get; set; }

    /// <summary>How many steps there are.</summary>
    public int Total { get; set; }

    /// <summary>The flow's output once the job ended well.</summary>
    public PacketSlot Output { get; set; }

    /// <summary>Null while everything in it is empty.</summary>
    public JobData? Data { get; set; }
}

/// <summary>What only some jobs have. Immutable: a change makes a new one.</summary>
public sealed record JobData
{
    /// <summary>Nothing.</summary>
    public static JobData None { get; } = new();

    /// <summary>The snake_case reason why the job ended or will end as it does.</summary>
    public string? Reason { get; init; }

    /// <summary>The same for people.</summary>
    public string? Message { get; init; }

    /// <summary>The end that was decided while steps still run (S8); null: none.</summary>
    public JobStatus? Ending { get; init; }

    /// <summary>What the flow's declared output was before it was wrapped as a packet.</summary>
    public OutputShape OutputShape { get; init; }

    /// <summary>Variables by name.</summary>
    public ImmutableDictionary<string, JobVariable> Variables { get; init; } = JobVariable.None;

    /// <summary>Engine data by name.</summary>
    public ImmutableDictionary<string, JsonElement> EngineData { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;

    /// <summary>Signals that no step has taken yet, in order of arrival.</summary>
    public ImmutableList<BufferedSignal> Signals { get; init; } = [];

    /// <summary>The stored text in place of all else, where it could not be read: kept, so that nothing is lost by trying.</summary>
    public string? Damaged { get; init; }

    /// <summary>The dedupe keys of signals that came.</summary>
    public ImmutableHashSet<string> SignalKeys { get; init; } = [];

    /// <summary>Rises with every restore and is given to each step that is open after it (G2).</summary>
    public int Generation { get; init; }
}

/// <summary>A signal that came before a step waited for it.</summary>
/// <param name="Name">The signal's name.</param>
/// <param name="Value">What it carries.</param>
public sealed record BufferedSignal(string Name, JsonElement Value);
