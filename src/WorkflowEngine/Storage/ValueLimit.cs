using System.Runtime.InteropServices;
using System.Text.Json;

namespace WorkflowEngine.Storage;

/// <summary>What a store asks before it writes a transition: is every value small enough for it? Reckoned from lengths that are known, so that nothing large is written to find out.</summary>
public static class ValueLimit
{
    /// <summary>The refusal of a transition that carries a value above the limit, naming it and its size; null when there is none.</summary>
    /// <param name="transition">The transition.</param>
    /// <param name="maxBytes">The store's <see cref="StoreTraits.MaxValueBytes"/>.</param>
    /// <param name="known">The job's data as the store has it already: the same again is not reckoned again.</param>
    public static CommitVerdict? Refuse(JobTransition transition, long maxBytes, JobData? known = null)
    {
        ArgumentNullException.ThrowIfNull(transition);
        if (FindIn(transition.Steps, maxBytes) is { } inSteps)
        {
            return Refused(inSteps);
        }

        var fault = Check("The job's input", BytesOf(transition.Creation?.Input ?? default), maxBytes)
            ?? Check("The flow's output", BytesOf(transition.Head.Output), maxBytes)
            ?? (ReferenceEquals(transition.Head.Data, known) ? null : FindIn(transition.Head.Data, maxBytes))
            ?? FindIn(transition.Checkpoints, maxBytes);
        return fault is null ? null : Refused(fault);
    }

    private static string? FindIn(ReadOnlySpan<StepRow> steps, long maxBytes)
    {
        foreach (ref readonly var row in steps)
        {
            var fault = Check($"The output of step '{row.Path}'", BytesOf(row.Output), maxBytes) ?? Check($"The state of step '{row.Path}'", BytesOf(row.Detail), maxBytes);
            if (fault is not null)
            {
                return fault;
            }
        }

        return null;
    }

    /// <summary>A job's data is one value of the store; what to name is its largest part.</summary>
    private static string? FindIn(JobData? data, long maxBytes)
    {
        if (data is null)
        {
            return null;
        }

        var (whole, largest, name) = (0L, 0L, string.Empty);
        foreach (var (part, bytes) in PartsOf(data))
        {
            whole += bytes;
            (largest, name) = bytes > largest ? (bytes, part) : (largest, name);
        }

        return whole <= maxBytes ? null
            : $"The job's variables, engine data and signals together have {whole} bytes, more than the {maxBytes} that this store takes in one value; the largest is {name} with {largest}.";
    }

    private static string? FindIn(IReadOnlyList<StoredCheckpoint> checkpoints, long maxBytes)
    {
        for (var i = 0; i < checkpoints.Count; i++)
        {
            if (checkpoints[i].Snapshot is { } kept
                && Check($"Checkpoint '{checkpoints[i].Id}'", PartsOf(kept.Data).Sum(part => part.Bytes) + kept.Steps.Sum(row => BytesOf(row.Output) + BytesOf(row.Detail)), maxBytes) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private static IEnumerable<(string Name, long Bytes)> PartsOf(JobData data)
        => data.Variables.Values.Select(variable => ($"variable '{variable.Name}'", BytesOf(variable.Value)))
            .Concat(data.EngineData.Select(pair => ($"engine data '{pair.Key}'", BytesOf(pair.Value))))
            .Concat(data.Signals.Select(signal => ($"signal '{signal.Name}'", BytesOf(signal.Value))));

    private static long BytesOf(PacketSlot slot) => slot.Packet?.StoredBytes ?? 0;

    private static long BytesOf(StepDetail? detail) => detail is null ? 0 : BytesOf(detail.State) + BytesOf(detail.SignalValue);

    private static long BytesOf(JsonElement? value) => value is { } json ? JsonMarshal.GetRawUtf8Value(json).Length : 0;

    private static string? Check(string what, long bytes, long maxBytes)
        => bytes <= maxBytes ? null : $"{what} has {bytes} bytes, more than the {maxBytes} that this store takes in one value.";

    private static CommitVerdict Refused(string message) => new(CommitResult.Refused, Message: message);
}
