using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Limits and order when slots and places are scarce (S31).</summary>
public sealed class LimitTests
{
    private readonly Lock _gate = new();
    private readonly List<int> _order = [];
    private int _running;
    private int _most;

    [Fact]
    public async Task MaxConcurrentJobs_OfTwo_RunsAHundredWithoutWaitingForThePoll()
    {
        await using var host = await StartAsync(options => (options.MaxConcurrentJobs, options.PollInterval) = (2, TimeSpan.FromMinutes(1)));

        var jobs = await host.Engine.StartManyAsync(Enumerable.Range(0, 100).Select(i => new JobStart("one", DataPacket.Of(i))));
        foreach (var job in jobs)
        {
            (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        }

        _most.Should().BeLessThanOrEqualTo(2);
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task MaxConcurrentSteps_OfOne_SerialisesTheNode()
    {
        await using var host = await StartAsync(options => options.MaxConcurrentSteps = 1);

        var jobs = await host.Engine.StartManyAsync(Enumerable.Range(0, 50).Select(i => new JobStart("wide", DataPacket.Of(i))));
        foreach (var job in jobs)
        {
            (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        }

        (_most, _order.Count).Should().Be((1, 200));
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task MaxConcurrentSteps_OfAJob_HoldsForThatJobOnly()
    {
        await using var host = await StartAsync();

        await host.Engine.RunAsync("wide", DataPacket.Of(0), new JobOptions { MaxConcurrentSteps = 1 }).Soon();
        _most.Should().Be(1);

        var status = await host.Engine.RunAsync("wide", DataPacket.Of(0)).Soon();
        status.Status.Should().Be(JobStatus.Completed);
    }

    [Theory]
    [InlineData(64, 1)]
    [InlineData(1, 64)]
    public async Task Priority_WithSlotsOrPlacesScarce_OrdersTheStarts(int places, int slots)
    {
        var probe = new Probe().Hold("hold");
        await using var host = await StartAsync(
            options => (options.MaxConcurrentJobs, options.MaxConcurrentSteps) = (places, slots),
            engine => probe.AddTo(engine).AddFlow("hold", flow => flow.Start("hold", "probe")));
        var first = await host.Engine.StartAsync("hold");
        await probe.Began("hold");
        var jobs = new List<JobHandle>();
        foreach (var priority in new[] { 0, 3, 1, 2, -1 })
        {
            jobs.Add(await host.Engine.StartAsync("one", DataPacket.Of(priority), new JobOptions { Priority = priority }));
        }

        probe.Release("hold");
        foreach (var job in jobs.Prepend(first))
        {
            await job.WaitAsync().Soon();
        }

        _order.Should().Equal(3, 2, 1, 0, -1);
    }

    [Fact]
    public async Task StartMany_TenThousand_AllRun()
    {
        await using var host = await StartAsync();

        var jobs = await host.Engine.StartManyAsync(Enumerable.Range(0, 10_000).Select(i => new JobStart("one", DataPacket.Of(i))));
        foreach (var job in jobs)
        {
            await job.WaitAsync().Soon();
        }

        _order.Order().Should().Equal(Enumerable.Range(0, 10_000));
        (await host.Engine.CountJobsAsync(JobFilter.Succeeded)).Total.Should().Be(10_000);
    }

    /// <summary>A timer's callback may begin before the timer is disposed and go on after it: an exception there would end the process.</summary>
    [Fact]
    public async Task Wake_AfterTheLoopIsGone_IsNothing()
    {
        EngineLoop loop;
        await using (var host = await StartAsync())
        {
            loop = host.Services.GetRequiredKeyedService<EngineHost>(string.Empty).Loop;
        }

        loop.Invoking(gone => gone.Wake()).Should().NotThrow();
    }

    private Task<TestHost> StartAsync(Action<WorkflowEngineOptions>? options = null, Action<IWorkflowEngineBuilder>? more = null) => TestHost.StartAsync(
        engine =>
        {
            engine.AddStep("count", async (payload, _) =>
                {
                    lock (_gate)
                    {
                        _order.Add(payload.Get<int>());
                        _most = Math.Max(_most, ++_running);
                    }

                    await Task.Yield();
                    lock (_gate)
                    {
                        _running--;
                    }

                    return StepResult.Completed(payload.Data);
                })
                .AddFlow("one", flow => flow.Start("a", "count"))
                .AddFlow("wide", flow => flow.Start("a", "count").Start("b", "count").Start("c", "count").Start("d", "count"));
            more?.Invoke(engine);
        },
        options);
}
