using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Testing;

public sealed class SignalRunTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Wait_SignalThatComesEarly_IsKept()
    {
        await using var host = await WaitingHostAsync();
        var job = await host.StartAsync("approval", "order");
        await job.SignalAsync("approved", "early");

        var result = await host.RunToEndAsync(job);

        result.Output.Get<string>().Should().Be("early");
        host.Time.GetUtcNow().Should().Be(Start);
    }

    [Fact]
    public async Task Wait_SignalAfterDays_WakesTheParkedJobThen()
    {
        await using var host = await WaitingHostAsync();
        var job = await host.StartAsync("approval", "order");
        await host.AdvanceAsync(TimeSpan.FromDays(5));
        await job.ShouldBeAsync(JobStatus.Waiting);

        await job.SignalAsync("approved", "late");
        var result = await host.RunToEndAsync(job);

        result.Output.Get<string>().Should().Be("late");
        host.Time.GetUtcNow().Should().Be(Start.AddDays(5));
    }

    [Fact]
    public async Task Wait_WithoutASignal_TimesOutAtItsTime()
    {
        await using var host = await WaitingHostAsync();
        var job = await host.StartAsync("approval", "order");

        var result = await host.RunToEndAsync(job);

        result.Output.Get<string>().Should().Be("timed out");
        host.Time.GetUtcNow().Should().Be(Start.AddDays(7));
    }

    [Fact]
    public async Task RunToEnd_JobThatNothingWillEnd_SaysWhyItDoesNotMove()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("wait", _ => StepResult.Wait("go"))
            .AddFlow("forever", flow => flow.Start("a", "wait")));
        var job = await host.StartAsync("forever");

        var run = () => host.RunToEndAsync(job);

        var stuck = (await run.Should().ThrowAsync<JobStuckException>()).Which;
        stuck.Status.Should().Be(JobStatus.Waiting);
        stuck.Message.Should().Contain(job.Id.ToString()).And.Contain("waiting").And.Contain((await job.ExplainAsync()).Sentence).And.Contain("signal 'go'");
        host.Time.GetUtcNow().Should().Be(Start, "time does not move for nothing");
    }

    [Fact]
    public async Task RunToEnd_PausedJob_SaysThatItIsPaused()
    {
        await using var host = await WaitingHostAsync();
        var job = await host.StartAsync("approval", "order", new JobOptions { StartPaused = true });

        var run = () => host.RunToEndAsync(job);

        (await run.Should().ThrowAsync<JobStuckException>()).Which.Message.Should().Contain("paused");
        await job.ResumeAsync();
        (await host.RunToEndAsync(job)).Status.Should().Be(JobStatus.Completed);
    }

    [Fact]
    public async Task Cancel_OfAWaitingJob_EndsIt()
    {
        await using var host = await WaitingHostAsync();
        var job = await host.StartAsync("approval", "order");
        await host.RunUntilIdleAsync();

        await job.CancelAsync();

        (await host.RunToEndAsync(job)).Status.Should().Be(JobStatus.Cancelled);
    }

    [Fact]
    public async Task RunToEnd_JobThatAnotherJobSignals_IsWokenByIt()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("wait", payload => payload.Signal is { } signal ? StepResult.Completed(DataPacket.Of(signal)) : StepResult.Wait("go"))
            .AddStep("send", async (payload, cancellationToken) =>
            {
                if (payload.GetState<bool>())
                {
                    await payload.Services.GetRequiredService<IWorkflowEngine>().GetJob(payload.Get<JobId>()).SignalAsync("go", 42, cancellationToken: cancellationToken);
                    return StepResult.Completed();
                }

                return StepResult.RunAgain(TimeSpan.FromDays(3), true);
            })
            .AddFlow("waits", flow => flow.Start("a", "wait"))
            .AddFlow("sends", flow => flow.Start("a", "send")));
        var waiting = await host.StartAsync("waits");
        await host.StartAsync("sends", waiting.Id);

        var result = await host.RunToEndAsync(waiting);

        result.Output.Get<int>().Should().Be(42);
        host.Time.GetUtcNow().Should().Be(Start.AddDays(3));
    }

    private static Task<FlowTestHost> WaitingHostAsync() => FlowTestHost.StartAsync(engine => engine
        .AddStep("ask", payload => payload.Signal is { } signal ? StepResult.Completed(DataPacket.Of(signal))
            : payload.TimedOut ? StepResult.Completed(DataPacket.Of("timed out"))
            : StepResult.Wait("approved", TimeSpan.FromDays(7)))
        .AddFlow("approval", flow => flow.Start("a", "ask")));
}
