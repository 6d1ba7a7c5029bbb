using System.Collections.Immutable;
using System.Text.Json;

namespace WorkflowEngine.Storage;

/// <summary>A step's row. A step has one only once it has something to keep: <c>pending</c> and <c>waiting_inputs</c> are derived.</summary>
public struct StepRow
{
    private byte _status;
    private ushort _attempt;

    /// <summary>The step's path: its id, or <c>each[3].resize</c> in a loop's round. With the job's id it is the key.</summary>
    public string Path { get; set; }

    /// <summary>The position of the step in its flow; a step that code runs comes after the flow's own, in order of first start.</summary>
    public int Index { get; set; }

    /// <summary>Where the step stands. <c>Pending</c> is stored only for a step that is ready again, or was reset.</summary>
    public StepStatus Status
    {
        readonly get => (StepStatus)_status;
        set => _status = (byte)value;
    }

    /// <summary>True when the step completed without items (S10): its edges are dead.</summary>
    public bool NoItems { get; set; }

    /// <summary>Attempts made; 0: none. At most 1000 (S11).</summary>
    public int Attempt
    {
        readonly get => _attempt;
        set => _attempt = checked((ushort)value);
    }

    /// <summary>UTC ticks of the latest start; 0: not yet.</summary>
    public long StartedAt { get; set; }

    /// <summary>UTC ticks of the end; 0: not yet.</summary>
    public long CompletedAt { get; set; }

    /// <summary>What the step hands on.</summary>
    public PacketSlot Output { get; set; }

    /// <summary>Null while everything in it is at its default.</summary>
    public StepDetail? Detail { get; set; }
}

/// <summary>What only some steps have. Immutable: a change makes a new one.</summary>
public sealed record StepDetail
{
    /// <summary>Nothing.</summary>
    public static StepDetail None { get; } = new();

    /// <summary>The ports on which the step completed; null: just <c>done</c>.</summary>
    public IReadOnlyList<string>? Ports { get; init; }

    /// <summary>The verdicts of the conditions on its outgoing edges, by position; null: no conditions.</summary>
    public IReadOnlyList<bool>? Verdicts { get; init; }

    /// <summary>Why the latest attempt failed.</summary>
    public StepError? Error { get; init; }

    /// <summary>The snake_case reason of a skip, block or cancel.</summary>
    public string? Reason { get; init; }

    /// <summary>UTC ticks at which a waiting step goes on; 0: no time limit.</summary>
    public long DueAt { get; init; }

    /// <summary>The signal that a waiting step waits for.</summary>
    public string? Signal { get; init; }

    /// <summary>The signal that came, for the next leg.</summary>
    public JsonElement? SignalValue { get; init; }

    /// <summary>True when the wait ran out, for the next leg.</summary>
    public bool TimedOut { get; init; }

    /// <summary>What <c>RunAgain</c> handed on.</summary>
    public JsonElement? State { get; init; }

    /// <summary>How often the step has been called again after a wait.</summary>
    public int Leg { get; init; }

    /// <summary>Rises on restore and after compensation: a new idempotency key (G2).</summary>
    public int Generation { get; init; }

    /// <summary>Attempts made before the latest reset; their history is in the events.</summary>
    public int EarlierAttempts { get; init; }

    /// <summary>For a step that code runs: its name for people.</summary>
    public string? Name { get; init; }

    /// <summary>For a step that code runs: what recovery did for it, for people.</summary>
    public string? Recovery { get; init; }

    /// <summary>For <c>any</c> and <c>count</c> joins: which incoming edges were live when it fired, so that every attempt gets the same inputs (S11).</summary>
    public IReadOnlyList<int>? FiredBy { get; init; }

    /// <summary>For a loop: how far it is. Small, whatever the number of its rounds.</summary>
    public LoopCursor? Loop { get; init; }

    /// <summary>For a round of a loop: the variables that live in it, and end with it (S18).</summary>
    public ImmutableDictionary<string, JobVariable>? Variables { get; init; }

    /// <summary>For a round of a loop that keeps the outputs of those after it too: how many rounds in all; 0: only its own.</summary>
    public int Covers { get; init; }
}

/// <summary>How far a loop is.</summary>
public sealed record LoopCursor
{
    /// <summary>How many rounds there will be; 0: not known before the end.</summary>
    public int Total { get; init; }

    /// <summary>How many rounds have begun.</summary>
    public int Opened { get; init; }

    /// <summary>The list was one of plain values, not of a packet's items.</summary>
    public bool IsPlain { get; init; }
}
