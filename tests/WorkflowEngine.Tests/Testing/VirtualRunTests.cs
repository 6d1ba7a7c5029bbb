using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Testing;

public sealed class VirtualRunTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task RunToEnd_RetriesWithHoursBetween_HappenAtTheExactTimesInNoRealTime()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("flaky", payload => payload.Attempt < 5 ? StepResult.Fail("busy", "try later") : StepResult.Completed(payload.Data))
            .AddFlow("retry", flow => flow.Start("a", "flaky", step => step.Retry(5, TimeSpan.FromHours(1), Backoff.Exponential, TimeSpan.FromDays(1)))));
        var watch = Stopwatch.StartNew();

        var result = await host.RunAsync("retry", 1);

        result.Status.Should().Be(JobStatus.Completed);
        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(5));
        var started = (await host.EventsAsync(host.Engine.GetJob(result.Id))).Where(happened => happened.Type == JobEventTypes.StepStarted).Select(happened => happened.Timestamp - Start);
        started.Select(after => after.TotalHours).Should().Equal(0, 1, 3, 7, 15);
        host.Time.GetUtcNow().Should().Be(Start.AddHours(15));
    }

    [Fact]
    public async Task RunToEnd_BodyThatWaitsLongerThanItsTimeout_FailsAtExactlyTheTimeout()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("slow", async (payload, cancellationToken) =>
            {
                await Task.Delay(TimeSpan.FromMinutes(10), payload.Services.GetRequiredService<TimeProvider>(), cancellationToken);
                return StepResult.Completed();
            })
            .AddFlow("slow", flow => flow.Start("a", "slow", step => step.Timeout(TimeSpan.FromSeconds(30)))));

        var job = await host.StartAsync("slow");
        await host.RunToEndAsync(job);

        var report = await job.ShouldHaveFailedAsync("a", Reasons.Timeout);
        (report.Metrics.CompletedAt - Start).Should().Be(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task RunToEnd_BodyThatIgnoresItsToken_IsGivenUpAfterTheGrace()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("deaf", async (payload, _) =>
            {
                await Task.Delay(TimeSpan.FromMinutes(10), payload.Services.GetRequiredService<TimeProvider>(), CancellationToken.None);
                return StepResult.Completed();
            })
            .AddFlow("deaf", flow => flow.Start("a", "deaf", step => step.Timeout(TimeSpan.FromSeconds(30)))));
        host.Patience = TimeSpan.FromMilliseconds(100);

        var job = await host.StartAsync("deaf");
        await host.RunToEndAsync(job);

        var report = await job.ShouldHaveFailedAsync("a", Reasons.Timeout);
        (report.Metrics.CompletedAt - Start).Should().Be(TimeSpan.FromSeconds(35));
    }

    [Fact]
    public async Task RunToEnd_BodyThatWaitsByVirtualTime_CostsNoRealTime()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("nap", async (payload, cancellationToken) =>
            {
                var time = payload.Services.GetRequiredService<TimeProvider>();
                for (var i = 0; i < 20; i++)
                {
                    await Task.Delay(TimeSpan.FromMinutes(1), time, cancellationToken);
                }

                return payload.Data.Prepend(time.GetUtcNow());
            })
            .AddFlow("nap", flow => flow.Start("a", "nap")));
        var watch = Stopwatch.StartNew();

        var result = await host.RunAsync("nap");

        result.Output.Get<DateTimeOffset>().Should().Be(Start.AddMinutes(20));
        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task RunToEnd_BodyThatWorksForReal_IsWaitedForWhileTimeStandsStill()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("work", async (payload, cancellationToken) =>
            {
                await Task.Yield();
                await Task.Delay(TimeSpan.FromMilliseconds(150), TimeProvider.System, cancellationToken);
                return payload.Data.Prepend("done");
            })
            .AddFlow("work", flow => flow.Start("a", "work", step => step.Timeout(TimeSpan.FromSeconds(1)))));
        host.Patience = TimeSpan.FromSeconds(20);

        var result = await host.RunAsync("work");

        result.Status.Should().Be(JobStatus.Completed);
        host.Time.GetUtcNow().Should().Be(Start);
    }

    [Fact]
    public async Task RunToEnd_BodyThatLimitsRealWorkByVirtualTime_IsNotCutShort()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("work", async (payload, _) =>
            {
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5), payload.Services.GetRequiredService<TimeProvider>());
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token);
                return payload.Data.Prepend("done");
            })
            .AddFlow("work", flow => flow.Start("a", "work")));
        host.Patience = TimeSpan.FromSeconds(20);

        (await host.RunAsync("work")).Status.Should().Be(JobStatus.Completed);
        host.Time.GetUtcNow().Should().Be(Start);
    }

    [Fact]
    public async Task RunToEnd_StepThatRunsAgainTheNextDay_GoesOnThen()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("daily", payload => payload.GetState<int>() is var days && days < 3 ? StepResult.RunAgain(TimeSpan.FromDays(1), days + 1) : StepResult.Completed(payload.Data.Prepend(days)))
            .AddFlow("daily", flow => flow.Start("a", "daily")));

        var result = await host.RunAsync("daily");

        result.Output.Get<int>().Should().Be(3);
        host.Time.GetUtcNow().Should().Be(Start.AddDays(3));
    }

    [Fact]
    public async Task RunToEnd_JobThatTakesTooLong_EndsAtItsTimeout()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("flaky", _ => StepResult.Fail("busy", "try later"))
            .AddFlow("long", flow => flow.Timeout(TimeSpan.FromHours(5)).Start("a", "flaky", step => step.Retry(100, TimeSpan.FromHours(2), maxDelay: TimeSpan.FromHours(2)))));

        var job = await host.StartAsync("long");
        var result = await host.RunToEndAsync(job);

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.JobTimeout));
        (await job.GetStatusAsync()).Metrics.CompletedAt.Should().Be(Start.AddHours(5));
    }

    [Fact]
    public async Task RunToEnd_JobThatWaitsForASignalLongerThanItMay_EndsAtItsTimeout()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("wait", _ => StepResult.Wait("go"))
            .AddFlow("wait", flow => flow.Timeout(TimeSpan.FromHours(5)).Start("a", "wait")));

        var job = await host.StartAsync("wait");
        var result = await host.RunToEndAsync(job);

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.JobTimeout));
        (await job.GetStatusAsync()).Metrics.CompletedAt.Should().Be(Start.AddHours(5), "a job that left memory keeps its limit");
    }

    [Fact]
    public async Task RunToEnd_JobThatTimesOutWhileABodyRuns_EndsAtItsTimeout()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("slow", async (payload, cancellationToken) =>
            {
                await Task.Delay(TimeSpan.FromDays(1), payload.Services.GetRequiredService<TimeProvider>(), cancellationToken);
                return StepResult.Completed();
            })
            .AddFlow("slow", flow => flow.Timeout(TimeSpan.FromMinutes(5)).Start("a", "slow")));

        var job = await host.StartAsync("slow");
        var result = await host.RunToEndAsync(job);

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.JobTimeout));
        (await job.GetStatusAsync()).Metrics.CompletedAt.Should().Be(Start.AddMinutes(5));
    }

    [Fact]
    public async Task Advance_OverSeveralDueTimes_RunsEachAtItsTime()
    {
        var ran = new List<TimeSpan>();
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("tick", payload =>
            {
                ran.Add(payload.Services.GetRequiredService<TimeProvider>().GetUtcNow() - Start);
                return StepResult.RunAgain(TimeSpan.FromMinutes(10));
            })
            .AddFlow("tick", flow => flow.Start("a", "tick")));

        await host.StartAsync("tick");
        await host.AdvanceAsync(TimeSpan.FromMinutes(35));

        ran.Select(after => after.TotalMinutes).Should().Equal(0, 10, 20, 30);
        host.Time.GetUtcNow().Should().Be(Start.AddMinutes(35));
    }

    [Fact]
    public async Task Start_WithStartAfter_BeginsThen()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine.AddFlow("later", flow => flow.Start("a", "noop")));

        var job = await host.StartAsync("later", 1, new JobOptions { StartAfter = Start.AddDays(2) });
        await host.RunToEndAsync(job);

        (await job.GetStatusAsync()).Metrics.StartedAt.Should().Be(Start.AddDays(2));
        (await host.EventsAsync(job)).Select(happened => happened.Type).Should().Equal("job.created", "step.queued", "job.started", "step.started", "step.completed", "job.completed");
    }

    [Fact]
    public async Task Dispose_WhileABodyHangs_Returns()
    {
        var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("hang", async (_, _) =>
            {
                await new TaskCompletionSource().Task;
                return StepResult.Completed();
            })
            .AddFlow("hang", flow => flow.Start("a", "hang")));
        host.Patience = TimeSpan.FromMilliseconds(50);
        var job = await host.StartAsync("hang");
        await host.RunUntilIdleAsync();
        (await job.ShouldBeAsync(JobStatus.Running)).Progress.Running.Should().Be(1);

        var disposing = () => host.DisposeAsync().AsTask();

        await disposing.Should().CompleteWithinAsync(TimeSpan.FromSeconds(20));
    }
}
