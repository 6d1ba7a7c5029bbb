using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

public sealed class StopReasonTests
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<StopReason> _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task StopReason_AfterTheStepsTimeout_SaysSo()
    {
        await using var host = await StartAsync(step => step.Timeout(TimeSpan.FromMilliseconds(20)));

        await host.Engine.RunAsync("watch");

        (await _seen.Task).Should().Be(StopReason.StepTimeout);
    }

    [Fact]
    public async Task StopReason_AfterACancel_SaysSo()
    {
        await using var host = await StartAsync(_ => { });
        var job = await host.Engine.StartAsync("watch");
        await _begun.Task;

        await job.CancelAsync();

        (await _seen.Task).Should().Be(StopReason.JobCancelled);
        (await job.WaitAsync()).Status.Should().Be(JobStatus.Cancelled);
    }

    [Fact]
    public async Task StopReason_WhenTheHostStops_SaysSo()
    {
        await using var host = await StartAsync(_ => { });
        await host.Engine.StartAsync("watch");
        await _begun.Task;

        await host.StopAsync();

        (await _seen.Task).Should().Be(StopReason.HostStopping);
    }

    private Task<TestHost> StartAsync(Action<StepBuilder> configure) => TestHost.StartAsync(
        engine => engine
            .AddStep("watch", async (payload, cancellationToken) =>
            {
                _begun.TrySetResult();
                try
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }
                finally
                {
                    _seen.TrySetResult(payload.StopReason);
                }

                return StepResult.Completed();
            })
            .AddFlow("watch", flow => flow.Start("a", "watch", configure)),
        options => options.ShutdownGrace = TimeSpan.Zero);
}
