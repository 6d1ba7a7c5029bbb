using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine.ControlFlow;

/// <summary>The built-in steps that wait (S16): for a time, a signal or a person. They hold no slot meanwhile.</summary>
public sealed class WaitingStepTests
{
    [Fact]
    public async Task Delay_WaitsItsTimeAndHandsItsInputOn()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine.AddFlow("f", flow => flow.Delay("d", TimeSpan.FromHours(3)).Then("b", "noop")));
        var job = await host.StartAsync("f", "hello");

        await host.AdvanceAsync(TimeSpan.FromHours(3) - TimeSpan.FromSeconds(1));
        (await job.GetStatusAsync()).Status.Should().Be(JobStatus.Waiting);
        await host.AdvanceAsync(TimeSpan.FromSeconds(2));

        (await job.GetOutputAsync<string>()).Should().Be("hello");
    }

    [Theory]
    [InlineData("2000-01-01T00:00:00Z", 0)]
    [InlineData("{{ variables.at }}", 24)]
    public async Task DelayUntil_EndsAtThatTime(string until, int hours)
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine.AddFlow("f", flow => flow.Start("d", "delay", step => step.With("until", until))));
        var began = host.Time.GetUtcNow();

        var job = await host.StartAsync("f", options: new JobOptions { Variables = new { at = began.AddHours(24) } });
        await host.RunToEndAsync(job);

        (host.Time.GetUtcNow() - began).Should().BeCloseTo(TimeSpan.FromHours(hours), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task WaitForSignal_HandsTheValueOn_AlsoOneThatCameBefore()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine.AddFlow("f", flow => flow.Delay("d", TimeSpan.FromHours(1)).WaitForSignal("w", "paid", TimeSpan.FromDays(1))));
        var job = await host.StartAsync("f");
        await job.SignalAsync("paid", new { amount = 12 });

        var result = await host.RunToEndAsync(job);

        result.Output.Should().ContainSingle().Which.Content.GetProperty("amount").GetInt32().Should().Be(12);
    }

    [Theory]
    [InlineData(true, JobStatus.Completed, null)]
    [InlineData(false, JobStatus.Failed, "timed_out")]
    public async Task WaitForSignal_Unanswered_LeavesByItsPortOrFails(bool hasPort, JobStatus end, string? reason)
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine.AddFlow("f", flow =>
        {
            flow.WaitForSignal("w", "paid", TimeSpan.FromDays(1)).Then("paid", "noop");
            _ = hasPort ? flow.Step("late", "noop", [], step => step.After("w", "timed_out")) : flow;
        }));

        var result = await host.RunAsync("f");

        (result.Status, result.Reason).Should().Be((end, reason));
    }

    [Fact]
    public async Task Approval_ThatIsApproved_GoesOnWithTheDecision()
    {
        await using var host = await FlowTestHost.StartAsync(Ask);
        var job = await host.StartAsync("f");
        await host.RunUntilIdleAsync();

        await job.ApproveAsync("release", new ControlOptions { Actor = "ada", Note = "fine" });
        var result = await host.RunToEndAsync(job);

        var decision = result.Output.Should().ContainSingle().Which.Content;
        decision.GetProperty("decision").GetString().Should().Be("approved");
        decision.GetProperty("actor").GetString().Should().Be("ada");
        decision.GetProperty("note").GetString().Should().Be("fine");
    }

    [Fact]
    public async Task Approval_ThatIsRejected_NeverPassesForAnApproval()
    {
        await using var host = await FlowTestHost.StartAsync(Ask);
        var job = await host.StartAsync("f");

        await job.RejectAsync("release");
        var result = await host.RunToEndAsync(job);

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, "rejected"));
    }

    [Fact]
    public async Task Approval_WithOtherAnswers_StaysAndStillEndsAtItsTime()
    {
        await using var host = await FlowTestHost.StartAsync(Ask);
        var job = await host.StartAsync("f");
        await host.AdvanceAsync(TimeSpan.FromHours(20));

        await job.SignalAsync("release", "perhaps");
        await job.SignalAsync("release", new { decision = 1 });
        await host.AdvanceAsync(TimeSpan.FromHours(3));
        (await job.GetStatusAsync()).Status.Should().Be(JobStatus.Waiting);
        await host.AdvanceAsync(TimeSpan.FromHours(2));

        (await job.GetStatusAsync()).Reason.Should().Be("timed_out");
    }

    [Fact]
    public async Task EveryCommitOfWaitingSteps_SurvivesACrash()
    {
        var crashes = await FlowTestHost.CrashAtEveryCommitAsync(
            engine => engine.AddFlow("f", flow => flow.Delay("d", TimeSpan.FromDays(2)).WaitForSignal("w", "go").Approval("a", "release").Then("end", "noop")),
            "f",
            input: null,
            result => result.Status.Should().Be(JobStatus.Completed),
            async (host, job) =>
            {
                await job.SignalAsync("go", 1, new SignalOptions { DedupeKey = "go" });
                await job.SignalAsync("release", "approved", new SignalOptions { DedupeKey = "yes" });
            });

        crashes.Should().BeGreaterThan(8);
    }

    [Theory]
    [InlineData("""{ "id": "s", "type": "delay" }""", "$.steps[0].config", "either 'duration' or 'until'")]
    [InlineData("""{ "id": "s", "type": "delay", "config": { "duration": "1s", "until": "2027-01-01T00:00:00Z" } }""", "$.steps[0].config", "either 'duration' or 'until'")]
    [InlineData("""{ "id": "s", "type": "delay", "config": { "duration": "soon" } }""", "$.steps[0].config.duration", "no duration")]
    [InlineData("""{ "id": "s", "type": "delay", "config": { "until": "noon" } }""", "$.steps[0].config.until", "no time")]
    [InlineData("""{ "id": "s", "type": "wait_for_signal", "config": { "timeout": "1h" } }""", "$.steps[0].config.signal", "needs the member 'signal'")]
    [InlineData("""{ "id": "s", "type": "wait_for_signal", "config": { "signal": " " } }""", "$.steps[0].config.signal", "empty")]
    [InlineData("""{ "id": "s", "type": "approval", "config": { "name": "x", "timeout": "never" } }""", "$.steps[0].config.timeout", "no duration")]
    [InlineData("""{ "id": "s", "type": "approval", "config": { "name": "x" } }, { "id": "t", "type": "noop", "after": [ { "step": "s", "port": "maybe" } ] }""", "$.steps[1].after[0].port", "have no port 'maybe'")]
    public void StepThatIsWrong_IsReportedWithItsPlace(string steps, string path, string says)
        => EdgeTests.Problems($$"""{ "id": "f", "steps": [ {{steps}} ] }""")
            .Should().Contain(problem => problem.Path == path && problem.Message.Contains(says, StringComparison.Ordinal));

    private static void Ask(IWorkflowEngineBuilder engine) => engine.AddFlow("f", flow => flow.Approval("ask", "release", "Release it?", TimeSpan.FromDays(1)).Then("release", "noop"));
}
