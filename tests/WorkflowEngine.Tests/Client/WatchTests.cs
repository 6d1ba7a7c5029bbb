using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Client;

/// <summary>Watching (S24, S25).</summary>
public sealed class WatchTests
{
    private readonly Probe _probe = new();

    [Fact]
    public async Task Watch_FromAnySequenceWhileTheJobRuns_IsGapFreeAndEndsWithIt()
    {
        _probe.Hold("s20");
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        await _probe.Began("s20");

        var watches = new long[] { 0, 1, 7, 30, 59 }.Select(async after => (after, seen: await SequencesAsync(job, after))).ToList();
        _probe.Release("s20");

        var last = (await job.EventsAsync()).Count;
        foreach (var watch in watches)
        {
            var (after, seen) = await watch.Soon();
            seen.Should().Equal(Enumerable.Range(1, last).Select(number => (long)number).Where(number => number > after));
        }
    }

    [Fact]
    public async Task Watch_DisposedEarly_LeavesNothingBehind()
    {
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");

        await job.SeenAsync(happened => happened.Type == JobEventTypes.StepQueued);
        await job.WaitAsync().Soon();

        host.Node.Events.HasWatchers.Should().BeFalse();
    }

    [Fact]
    public async Task Watch_TheWholeEngine_SeesEveryJobOfTheFilter()
    {
        await using var host = await ChainAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await using var watch = host.Engine.WatchAsync(new JobFilter { Tenant = "t" }, cancellationToken: deadline.Token).GetAsyncEnumerator(deadline.Token);
        var next = watch.MoveNextAsync();
        await Deadlines.EventuallyAsync(() => host.Node.Events.HasWatchers);
        var jobs = new List<JobId>();
        for (var i = 0; i < 10; i++)
        {
            jobs.Add((await host.Engine.RunAsync("chain", options: new JobOptions { Tenant = i % 2 == 0 ? "t" : null }).Soon()).Id);
        }

        var ended = new List<JobId>();
        while (ended.Count < 5 && await next)
        {
            if (watch.Current.Type == JobEventTypes.JobCompleted)
            {
                ended.Add(watch.Current.JobId);
            }

            if (ended.Count < 5)
            {
                next = watch.MoveNextAsync();
            }
        }

        ended.Should().Equal(jobs.Where((_, i) => i % 2 == 0));
    }

    [Fact]
    public async Task Observers_ThatThrowOrHang_HarmNeitherJobsNorOtherObserversNorTheStop()
    {
        Good.Ended = 0;
        var host = await TestHost.StartAsync(
            engine => _probe.AddTo(engine).AddObserver<Throwing>().AddObserver<Hanging>().AddObserver<Good>().AddFlow("one", flow => flow.Start("a", "probe")),
            options => options.StepCancellationGrace = TimeSpan.FromMilliseconds(50));
        await using (host)
        {
            for (var i = 0; i < 20; i++)
            {
                (await host.Engine.RunAsync("one").Soon()).Status.Should().Be(JobStatus.Completed);
            }

            await Deadlines.EventuallyAsync(() => Volatile.Read(ref Good.Ended) == 20);
            await Deadlines.EventuallyAsync(() => host.Log.Lines.Any(line => line.Contains("observer broke", StringComparison.Ordinal)));
            await host.StopAsync().Soon();
        }
    }

    [Fact]
    public async Task Progress_OfARunningBody_ShowsInStatusAndEventsAndIsCoalesced()
    {
        var reported = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("work", async (payload, _) =>
            {
                payload.ReportProgress(50, "half");
                payload.ReportProgress(double.NaN);
                for (var i = 0; i < 10_000; i++)
                {
                    payload.ReportProgress(50 + (i / 1000.0));
                }

                payload.ReportProgress(10, "lower");
                reported.SetResult();
                await release.Task;
                return StepResult.Completed();
            })
            .AddFlow("work", flow => flow.Start("a", "work").Then("b", "work")));
        var job = await host.Engine.StartAsync("work", options: new JobOptions { MaxConcurrentSteps = 1 });
        await reported.Task.Soon();

        var progress = await job.SeenAsync(happened => happened.Type == JobEventTypes.StepProgress);

        (progress.StepId, progress.Message, progress.Data!.Value.GetProperty("percentage").GetDouble()).Should().Be(("a", "half", 50));
        var status = await job.GetStatusAsync();
        (status.Progress.Percentage, status.Progress.Running).Should().Be((25, 1));
        reported = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        release.SetResult();
        await job.WaitAsync().Soon();
        (await job.EventsAsync()).Count(happened => happened.Type == JobEventTypes.StepProgress).Should().BeLessThan(10);
        (await job.GetStatusAsync()).Progress.Percentage.Should().Be(100);
    }

    private Task<TestHost> ChainAsync() => TestHost.StartAsync(engine => _probe.AddTo(engine).AddFlow("chain", flow =>
    {
        flow.Start("s0", "probe");
        for (var i = 1; i < 40; i++)
        {
            flow.Then($"s{i}", "probe");
        }
    }));

    private static async Task<List<long>> SequencesAsync(JobHandle job, long after)
    {
        var seen = new List<long>();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (var happened in job.WatchAsync(after, deadline.Token))
        {
            seen.Add(happened.Sequence);
        }

        return seen;
    }

    private sealed class Throwing : IJobObserver
    {
        public ValueTask OnEventAsync(JobEvent jobEvent, CancellationToken cancellationToken) => throw new InvalidOperationException("observer broke");
    }

    private sealed class Hanging : IJobObserver
    {
        public ValueTask OnEventAsync(JobEvent jobEvent, CancellationToken cancellationToken) => new(new TaskCompletionSource().Task);
    }

    private sealed class Good : IJobObserver
    {
        public static int Ended;

        public ValueTask OnEventAsync(JobEvent jobEvent, CancellationToken cancellationToken)
        {
            Interlocked.Add(ref Ended, jobEvent.Type == JobEventTypes.JobCompleted ? 1 : 0);
            return default;
        }
    }
}
