using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Client.Sessions;

/// <summary>Signals, times and other flows that the code of a session waits for.</summary>
public sealed class SessionWaitTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Signal_BeforeOrAfterTheWait_IsTakenOnce(bool early)
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("signals", "s");
        if (early)
        {
            await session.Job.SignalAsync("approved", "early").Soon();
        }

        var waiting = session.WaitForSignalAsync<string>("gate", "approved");
        if (!early)
        {
            await session.Job.SeenAsync(happened => happened.Type == JobEventTypes.StepWaiting && happened.StepPath == "gate");
            await session.Job.SignalAsync("approved", "late").Soon();
        }

        (await waiting.Soon()).Should().Be(early ? "early" : "late");
        (await session.GetStatusAsync())["gate"].Status.Should().Be(StepStatus.Completed);
    }

    [Fact]
    public async Task Signal_ToAClosedSession_IsThereWhenItIsOpenedAgain()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        JobHandle job;
        await using (var first = await host.Engine.OpenSessionAsync("signals", "closed"))
        {
            job = first.Job;
            var waiting = first.WaitForSignalAsync<int>("gate", "go");
            await job.SeenAsync(happened => happened.Type == JobEventTypes.StepWaiting);
            await first.DisposeAsync();
            await job.SignalAsync("go", 5).Soon();
            waiting.IsCompletedSuccessfully.Should().BeFalse();
        }

        await using var second = await host.Engine.OpenSessionAsync("signals", "closed");

        (await second.WaitForSignalAsync<int>("gate", "go").Soon()).Should().Be(5);
        await second.CompleteAsync();
    }

    [Fact]
    public async Task Signal_ThatDoesNotCome_FailsItsStepAtTheTimeout()
    {
        Exception? thrown = null;
        await using var host = await FlowTestHost.StartAsync(engine => engine.AddFlow<DataPacket>("late", version: "1", async (session, _, stop) =>
        {
            try
            {
                await session.WaitForSignalAsync<int>("gate", "go", TimeSpan.FromHours(2), stop);
            }
            catch (TimeoutException error)
            {
                thrown = error;
            }
        }));
        var began = host.Time.GetUtcNow();

        var result = await host.RunAsync("late");

        (result.Status, host.Time.GetUtcNow() - began).Should().Be((JobStatus.Completed, TimeSpan.FromHours(2)));
        thrown!.Message.Should().Contain("'go'");
        (await host.Engine.GetJob(result.Id).GetStatusAsync())["gate"].Error!.Reason.Should().Be(Reasons.Timeout);
    }

    [Fact]
    public async Task Delay_OverAReopening_KeepsItsTime()
    {
        using var folder = new Storage.SqliteFolder();
        var time = new ManualTime();
        JobId id;
        await using (var host = await OpenAsync(folder, time))
        {
            await using var first = await host.Engine.OpenSessionAsync("delays", "s");
            id = first.JobId;
            var waiting = first.DelayAsync("pause", TimeSpan.FromHours(3));
            await first.Job.SeenAsync(happened => happened.Type == JobEventTypes.StepWaiting).Soon();
            waiting.IsCompleted.Should().BeFalse();
        }

        time.Now += TimeSpan.FromHours(4);
        await using var next = await OpenAsync(folder, time);
        await using var second = await next.Engine.OpenSessionAsync("delays", "s");

        second.JobId.Should().Be(id);
        await second.DelayAsync("pause", TimeSpan.FromHours(3)).Soon();
        await second.CompleteAsync();
    }

    [Fact]
    public async Task RunFlow_TwiceOverAReopening_FindsTheSameJob()
    {
        var runs = 0;
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("count", (_, _) => StepResult.Completed(DataPacket.Of(++runs)))
            .AddFlow("child", flow => flow.Start("a", "count")));
        JobResult first;
        await using (var session = await host.Engine.OpenSessionAsync("parent", "s"))
        {
            first = await session.RunFlowAsync("call", "child", new { x = 1 }).Soon();
        }

        await using var again = await host.Engine.OpenSessionAsync("parent", "s");
        var second = await again.RunFlowAsync("call", "child", new { x = 1 }).Soon();

        (second.Id, second.Output.Get<int>(), runs).Should().Be((first.Id, 1, 1));
        (await host.Engine.FindJobAsync("child", $"{again.JobId}/call"))!.Id.Should().Be(first.Id);
    }

    [Fact]
    public async Task RunFlow_ThatFails_FailsTheStepAndIsRetriedWithIt()
    {
        var fails = true;
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("work", (_, _) => fails ? StepResult.Fail("broken", "no") : StepResult.Completed(DataPacket.Of("done")))
            .AddFlow("child", flow => flow.Start("a", "work")));
        await using (var session = await host.Engine.OpenSessionAsync("parent", "s"))
        {
            await session.Invoking(open => open.RunFlowAsync("call", "child").Soon()).Should().ThrowAsync<JobFailedException>();
        }

        fails = false;
        await using var again = await host.Engine.OpenSessionAsync("parent", "s");
        (await again.RunFlowAsync("call", "child").Soon()).Output.Get<string>().Should().Be("done");
    }

    [Fact]
    public async Task RunFlow_OfACancelledJob_IsCancelledToo()
    {
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("wait", (_, _) => StepResult.Wait("never"))
            .AddFlow("child", flow => flow.Start("a", "wait")));
        await using var session = await host.Engine.OpenSessionAsync("parent", "s");
        var call = session.RunFlowAsync("call", "child");
        await session.GetStatusAsync();
        JobHandle? child = null;
        while ((child = await host.Engine.FindJobAsync("child", $"{session.JobId}/call")) is null)
        {
            await Task.Yield();
        }

        await session.Job.CancelAsync().Soon();

        await call.Awaiting(task => task.Soon()).Should().ThrowAsync<OperationCanceledException>();
        (await child.WaitAsync().Soon()).Status.Should().Be(JobStatus.Cancelled);
    }

    private static Task<TestHost> OpenAsync(Storage.SqliteFolder folder, TimeProvider time) => TestHost.StartAsync(engine =>
    {
        engine.Services.AddSingleton(time);
        engine.UseSqlite($"Data Source={folder.File}");
    });

    /// <summary>A clock that the test sets; timers run in real time.</summary>
    private sealed class ManualTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
