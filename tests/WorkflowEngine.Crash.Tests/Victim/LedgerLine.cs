using System.Text.Json.Serialization;

namespace WorkflowEngine.Crash;

/// <summary>One line of the ledger: an effect of a step, the acceptance of a job, or a sign that a victim came to a certain point.</summary>
public sealed record LedgerLine
{
    public const string Effect = "effect";
    public const string Accepted = "accepted";
    public const string Existed = "existed";

    public string Kind { get; init; } = Effect;

    /// <summary>Which life of the victim left it.</summary>
    public int Life { get; init; }

    public string? Job { get; init; }

    public string? Flow { get; init; }

    /// <summary>The number that the job was started with: all that its results depend on.</summary>
    public int Number { get; init; }

    public string? Path { get; init; }

    public int Attempt { get; init; }

    public int Epoch { get; init; }

    public string? Key { get; init; }

    /// <summary>The committed results of the predecessors that the step was given.</summary>
    public IReadOnlyList<Mark> Seen { get; init; } = [];

    /// <summary>What the step made of them.</summary>
    public string? Result { get; init; }

    /// <summary>When the ledger kept it, on the machine's monotonic clock.</summary>
    [JsonIgnore]
    public long At { get; init; }
}

/// <summary>What a step hands on: its result, and which owner and attempt made it, so that the judge can tell whose outcome was committed.</summary>
public sealed record Mark(string Step, string Result, int Epoch, int Attempt)
{
    /// <summary>Ballast that makes a packet large.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Ballast { get; init; }
}
