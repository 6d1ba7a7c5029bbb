using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Client;

public sealed class StartTests
{
    private readonly Probe _probe = new();

    [Fact]
    public async Task Start_UnknownFlow_NamesTheNearest()
    {
        await using var host = await StartAsync();

        var error = await host.Engine.Invoking(engine => engine.StartAsync("onn")).Should().ThrowAsync<FlowNotFoundException>();

        error.Which.Message.Should().Contain("'one'");
        await host.Engine.Invoking(engine => engine.StartAsync("one", options: new JobOptions { FlowVersion = "nine" })).Should().ThrowAsync<FlowNotFoundException>();
    }

    [Fact]
    public async Task Start_SameKey_GivesOneJobPerRequest()
    {
        await using var host = await StartAsync();
        var options = new JobOptions { Key = "k", Variables = new { limit = 1 } };
        var first = await host.Engine.StartAsync("one", DataPacket.Of(1), options);

        var again = await host.Engine.StartAsync("one", DataPacket.Of(1), options with { Priority = 5 });

        (again.Id, again.AlreadyExisted, first.AlreadyExisted).Should().Be((first.Id, true, false));
        var conflict = await host.Engine.Invoking(engine => engine.StartAsync("one", DataPacket.Of(2), options)).Should().ThrowAsync<KeyConflictException>();
        conflict.Which.Existing.Should().Be(first.Id);
        await host.Engine.Invoking(engine => engine.StartAsync("one", DataPacket.Of(1), options with { Variables = new { limit = 2 } })).Should().ThrowAsync<KeyConflictException>();
        await host.Engine.Invoking(engine => engine.StartAsync("one", DataPacket.Of(1), options with { KeyReuse = KeyReuse.Refuse })).Should().ThrowAsync<KeyConflictException>();
        (await host.Engine.StartAsync("one", DataPacket.Of(1), options with { Tenant = "other" })).AlreadyExisted.Should().BeFalse();
        (await host.Engine.FindJobAsync("one", "k"))!.Should().NotBeNull();
        (await host.Engine.FindJobAsync("one", "none")).Should().BeNull();
    }

    [Fact]
    public async Task Start_FiftyAtOnceWithOneKey_GivesOneJob()
    {
        await using var host = await StartAsync();
        for (var round = 0; round < 20; round++)
        {
            var options = new JobOptions { Key = $"k{round}" };
            var starts = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => host.Engine.StartAsync("one", options: options)))).Soon();

            starts.Select(start => start.Id).Distinct().Should().HaveCount(1);
            starts.Count(start => !start.AlreadyExisted).Should().Be(1);
            await Task.WhenAll(starts.Select(start => start.WaitAsync())).Soon();
        }

        _probe["a"].Should().Be(20);
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task Start_RestartFailed_RetriesAFailedJobAndLeavesOthers()
    {
        _probe.Fail("a");
        await using var host = await StartAsync();
        var options = new JobOptions { Key = "k", KeyReuse = KeyReuse.RestartFailed, Actor = "ann" };
        var job = await host.Engine.StartAsync("one", options: options);
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Failed);

        var starts = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => host.Engine.StartAsync("one", options: options))).Soon();

        starts.Should().OnlyContain(start => start.Id == job.Id && start.AlreadyExisted);
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (await host.Engine.StartAsync("one", options: options)).AlreadyExisted.Should().BeTrue();
        _probe["a"].Should().Be(2);
    }

    [Fact]
    public async Task Start_After_WaitsUntilThen()
    {
        await using var host = await StartAsync();
        var now = DateTimeOffset.UtcNow;
        var soon = await host.Engine.StartAsync("one", options: new JobOptions { StartAfter = now.AddMilliseconds(200) });
        var late = await host.Engine.StartAsync("one", options: new JobOptions { StartAfter = now.AddHours(1) });

        (await soon.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);

        (await soon.GetStatusAsync()).Metrics.StartedAt.Should().BeOnOrAfter(now.AddMilliseconds(200));
        (await late.GetStatusAsync()).Status.Should().Be(JobStatus.Pending);
        (await late.ExplainAsync()).Sentence.Should().StartWith("The job is not to begin before");
        await late.CancelAsync().Soon();
        (await late.WaitAsync().Soon()).Status.Should().Be(JobStatus.Cancelled);
        _probe["a"].Should().Be(1);
    }

    [Fact]
    public async Task Start_Paused_RunsNothingUntilResumed()
    {
        await using var host = await StartAsync();
        var job = await host.Engine.StartAsync("one", options: new JobOptions { StartPaused = true });
        (await job.WaitAsync(JobWait.Idle).Soon()).Status.Should().Be(JobStatus.Paused);
        (await job.ExplainAsync()).Sentence.Should().StartWith("The job is paused");
        _probe.Total.Should().Be(0);

        await job.ResumeAsync().Soon();

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
    }

    [Fact]
    public async Task Start_QueueAtItsLimit_IsRefused()
    {
        _probe.Hold("a");
        await using var host = await StartAsync(options => (options.MaxConcurrentJobs, options.MaxQueuedJobs) = (1, 2));
        var running = await host.Engine.StartAsync("one");
        await _probe.Began("a");
        var queued = new[] { await host.Engine.StartAsync("one"), await host.Engine.StartAsync("one") };

        var full = await host.Engine.Invoking(engine => engine.StartAsync("one")).Should().ThrowAsync<QueueFullException>();

        full.Which.Limit.Should().Be(2);
        (await queued[0].ExplainAsync()).Sentence.Should().Contain("free place");
        _probe.Release("a");
        foreach (var job in queued.Prepend(running))
        {
            (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        }
    }

    [Fact]
    public async Task Run_WhereNothingWouldRun_ThrowsAtOnce()
    {
        await using var client = await StartAsync(options => options.RunJobs = false);
        await client.Engine.Invoking(engine => engine.RunAsync("one")).Should().ThrowAsync<InvalidOperationException>();
        var job = await client.Engine.StartAsync("one");
        (await job.ExplainAsync()).Sentence.Should().Contain("does not run jobs");

        await using var early = TestHost.Build(Configure);
        await early.Engine.Invoking(engine => engine.RunAsync("one")).Should().ThrowAsync<InvalidOperationException>().WithMessage("*not started*");
        var kept = await early.Engine.StartAsync("one");
        await early.StartAsync();
        (await kept.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
    }

    [Fact]
    public async Task Run_TokenThatFires_EndsTheWaitAndNotTheJob()
    {
        _probe.Hold("a");
        await using var host = await StartAsync();
        using var waits = new CancellationTokenSource();
        var run = host.Engine.RunAsync("one", options: new JobOptions { Key = "k" }, cancellationToken: waits.Token);
        await _probe.Began("a");

        await waits.CancelAsync();
        await run.Invoking(waited => waited.Soon()).Should().ThrowAsync<OperationCanceledException>();
        _probe.Release("a");

        var job = await host.Engine.FindJobAsync("one", "k");
        (await job!.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        _probe.Stopped.Should().Be(0);
    }

    [Fact]
    public async Task StartStep_RunsOneStepWithTheInput()
    {
        await using var host = await StartAsync();

        var job = await host.Engine.StartStepAsync("probe", new { title = "x" });

        (await job.WaitAsync().Soon()).Output[1].Content.GetProperty("title").GetString().Should().Be("x");
        var error = await host.Engine.Invoking(engine => engine.StartStepAsync("prob", 1)).Should().ThrowAsync<FlowValidationException>();
        error.Which.Message.Should().Contain("probe");
    }

    private Task<TestHost> StartAsync(Action<WorkflowEngineOptions>? options = null) => TestHost.StartAsync(Configure, options);

    private void Configure(IWorkflowEngineBuilder engine) => _probe.AddTo(engine).AddFlow("one", flow => flow.Start("a", "probe"));
}
