using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Makes a flow's output when the machine cannot: from templates, or from several leaves' packets (S9).</summary>
internal static class FlowOutput
{
    /// <summary>In the turn. Takes its snapshot now, makes the output outside, and comes back with <see cref="Conclude"/>.</summary>
    public static void Begin(EngineNode node, FlowRunner runner, JobState state)
    {
        var leaves = JobEnd.LiveLeaves(state, state.Flow.Scope, 0).ConvertAll(leaf => state.Steps[leaf].Output);
        var named = StepTask.Snapshot(state, 0, runner.Flow.OutputSteps);
        var data = state.Data;
        _ = MakeAsync(node, runner, leaves, named, data, state.Creation.Input);
    }

    private static async Task MakeAsync(EngineNode node, FlowRunner runner, List<PacketSlot> leaves, NamedStep[] named, JobData data, PacketSlot input)
    {
        Conclude conclude;
        try
        {
            var owner = new PacketOwner(runner.Facts.FlowId, runner.Id);
            DataPacket packet;
            var shape = OutputShape.Packet;
            if (runner.Flow.Flow.Output is { } template)
            {
                var rendered = await node.Rendering.RenderOutputAsync(runner.Facts, template, data, named, input).ConfigureAwait(false);
                packet = DataPacket.FromInput(rendered);
                shape = ShapeOf(rendered);
            }
            else
            {
                var packets = new List<DataPacket>(leaves.Count);
                foreach (var leaf in leaves)
                {
                    packets.Add(await node.Vault.LoadAsync(leaf).ConfigureAwait(false));
                }

                packet = packets.Count == 0 ? DataPacket.Empty : DataPacket.Merge(packets);
            }

            conclude = new Conclude(await new OutputKeeping(node.Vault, node.Time, node.Log).KeepAsync(owner, "output", packet, runner.Bodies.Token).ConfigureAwait(false), null, shape);
        }
        catch (Exception error)
        {
            var reason = error switch { StepFailedException failed => failed.Reason, DataPacketException packet => packet.Reason, _ => Reasons.DataStorageFailed };
            conclude = new Conclude(default, new StepError(reason, $"The flow's output could not be made: {error.Message}", false, error.ToString()));
        }

        runner.Tell(conclude);
    }

    private static OutputShape ShapeOf(JsonElement value)
        => value.ValueKind == JsonValueKind.Null ? OutputShape.Null
            : value.ValueKind != JsonValueKind.Array ? OutputShape.Value
            : PacketJson.IsPacket(value) ? OutputShape.Packet : OutputShape.List;
}
