using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

public sealed class LateBodyTests
{
    [Fact]
    public async Task Timeout_OfABodyThatIgnoresItsTokenAndReturnsLater_IsStillATimeout()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("late", async (_, cancellationToken) =>
            {
                using var fired = cancellationToken.Register(() => gate.TrySetResult());
                await gate.Task;
                return StepResult.Completed(DataPacket.Of("too late"));
            })
            .AddFlow("late", flow => flow.Start("a", "late", step => step.Timeout(TimeSpan.FromMilliseconds(20)))));

        var result = await host.Engine.RunAsync("late");

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.Timeout));
        (await host.Engine.GetJob(result.Id).GetOutputAsync("a")).Should().BeEmpty();
    }

    [Fact]
    public async Task RunAsync_OfAnyValue_WrapsItAsInput()
    {
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("double", (int number) => number * 2)
            .AddFlow("double", flow => flow.Start("a", "double")));

        var result = await host.Engine.RunAsync("double", 21);

        result.Output.Get<int>().Should().Be(42);
    }

    [Fact]
    public async Task GetOutput_OfAnUnknownStep_NamesTheNearest()
    {
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("double", (int number) => number * 2)
            .AddFlow("double", flow => flow.Start("first", "double")));
        var result = await host.Engine.RunAsync("double", 21);

        var asked = host.Engine.GetJob(result.Id).Invoking(job => job.GetOutputAsync("frist"));

        (await asked.Should().ThrowAsync<ArgumentException>()).Which.Message.Should().Contain("'first'");
    }

    [Fact]
    public async Task TypedResult_ThatIsNoJson_FailsWithResultNotStorable()
    {
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("stream", (int _) => (Stream)new MemoryStream())
            .AddFlow("stream", flow => flow.Start("a", "stream")));

        (await host.Engine.RunAsync("stream", 1)).Reason.Should().Be(Reasons.ResultNotStorable);
    }
}
