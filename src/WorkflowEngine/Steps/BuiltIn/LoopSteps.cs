using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>What <see cref="ForEachStep"/> goes through.</summary>
internal sealed record ForEachConfig
{
    /// <summary>A list, or a packet: then its items.</summary>
    public JsonElement? Items { get; init; }

    /// <summary>How many rounds are open at the same time; left out: as many steps as the job may run.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>A failed round becomes an item of type <c>error</c> in the output, and the loop goes on.</summary>
    public bool ContinueOnError { get; init; }

    /// <summary>Each round as a job of its own, on any node.</summary>
    public bool Distribute { get; init; }
}

/// <summary>
/// Runs its body once per item (S17). The body of this step only begins and ends the loop: its first leg fixes the list, and a later one, once rounds have ended, hands their outputs on
/// in the order of the items. The rounds between are the machine's.
/// </summary>
internal sealed class ForEachStep : IStep
{
    public const string Word = "for_each";

    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        if (payload.Loop is { IsFirst: false } leg)
        {
            return leg.Failure is { } failure ? LoopLeg.Failed(failure) : leg.IsOver ? StepResult.Completed(payload.Data) : StepResult.Rounds(payload.Data, payload.Detail!.Loop!);
        }

        if (payload.Config.Get<ForEachConfig>().Items is not { ValueKind: JsonValueKind.Array } list)
        {
            return StepResult.Fail(Reasons.NotAList, $"'items' of step '{payload.StepId}' is no list.", retryable: false);
        }

        var items = DataPacket.FromInput(list);
        return items.Count == 0
            ? StepResult.Completed(DataPacket.Empty)
            : StepResult.Rounds(items, new LoopCursor { Total = items.Count, IsPlain = !IsPacket(list) });
    }

    /// <summary>Elements of a plain list are wrapped as items to be kept; a round sees them as they were.</summary>
    private static bool IsPacket(JsonElement list)
        => list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object && item.TryGetProperty("type", out _) && item.TryGetProperty("content", out _));
}

/// <summary>When <see cref="WhileStep"/> goes on: one of the two, a condition over the output of the latest round, or the loop's input before the first one.</summary>
internal sealed record WhileConfig
{
    /// <summary>Before a round: goes on while it holds.</summary>
    public string? While { get; init; }

    /// <summary>After a round: ends once it holds.</summary>
    public string? Until { get; init; }

    /// <summary>How many rounds it may take; default 1000.</summary>
    public int? MaxIterations { get; init; }
}

/// <summary>Runs its body round after round (S18). A leg between two rounds asks the condition; the output is that of the last round, or the input where there was none.</summary>
internal sealed class WhileStep : IStep
{
    public const string Word = "while";
    public const string Until = "until";

    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        if (payload.Loop?.Failure is { } failure)
        {
            return LoopLeg.Failed(failure);
        }

        var cursor = payload.Detail?.Loop ?? new LoopCursor();
        var condition = payload.Cases![0];
        var goesOn = condition.Port == Word ? condition.Holds() : cursor.Opened == 0 || !condition.Holds();
        if (!goesOn)
        {
            return StepResult.Completed(payload.Data);
        }

        return cursor.Opened >= payload.Loop!.MaxIterations
            ? StepResult.Fail(Reasons.LimitExceeded, $"Loop '{payload.StepId}' did not end within its {payload.Loop.MaxIterations} rounds. Raise max_iterations if it may take more.", retryable: false)
            : StepResult.Rounds(cursor.Opened == 0 ? payload.Data : null, cursor);
    }
}

/// <summary>What a leg of a loop is told about its rounds.</summary>
/// <param name="IsOver">Every round has ended.</param>
/// <param name="Failure">Why a round failed that ends the loop.</param>
internal sealed record LoopLeg(bool IsOver, StepError? Failure)
{
    /// <summary>The leg before any round.</summary>
    public static LoopLeg First { get; } = new(false, null) { IsFirst = true };

    public bool IsFirst { get; private init; }

    /// <summary>How many rounds a <c>while</c> may take.</summary>
    public int MaxIterations { get; init; }

    /// <summary>Never retried: the step in the round had its attempts.</summary>
    public static StepResult Failed(StepError failure) => StepResult.Fail(failure.Reason, failure.Message, retryable: false, failure.Details);
}
