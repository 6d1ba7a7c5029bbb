using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Joins whose parents end at the same instant (S6): each runs exactly once.</summary>
public sealed class JoinRaceTests
{
    private const int DiamondsPerJob = 20;

    /// <summary>
    /// 100,000 two-parent joins, as 5,000 jobs of 20 diamonds. Both parents of a diamond leave one barrier together, on two threads of the pool, so that their ends
    /// race for the turn of their job.
    /// </summary>
    [Fact]
    public async Task Join_OfParentsThatEndAtTheSameInstant_RunsExactlyOnce()
    {
        const int Jobs = 5_000;
        const int JobsAtOnce = 8;
        var barriers = new ConcurrentDictionary<(JobId, string), Barrier>();
        var joins = new ConcurrentDictionary<(JobId, string), int>();
        await using var host = await TestHost.StartAsync(
            engine => engine
                .AddStep("parent", async (payload, _) =>
                {
                    var barrier = barriers.GetOrAdd((payload.JobId, payload.StepId[1..]), static _ => new Barrier());
                    await barrier.ArriveAsync();
                    return StepResult.Completed();
                })
                .AddStep("join", (payload, _) =>
                {
                    joins.AddOrUpdate((payload.JobId, payload.StepId[1..]), 1, static (_, count) => count + 1);
                    return StepResult.Completed();
                })
                .AddFlow("diamonds", Diamonds()),
            options => (options.MaxConcurrentSteps, options.MaxConcurrentJobs) = (JobsAtOnce * DiamondsPerJob * 2, JobsAtOnce * 2));

        await Parallel.ForAsync(0, Jobs, new ParallelOptions { MaxDegreeOfParallelism = JobsAtOnce }, async (_, cancellationToken) =>
        {
            var result = await host.Engine.RunAsync("diamonds", cancellationToken: cancellationToken);
            result.Status.Should().Be(JobStatus.Completed);
        });

        barriers.Should().HaveCount(Jobs * DiamondsPerJob);
        barriers.Values.Should().OnlyContain(barrier => barrier.Arrived == 2, "no parent ran twice");
        joins.Should().HaveCount(Jobs * DiamondsPerJob, "no join was lost");
        joins.Values.Should().OnlyContain(count => count == 1, "no join ran twice");
    }

    private static Action<FlowBuilder> Diamonds() => flow =>
    {
        for (var diamond = 0; diamond < DiamondsPerJob; diamond++)
        {
            flow.Start($"l{diamond}", "parent").Start($"r{diamond}", "parent").Join($"j{diamond}", "join", [$"l{diamond}", $"r{diamond}"]);
        }

        flow.MaxConcurrentSteps(DiamondsPerJob * 2);
    };

    /// <summary>Lets two go on together: both continuations are queued, and the pool runs them on two threads.</summary>
    private sealed class Barrier
    {
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _alsoOpen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _arrived;

        public int Arrived => _arrived;

        public Task ArriveAsync()
        {
            if (Interlocked.Increment(ref _arrived) == 1)
            {
                return _open.Task;
            }

            _open.TrySetResult();
            _alsoOpen.TrySetResult();
            return _alsoOpen.Task.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
