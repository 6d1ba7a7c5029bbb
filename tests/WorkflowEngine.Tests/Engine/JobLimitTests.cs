using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

public sealed class JobLimitTests
{
    [Theory]
    [InlineData(null, 12, 12)]
    [InlineData(null, 3, 3)]
    [InlineData(5, 12, 12)]
    [InlineData(5, null, 5)]
    [InlineData(null, null, 8)]
    public async Task StartAsync_WithMaxConcurrentSteps_TakesTheJobsLimitBeforeTheFlows(int? ofFlow, int? ofJob, int expected)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (running, most) = (0, 0);
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("hold", async (_, _) =>
            {
                var now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                if (now == expected)
                {
                    reached.TrySetResult();
                }

                await release.Task;
                Interlocked.Decrement(ref running);
                return StepResult.Completed();
            })
            .AddFlow(new FlowDefinition { Id = "many", MaxConcurrentSteps = ofFlow, Steps = [.. Enumerable.Range(0, 20).Select(number => new StepDefinition { Id = $"s{number}", Type = "hold" })] }));

        var job = await host.Engine.StartAsync("many", options: new JobOptions { MaxConcurrentSteps = ofJob });
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
        (await job.GetStatusAsync()).Progress.Running.Should().BeLessThanOrEqualTo(expected);
        release.SetResult();
        (await job.WaitAsync()).Succeeded.Should().BeTrue();

        most.Should().Be(expected);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value && Interlocked.CompareExchange(ref target, value, seen) != seen;)
        {
            seen = Volatile.Read(ref target);
        }
    }
}
