using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine.ControlFlow;

/// <summary>What people do to a job while its loops run, and what a failure leaves behind.</summary>
public sealed class LoopControlTests
{
    [Fact]
    public async Task Cancel_InTheMiddle_LeavesNoStepOpen()
    {
        await using var host = await HostAsync(flow => flow.ForEach("each", new[] { 1, 2, 3 }, body => body.WaitForSignal("w", "go").Then("x", "noop"), maxConcurrency: 2));
        var job = await host.StartAsync("f");
        await host.RunUntilIdleAsync();

        await job.CancelAsync();

        var report = await job.GetStatusAsync();
        report.Status.Should().Be(JobStatus.Cancelled);
        report.Steps.Should().OnlyContain(step => step.Status == StepStatus.Cancelled);
    }

    [Fact]
    public async Task Pause_HoldsRoundsBack_AndResumeGoesOn()
    {
        await using var host = await HostAsync(flow => flow.ForEach("each", new[] { 1, 2 }, body => body.WaitForSignal("w", "go").Then("x", "noop"), maxConcurrency: 1));
        var job = await host.StartAsync("f");
        await host.RunUntilIdleAsync();
        await job.PauseAsync();
        await job.SignalAsync("go", 1);
        await host.RunUntilIdleAsync();
        (await job.GetStatusAsync()).Steps.Should().Contain(step => step.Path == "each[0].w" && step.Status == StepStatus.Pending);

        await job.ResumeAsync();
        await job.SignalAsync("go", 2);

        ForEachTests.Contents(await host.RunToEndAsync(job)).Should().Be("1 2");
    }

    [Fact]
    public async Task Retry_OfAFailedLoop_RepeatsNoRoundThatHasCompleted()
    {
        await using var host = await HostAsync(flow => flow.ForEach("each", new[] { 1, 2, 3 }, body => body.Start("a", "once").Then("b", "flaky"), maxConcurrency: 1));
        var once = host.Fake("once", payload => StepResult.Completed(payload.Data));
        var isBroken = true;
        host.Fake("flaky", payload => isBroken && payload.Get<int>() == 2 ? StepResult.Fail("broken", "no") : StepResult.Completed(payload.Data));
        var job = await host.StartAsync("f");
        (await host.RunToEndAsync(job)).Status.Should().Be(JobStatus.Failed);
        isBroken = false;

        await job.RetryAsync();

        ForEachTests.Contents(await host.RunToEndAsync(job)).Should().Be("1 2 3");
        once.Calls.Select(call => call.Payload.StepPath).Should().Equal("each[0].a", "each[1].a", "each[2].a");
    }

    [Fact]
    public async Task Restore_PutsTheRoundsBack()
    {
        await using var host = await HostAsync(flow => flow.ForEach("each", new[] { 1, 2, 3 }, body => body.WaitForSignal("w", "go"), maxConcurrency: 1));
        var job = await host.StartAsync("f");
        await host.RunUntilIdleAsync();
        await job.SignalAsync("go", "a");
        await host.RunUntilIdleAsync();
        var checkpoint = await job.CreateCheckpointAsync();
        await job.SignalAsync("go", "lost");
        await host.RunUntilIdleAsync();

        await job.RestoreCheckpointAsync(checkpoint.Id);
        await host.RunUntilIdleAsync();
        await job.SignalAsync("go", "b");
        await host.RunUntilIdleAsync();
        await job.SignalAsync("go", "c");

        ForEachTests.Contents(await host.RunToEndAsync(job)).Should().Be("a b c");
    }

    [Fact]
    public async Task Skip_OfAStepInARound_LetsTheRoundGoOn()
    {
        await using var host = await HostAsync(flow => flow.ForEach("each", new[] { 1, 2 }, body => body.WaitForSignal("w", "go").Then("x", "noop")));
        var job = await host.StartAsync("f");
        await host.RunUntilIdleAsync();

        await job.SkipAsync("each[1].w");
        await job.SignalAsync("go", "a");

        (await host.RunToEndAsync(job)).Status.Should().Be(JobStatus.Completed);
        (await ForEachTests.StepsAsync(job)).Should().Contain("each[1].w:skipped each[1].x:completed");
    }

    [Fact]
    public async Task Variables_OfAForEach_EndWithTheirRound_AndAreNotSeenByOthers()
    {
        await using var host = await HostAsync(flow => flow.Variable("n", 0).ForEach("each", new[] { 1, 2 }, body => body
            .Start("s", "set", step => step.With("variables", new { n = "{{ variables.n + loop.item }}" }))
            .Then("t", "set", step => step.With("items", new[] { "{{ variables.n }}" }))));
        var job = await host.StartAsync("f");

        var result = await host.RunToEndAsync(job);

        result.Output.Where(item => item.Origin?.EndsWith(".t", StringComparison.Ordinal) == true).Select(item => item.Content.GetInt32()).Should().Equal(1, 2);
        (await job.GetVariablesAsync())["n"]!.Value.GetInt32().Should().Be(0);
    }

    private static Task<FlowTestHost> HostAsync(Func<FlowBuilder, FlowBuilder> flow) => FlowTestHost.StartAsync(engine => engine
        .AddStep("once", payload => payload.Data)
        .AddStep("flaky", payload => payload.Data)
        .AddFlow("f", builder => flow(builder)));
}
