using System.Diagnostics;
using System.Runtime;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Cli;

/// <summary>Measures the engine and its ceiling in one process, one after the other.</summary>
internal static class BenchRun
{
    private const int CeilingItems = 2_000_000;
    private const int MostLatencyJobs = 2_000;
    private const int MostWarmUps = 12;
    private const int MostRounds = 9;
    private const double EnoughSeconds = 1.5;

    private static readonly TimeSpan WarmUpPause = TimeSpan.FromMilliseconds(150);

    public static async Task<BenchFigures> RunAsync(BenchShape shape, int jobs, int concurrency, StoreAddress store, string? packets)
    {
        var ceiling = await CeilingAsync();
        await using var local = await LocalEngine.StartAsync(Configure, engine =>
        {
            store.UseOn(engine, packets);
            AddStep(engine);
        });
        await local.Engine.Flows.AddAsync(shape.Flow);
        await WarmUpAsync(local, Math.Max(1, jobs / 10), concurrency);

        var retainedBefore = GC.GetTotalMemory(forceFullCollection: true);
        var allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
        var rounds = await RoundsAsync(local.Engine, jobs, concurrency);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;
        var retained = GC.GetTotalMemory(forceFullCollection: true) - retainedBefore;

        var latencies = await LatenciesAsync(local.Engine, Math.Clamp(jobs / 5, 1, MostLatencyJobs));
        var seconds = rounds[rounds.Count / 2];
        var steps = (double)jobs * shape.StepCount;
        return new BenchFigures
        {
            Shape = shape.Name,
            Store = store.IsDurable ? "sqlite" : "memory",
            Jobs = jobs,
            StepsPerJob = shape.StepCount,
            Concurrency = concurrency,
            Rounds = rounds.Count,
            Seconds = Math.Round(seconds, 4),
            StepsPerSecond = Math.Round(steps / seconds),
            JobsPerSecond = Math.Round(jobs / seconds, 1),
            AllocatedBytesPerStep = Math.Round(allocated / steps / rounds.Count, 1),
            RetainedBytesPerStep = Math.Round(retained / steps / rounds.Count, 1),
            LatencyP50Milliseconds = Math.Round(latencies[latencies.Length / 2], 4),
            LatencyP99Milliseconds = Math.Round(latencies[latencies.Length * 99 / 100], 4),
            CeilingPerSecond = Math.Round(ceiling),
            Ratio = Math.Round(steps / seconds / ceiling, 4),
        };
    }

    private static void Configure(WorkflowEngineOptions options) => options.Retention = TimeSpan.FromDays(1);

    private static void AddStep(IWorkflowEngineBuilder engine)
        => engine.AddStep(BenchShape.StepType, (payload, _) => StepResult.Completed(payload.Data));

    /// <summary>
    /// A tenth of the jobs, again and again with pauses, until the runtime has nothing left to compile: it makes hot methods anew only once no new code has been met
    /// for a while, and figures of what is about to be replaced would say nothing about an engine that has run for a minute.
    /// </summary>
    private static async Task WarmUpAsync(LocalEngine local, int jobs, int concurrency)
    {
        long known = -1;
        for (var round = 0; round < MostWarmUps && known != JitInfo.GetCompiledMethodCount(); round++)
        {
            known = JitInfo.GetCompiledMethodCount();
            await DriveAsync(local.Engine, jobs, concurrency);
            await Task.Delay(WarmUpPause, local.Time);
        }
    }

    /// <summary>The seconds of each round, in ascending order: short rounds are repeated, since one collection of garbage more or less would show.</summary>
    private static async Task<List<double>> RoundsAsync(IWorkflowEngine engine, int jobs, int concurrency)
    {
        var rounds = new List<double>();
        do
        {
            var began = Stopwatch.GetTimestamp();
            await DriveAsync(engine, jobs, concurrency);
            rounds.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        while (rounds.Count < MostRounds && rounds.Sum() < EnoughSeconds);
        rounds.Sort();
        return rounds;
    }

    /// <summary>Keeps so many jobs in flight until all have ended.</summary>
    private static async Task DriveAsync(IWorkflowEngine engine, int jobs, int concurrency)
    {
        var left = jobs;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(jobs, concurrency)).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                (await engine.RunAsync("bench")).EnsureSucceeded();
            }
        })));
    }

    private static async Task<double[]> LatenciesAsync(IWorkflowEngine engine, int jobs)
    {
        var milliseconds = new double[jobs];
        for (var at = 0; at < jobs; at++)
        {
            var began = Stopwatch.GetTimestamp();
            (await engine.RunAsync("bench")).EnsureSucceeded();
            milliseconds[at] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        Array.Sort(milliseconds);
        return milliseconds;
    }

    /// <summary>Items per second through an unbounded channel whose one reader yields once for each.</summary>
    private static async Task<double> CeilingAsync()
    {
        await PassAsync(CeilingItems / 10);
        var began = Stopwatch.GetTimestamp();
        await PassAsync(CeilingItems);
        return CeilingItems / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task PassAsync(int items)
    {
        var channel = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        var writing = Task.Run(() =>
        {
            for (var at = 0; at < items; at++)
            {
                channel.Writer.TryWrite(at);
            }

            channel.Writer.Complete();
        });
        await foreach (var _ in channel.Reader.ReadAllAsync())
        {
            await Task.Yield();
        }

        await writing;
    }
}
