using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Steps;

/// <summary>What a running step is given, and how its type is registered.</summary>
public sealed class PayloadTests
{
    [Fact]
    public async Task Payload_OfARunningStep_HoldsAllThereIsAndReadsTheRestAsEmpty()
    {
        StepPayload? seen = null;
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("look", (payload, _) =>
            {
                seen = payload;
                return StepResult.Completed();
            })
            .AddFlow("look", flow => flow.Start("a", "look", step => step.With("limit", 3))));

        var job = await host.Engine.StartAsync("look", new { title = "x" }, new JobOptions { Actor = "ann", Tenant = "north", EngineData = new { source_url = "https://example.org/" }, Variables = new { depth = 2 } });
        (await job.WaitAsync().Soon()).EnsureSucceeded();

        var status = await job.GetStatusAsync();
        (seen!.JobId, seen.FlowId, seen.FlowVersion, seen.StepId, seen.StepPath).Should().Be((job.Id, "look", status.FlowVersion, "a", "a"));
        (seen.Attempt, seen.Actor, seen.Tenant, seen.Config.Get<int>("limit")).Should().Be((1, "ann", "north", 3));
        seen.Data[0].Content.GetProperty("title").GetString().Should().Be("x");
        (seen.EngineData.Get<string>("source_url"), seen.Variables.Get<int>("depth")).Should().Be(("https://example.org/", 2));
        (seen.EngineData["image_url"], seen.EngineData.Get("image_url", "none"), seen.Config.Get("colour", "none")).Should().Be((null, "none", "none"));
        (seen.Signal, seen.TimedOut, seen.Inputs.Count).Should().Be((null, false, 0));
        seen.IdempotencyKey.Should().Contain(job.Id.ToString()).And.NotBe(seen.IdempotencyKeyFor("mail"));
        seen.Services.GetRequiredService<IWorkflowEngine>().Should().BeSameAs(host.Engine);
    }

    [Fact]
    public async Task Registry_OfSeveralTypes_ListsThemByPositionWithTheirNames()
    {
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("late", (_, _) => StepResult.Completed(), step => step.Name("Comes late").Position(20))
            .AddStep("early", (_, _) => StepResult.Completed(), step => step.Name("Comes early").Position(-10))
            .AddStep("plain", (_, _) => StepResult.Completed()));

        var mine = host.Node.Registry.All.Where(step => step.Type is "late" or "early" or "plain").Select(step => (step.Type, step.Name, step.Position));

        mine.Should().Equal(("early", "Comes early", -10), ("late", "Comes late", 20), ("plain", "plain", 100));
    }

    [Fact]
    public async Task Variables_OfOneStep_ReachTheNextWithKindAndSourceAndNoOtherJob()
    {
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("write", (payload, _) =>
            {
                payload.SetVariable("total", payload.Get<int>(), VariableKind.Output);
                payload.SetEngineData("source_url", "https://example.org/");
                return StepResult.Completed(payload.Data);
            })
            .AddStep("read", (payload, _) => DataPacket.Of($"{payload.Variables.Get<int>("total")} {payload.EngineData.Get<string>("source_url")}"))
            .AddFlow("pass", flow => flow.Start("a", "write").Then("b", "read")));
        var first = await host.Engine.StartAsync("pass", DataPacket.Of(1));
        var second = await host.Engine.StartAsync("pass", DataPacket.Of(2));

        await Task.WhenAll(first.WaitAsync(), second.WaitAsync()).Soon();

        (await first.GetOutputAsync<string>().Soon()).Should().Be("1 https://example.org/");
        (await second.GetOutputAsync<string>().Soon()).Should().Be("2 https://example.org/");

        var variable = (await first.GetVariablesAsync()).Values["total"];
        (variable.Value.GetInt32(), variable.Kind, variable.SourceStep).Should().Be((1, VariableKind.Output, "a"));
        (await second.GetVariablesAsync())["total"]!.Value.GetInt32().Should().Be(2);
    }
}
