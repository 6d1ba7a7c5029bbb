using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Step and job time limits, and what a stopping host does with what runs (S12, G3, G4).</summary>
public sealed class TimeLimitTests
{
    [Fact]
    public async Task StepTimeout_IsRetriedByPolicyWithReasonTimeout()
    {
        var attempts = new List<int>();
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("slow", async (payload, cancellationToken) =>
            {
                attempts.Add(payload.Attempt);
                if (payload.Attempt < 3)
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                }

                return StepResult.Completed();
            })
            .AddFlow("slow", flow => flow.Start("a", "slow", step => step.Timeout(TimeSpan.FromMilliseconds(40)).Retry(3, TimeSpan.FromMilliseconds(1), on: ["timeout"]))));

        var job = await host.Engine.StartAsync("slow");
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);

        attempts.Should().Equal(1, 2, 3);
        (await job.EventsAsync()).Where(happened => happened.Type == JobEventTypes.StepRetrying).Should().HaveCount(2).And.OnlyContain(happened => happened.Reason == Reasons.Timeout);
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task JobTimeout_FiresTheTokensAndEndsFailed()
    {
        var probe = new Probe().Hold("a", "b");
        await using var host = await TestHost.StartAsync(engine => probe.AddTo(engine)
            .AddFlow("two", flow => flow.Start("a", "probe").Start("b", "probe").Join("c", "probe", ["a", "b"])));

        var result = await host.Engine.RunAsync("two", options: new JobOptions { Timeout = TimeSpan.FromMilliseconds(80) }).Soon();

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.JobTimeout));
        (probe.Stopped, probe["c"]).Should().Be((2, 0));
    }

    [Fact]
    public async Task JobTimeout_OfAParkedJob_StillEndsIt()
    {
        await using var host = await TestHost.StartAsync(
            engine => engine.AddStep("wait", (_, _) => StepResult.Wait("never")).AddFlow("wait", flow => flow.Start("a", "wait").Timeout(TimeSpan.FromMilliseconds(300))),
            options => options.ParkAfter = TimeSpan.Zero);
        var job = await host.Engine.StartAsync("wait");
        (await job.WaitAsync(JobWait.Idle).Soon()).Status.Should().Be(JobStatus.Waiting);
        await host.NothingIsHeldAsync();

        (await job.WaitAsync().Soon()).Reason.Should().Be(Reasons.JobTimeout);
    }

    [Fact]
    public async Task RetryWait_LongerThanParkAfter_ComesBackAndRuns()
    {
        var attempts = 0;
        await using var host = await TestHost.StartAsync(
            engine => engine
                .AddStep("flaky", (_, _) => ++attempts == 1 ? StepResult.Fail("busy", "later") : StepResult.Completed())
                .AddFlow("flaky", flow => flow.Start("a", "flaky", step => step.Retry(2, TimeSpan.FromMilliseconds(150)))),
            options => options.ParkAfter = TimeSpan.FromMilliseconds(10));

        (await host.Engine.RunAsync("flaky").Soon()).Status.Should().Be(JobStatus.Completed);
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task StoppingHost_LetsRunningBodiesFinishWithinItsGrace()
    {
        var probe = new Probe().Hold("a");
        var store = new InMemoryStore(TimeProvider.System);
        await using var host = await OverAsync(store, probe, options => options.ShutdownGrace = TimeSpan.FromSeconds(15));
        var job = await host.Engine.StartAsync("chain");
        await probe.Began("a");

        var stopping = host.StopAsync();
        probe.Release("a");
        await stopping.Soon();

        (probe["a"], probe["b"], probe.Stopped).Should().Be((1, 0, 0));
        await IsUnownedAsync(store, job.Id);
        await GoesOnElsewhereAsync(store, job.Id, probe, runsOfA: 1);
    }

    [Fact]
    public async Task StoppingHost_AfterItsGrace_FiresTokensAndTheAttemptIsNotCounted()
    {
        var probe = new Probe().Hold("b");
        var store = new InMemoryStore(TimeProvider.System);
        await using var host = await OverAsync(store, probe, options => options.ShutdownGrace = TimeSpan.FromMilliseconds(50));
        var job = await host.Engine.StartAsync("chain");
        await probe.Began("b");

        await host.StopAsync().Soon();

        probe.Stopped.Should().Be(1);
        await IsUnownedAsync(store, job.Id);
        probe.Release("b");
        await GoesOnElsewhereAsync(store, job.Id, probe, runsOfA: 1, runsOfB: 2);
    }

    [Fact]
    public async Task StoppingHost_WithABodyThatIgnoresItsToken_GivesTheJobBackAllTheSame()
    {
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var store = new InMemoryStore(TimeProvider.System);
        await using var host = await TestHost.StartAsync(
            engine =>
            {
                engine.Services.AddSingleton(store);
                engine.UseStore<InMemoryStore>()
                    .AddStep("hang", async (_, _) =>
                    {
                        began.SetResult();
                        await never.Task;
                        return StepResult.Completed();
                    })
                    .AddFlow("hang", flow => flow.Start("a", "hang"));
            },
            options => (options.ShutdownGrace, options.StepCancellationGrace) = (TimeSpan.Zero, TimeSpan.FromMilliseconds(30)));
        var job = await host.Engine.StartAsync("hang");
        await began.Task.Soon();

        await host.StopAsync().Soon();

        await IsUnownedAsync(store, job.Id);
        never.SetResult();
        await Deadlines.EventuallyAsync(() => host.Log.Lines.Any(line => line.Contains("result was discarded", StringComparison.Ordinal)));
    }

    private static Task<TestHost> OverAsync(InMemoryStore store, Probe probe, Action<WorkflowEngineOptions>? options = null) => TestHost.StartAsync(
        engine =>
        {
            engine.Services.AddSingleton(store);
            probe.AddTo(engine.UseStore<InMemoryStore>()).AddFlow("chain", flow => flow.Start("a", "probe").Then("b", "probe").Then("c", "probe"));
        },
        options);

    private static async Task IsUnownedAsync(InMemoryStore store, JobId id)
    {
        var job = await store.LoadAsync(id, JobParts.Steps, CancellationToken.None);
        job!.Owner.Should().BeNull();
        job.Head.Status.Should().Be(JobStatus.Running);
        job.Steps.Should().NotContain(step => step.Status == StepStatus.Running);
    }

    private static async Task GoesOnElsewhereAsync(InMemoryStore store, JobId id, Probe probe, int runsOfA, int runsOfB = 1)
    {
        await using var other = await OverAsync(store, probe);
        var job = other.Engine.GetJob(id);
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (probe["a"], probe["b"], probe["c"]).Should().Be((runsOfA, runsOfB, 1));
        (await job.GetStatusAsync()).Steps.Should().OnlyContain(step => step.Attempts == 1);
        await other.NothingIsHeldAsync();
    }
}
