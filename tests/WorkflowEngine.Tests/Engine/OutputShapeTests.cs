using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

/// <summary>What a flow's output was before it became a packet is kept with the job, over exports too.</summary>
public sealed class OutputShapeTests
{
    [Theory]
    [InlineData("\"{{ variables.one }}\"", OutputShape.List, 1)]
    [InlineData("\"{{ variables.none }}\"", OutputShape.Null, 0)]
    [InlineData("\"{{ variables.empty }}\"", OutputShape.Packet, 0)]
    [InlineData("\"{{ variables.number }}\"", OutputShape.Value, 1)]
    [InlineData("[ 1, \"{{ variables.number }}\" ]", OutputShape.List, 2)]
    [InlineData("{ \"a\": [ 1 ] }", OutputShape.Value, 1)]
    [InlineData("\"{{ steps.a.output }}\"", OutputShape.Packet, 1)]
    [InlineData(null, OutputShape.Packet, 1)]
    public async Task Output_OfEveryShape_IsMarkedWithItsOwn(string? output, OutputShape shape, int items)
    {
        var declared = output is null ? string.Empty : $$""", "output": {{output}}""";
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("work", (_, _) => DataPacket.Of("fine"))
            .AddFlow(FlowDefinition.Parse($$"""{ "id": "shaped", "variables": { "one": [7], "none": null, "empty": [], "number": 7 }, "steps": [ { "id": "a", "type": "work" } ]{{declared}} }""")));

        var job = await host.Engine.StartAsync("shaped");
        var result = await job.WaitAsync().Soon();

        (result.Status, result.Output.Count).Should().Be((JobStatus.Completed, items));
        (await job.GetStatusAsync()).OutputShape.Should().Be(shape);
        var exported = JsonElement.Parse((await job.ExportAsync()).ToJson()).GetProperty("head");
        (exported.TryGetProperty("data", out var data) && data.TryGetProperty("output_shape", out _)).Should().Be(shape != OutputShape.Packet);
    }
}
