using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

public sealed class RouteTests
{
    [Fact]
    public async Task RunAsync_ChainOfSteps_RunsEachOnceInOrder()
    {
        var ran = new List<string>();
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("note", (payload, _) =>
            {
                lock (ran)
                {
                    ran.Add(payload.StepId);
                }

                return StepResult.Completed(payload.Data.Prepend(payload.StepId));
            })
            .AddFlow("chain", flow => flow.Start("a", "note").Then("b", "note").Then("c", "note")));

        var result = await host.Engine.RunAsync("chain", DataPacket.Of("in"));

        result.Status.Should().Be(JobStatus.Completed);
        ran.Should().Equal("a", "b", "c");
        result.Output.Select(item => item.Get<string>()).Should().Equal("c", "b", "a", "in");
    }

    [Fact]
    public async Task RunAsync_FanOutAndJoin_GivesEachInputOnce()
    {
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("note", (payload, _) => payload.Data.Prepend(payload.StepId))
            .AddFlow("diamond", flow => flow
                .Start("a", "note")
                .Step("b", "note", after: ["a"])
                .Step("c", "note", after: ["a"])
                .Join("d", "note", after: ["b", "c"])));

        var result = await host.Engine.RunAsync("diamond");

        result.Output.Select(item => item.Get<string>()).Should().Equal("d", "b", "a", "c");
        var status = await host.Engine.GetJob(result.Id).GetStatusAsync();
        status.Progress.Percentage.Should().Be(100);
        status.Steps.Should().OnlyContain(step => step.Status == StepStatus.Completed && step.Attempts == 1);
    }

    [Fact]
    public async Task WatchAsync_FinishedJob_GivesEveryEventWithoutGaps()
    {
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("note", (payload, _) => payload.Data.Prepend(payload.StepId))
            .AddFlow("chain", flow => flow.Start("a", "note").Then("b", "note")));
        var result = await host.Engine.RunAsync("chain");

        var events = new List<JobEvent>();
        await foreach (var happened in host.Engine.GetJob(result.Id).WatchAsync())
        {
            events.Add(happened);
        }

        events.Select(happened => happened.Sequence).Should().Equal(Enumerable.Range(1, events.Count).Select(number => (long)number));
        events.Select(happened => $"{happened.Type} {happened.StepId}".Trim()).Should().Equal(
            "job.created", "step.queued a", "job.started", "step.started a", "step.completed a", "step.queued b", "step.started b", "step.completed b", "job.completed");
    }

    [Fact]
    public async Task RunAsync_StepThatFailsTwice_IsRetriedWithTheSameData()
    {
        var attempts = new List<int>();
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("flaky", (payload, _) =>
            {
                attempts.Add(payload.Attempt);
                return payload.Attempt < 3 ? StepResult.Fail("busy", "try later") : StepResult.Completed(payload.Data);
            })
            .AddFlow("retry", flow => flow.Start("a", "flaky", step => step.Retry(3, TimeSpan.FromMilliseconds(5)))));

        var result = await host.Engine.RunAsync("retry", DataPacket.Of(1));

        result.Succeeded.Should().BeTrue();
        attempts.Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task RunAsync_StepThatThrows_FailsTheJobWithTheException()
    {
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("boom", (_, _) => throw new InvalidOperationException("kaboom"))
            .AddStep("note", (payload, _) => payload.Data)
            .AddFlow("bad", flow => flow.Start("a", "boom").Then("b", "note")));

        var result = await host.Engine.RunAsync("bad");

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.StepExecutionFailure));
        result.Message.Should().Contain("kaboom");
        var status = await host.Engine.GetJob(result.Id).GetStatusAsync();
        status["a"].Error!.Details.Should().Contain("InvalidOperationException");
        status["b"].Status.Should().Be(StepStatus.Blocked);
    }
}
