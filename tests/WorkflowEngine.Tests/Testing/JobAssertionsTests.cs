using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Testing;

public sealed class JobAssertionsTests
{
    [Fact]
    public async Task Assertions_ThatHold_ReturnTheReport()
    {
        await using var host = await HostAsync();
        var job = await host.StartAsync("mixed", 1);
        await host.RunToEndAsync(job);

        var report = await job.ShouldBeAsync(JobStatus.Failed);

        report.ShouldBe(JobStatus.Failed).ShouldHaveRun("a").ShouldHaveSkipped("b").ShouldHaveFailed("c", "broken").ShouldHaveFailed("c");
        await job.ShouldHaveRunAsync("a");
        await job.ShouldHaveSkippedAsync("b");
        await job.ShouldHaveFailedAsync("c", "broken");
    }

    [Fact]
    public async Task ShouldBe_OtherStatus_ShowsEveryStepAndTheLastEvents()
    {
        await using var host = await HostAsync();
        var job = await host.StartAsync("mixed", 1);
        await host.RunToEndAsync(job);

        var check = () => job.ShouldBeAsync(JobStatus.Completed);

        var text = (await check.Should().ThrowAsync<FlowAssertionException>()).Which.Message.ReplaceLineEndings("\n");
        text.Should().StartWith("The job should be completed, but is failed.\n");
        text.Should().Contain("""
              step  status     attempts  reason
              a     completed         1
              b     skipped           1  skipped_by_step
              c     failed            1  broken: It broke.
              d     blocked           0  predecessor_failed

            """.ReplaceLineEndings("\n").TrimEnd('\n'));
        text.Should().MatchRegex(@"#\d+ 2030-01-01 00:00:00\.000 job\.failed \(broken\): It broke\.$");
    }

    [Fact]
    public async Task ShouldHave_WhatIsNotSo_NamesTheStep()
    {
        await using var host = await HostAsync();
        var job = await host.StartAsync("mixed", 1);
        await host.RunToEndAsync(job);
        var report = await job.GetStatusAsync();

        report.Invoking(it => it.ShouldHaveRun("a", "c", "x")).Should().Throw<FlowAssertionException>().WithMessage("*'c' is failed, 'x' is no step of the flow*");
        report.Invoking(it => it.ShouldHaveSkipped("a")).Should().Throw<FlowAssertionException>().WithMessage("*'a' is completed*");
        report.Invoking(it => it.ShouldHaveFailed("c", "timeout")).Should().Throw<FlowAssertionException>().WithMessage("*with 'timeout', but failed with 'broken'*");
        report.Invoking(it => it.ShouldHaveFailed("a")).Should().Throw<FlowAssertionException>().WithMessage("*'a' should have failed, but is completed*");
    }

    private static Task<FlowTestHost> HostAsync() => FlowTestHost.StartAsync(engine => engine
        .AddStep("skip", _ => StepResult.Skip("not today"))
        .AddStep("break", _ => StepResult.Fail("broken", "It broke."))
        .AddFlow("mixed", flow => flow.Start("a", "noop").Then("b", "skip").Then("c", "break").Then("d", "noop")));
}
