using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine.ControlFlow;

/// <summary>Round after round as long as a condition says so (S18).</summary>
public sealed class WhileTests
{
    [Fact]
    public async Task While_ConditionHolds_HandsTheRoundsOutputOnToTheNext()
    {
        await using var host = await HostAsync(flow => flow.While("loop", "input[0].content < 5", body => body.Start("a", "add")));

        ForEachTests.Contents(await host.RunAsync("f", 1)).Should().Be("5");
    }

    [Fact]
    public async Task While_NeverTrue_HandsItsInputOn()
    {
        await using var host = await HostAsync(flow => flow.While("loop", "input[0].content < 0", body => body.Start("a", "add")));
        var job = await host.StartAsync("f", 1);

        ForEachTests.Contents(await host.RunToEndAsync(job)).Should().Be("1");
        (await ForEachTests.StepsAsync(job)).Should().Be("loop:completed");
    }

    [Fact]
    public async Task Until_RunsAtLeastOnce()
    {
        await using var host = await HostAsync(flow => flow.Until("loop", "true", body => body.Start("a", "add")));

        ForEachTests.Contents(await host.RunAsync("f", 1)).Should().Be("2");
    }

    [Theory]
    [InlineData(10, JobStatus.Completed)]
    [InlineData(9, JobStatus.Failed)]
    public async Task MaxIterations_Exceeded_Fails(int most, JobStatus end)
    {
        await using var host = await HostAsync(flow => flow.While("loop", "input[0].content < 10", body => body.Start("a", "add"), maxIterations: most));

        var result = await host.RunAsync("f", 0);

        result.Status.Should().Be(end);
        result.Reason.Should().Be(end == JobStatus.Failed ? "limit_exceeded" : null);
    }

    [Fact]
    public async Task Variables_ThatExistOutside_AreWrittenThrough_OthersEndWithTheRound()
    {
        await using var host = await HostAsync(flow => flow.Variable("n", 0).While("loop", "variables.n < 3", body => body
            .Start("s", "set", step => step.With("variables", new { n = "{{ variables.n + 1 }}", mine = "{{ variables.n }}" }))
            .Then("t", "set", step => step.With("items", new[] { "{{ variables.mine }}" }))));
        var job = await host.StartAsync("f", 1);

        (await host.RunToEndAsync(job)).Output[0].Content.GetInt32().Should().Be(2);
        (await job.GetVariablesAsync()).Values.Keys.Should().Equal("n");
    }

    [Fact]
    public async Task ManyRounds_KeepTwo()
    {
        await using var host = await HostAsync(flow => flow.While("loop", "input[0].content < 900", body => body.Start("a", "add")));
        var job = await host.StartAsync("f", 0);

        ForEachTests.Contents(await host.RunToEndAsync(job)).Should().Be("900");
        (await ForEachTests.StepsAsync(job)).Should().Be("loop:completed loop[898].a:completed loop[899].a:completed");
    }

    [Fact]
    public async Task Crash_AtEveryCommit_LosesNoRound()
        => await FlowTestHost.CrashAtEveryCommitAsync(
            engine => Configure(engine, flow => flow.While("loop", "input[0].content < 4", body => body.Start("a", "add").Then("b", "add"))),
            "f",
            0,
            result => ForEachTests.Contents(result).Should().Be("4"));

    private static Task<FlowTestHost> HostAsync(Func<FlowBuilder, FlowBuilder> flow) => FlowTestHost.StartAsync(engine => Configure(engine, flow));

    private static void Configure(IWorkflowEngineBuilder engine, Func<FlowBuilder, FlowBuilder> flow)
        => engine.AddStep("add", payload => DataPacket.Of(payload.Get<int>() + 1)).AddFlow("f", builder => flow(builder));
}
