using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>What a step in a round is told of it, taken in the turn.</summary>
/// <param name="Index">The round's number, from 0 on.</param>
/// <param name="Cursor">The loop's.</param>
/// <param name="Items">The list of a <c>for_each</c>.</param>
/// <param name="Before">For the roots of a <c>while</c>'s body: what the round before handed on, or the loop's input.</param>
internal sealed record RoundFacts(int Index, LoopCursor Cursor, LoopItems? Items, PacketSlot[]? Before)
{
    public static RoundFacts Of(JobState state, Round round, bool isRoot)
    {
        var run = round.Loop!;
        return new RoundFacts(round.Number, state.Steps[run.Slot].DetailOrNone.Loop!, run.Items, isRoot && run.Items is null ? HandedOn(state, run, round) : null);
    }

    /// <summary>What comes in at the round's roots: its item, or what the round before handed on.</summary>
    public async ValueTask<DataPacket> InputAsync(PacketVault vault)
        => Items is not null ? DataPacket.Wrap([(await LoadAsync(Items, vault).ConfigureAwait(false))[Index]]) : await JoinAsync(vault, Before ?? []).ConfigureAwait(false);

    public static async ValueTask<DataPacket> LoadAsync(LoopItems items, PacketVault vault)
        => items.Loaded ??= await vault.LoadAsync(items.Slot).ConfigureAwait(false);

    /// <summary>One after the other. Not merged: what two rounds hand on are two items, even when they are alike.</summary>
    public static async ValueTask<DataPacket> JoinAsync(PacketVault vault, PacketSlot[] slots)
    {
        var items = new List<DataItem>();
        foreach (var slot in slots)
        {
            items.AddRange(await vault.LoadAsync(slot).ConfigureAwait(false));
        }

        return DataPacket.Wrap([.. items]);
    }

    /// <summary>What <c>loop</c> has.</summary>
    public ExpressionValue? Find(string name, DataPacket? items) => name switch
    {
        "index" => ExpressionValue.Of((long)Index),
        "first" => ExpressionValue.Of(Index == 0),
        "total" when Items is not null => ExpressionValue.Of((long)Cursor.Total),
        "last" when Items is not null => ExpressionValue.Of(Index == Cursor.Total - 1),
        "item" when items is not null => Cursor.IsPlain ? ExpressionValue.Of(items[Index].Content) : new PacketList(items)[Index],
        _ => null,
    };

    private static PacketSlot[] HandedOn(JobState state, LoopRun run, Round round)
        => run.Rounds.FindIndex(other => other == round) is > 0 and var at ? [.. LoopRounds.OutputsOf(state, run.Rounds[at - 1])] : [state.Steps[run.Slot].Output];
}
