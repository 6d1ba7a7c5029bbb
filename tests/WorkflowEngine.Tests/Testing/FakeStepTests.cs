using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Testing;

public sealed class FakeStepTests
{
    [Fact]
    public async Task Fake_AfterTheStart_ReplacesTheTypeAndNotesItsCalls()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("charge", (_, _) => throw new InvalidOperationException("the real one"))
            .AddFlow("order", flow => flow.Start("pay", "charge", step => step.With("amount", 12).Retry(2, TimeSpan.FromMinutes(1)))));
        var fake = host.Fake("charge", payload => payload.Attempt == 1 ? StepResult.Fail("declined", "no money") : payload.Data.Prepend("paid"));

        var result = await host.RunAsync("order", "item");

        result.Output.Get<string>().Should().Be("paid");
        fake.Calls.Select(call => (call.StepId, call.Attempt, call.Config.Get<int>("amount"), call.Data.Get<string>())).Should().Equal(("pay", 1, 12, "item"), ("pay", 2, 12, "item"));
        (fake.Calls[1].At - fake.Calls[0].At).Should().Be(TimeSpan.FromMinutes(1));
        fake.Calls[1].IdempotencyKey.Should().Be(fake.Calls[0].IdempotencyKey);
    }

    [Fact]
    public async Task Fake_WithABodyThatWaits_RunsInVirtualTime()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine.AddStep("slow", payload => payload.Data).AddFlow("f", flow => flow.Start("a", "slow")));
        host.Fake("slow", async (payload, cancellationToken) =>
        {
            await Task.Delay(TimeSpan.FromHours(1), host.Time, cancellationToken);
            return payload.Data;
        });

        var job = await host.StartAsync("f", "x");
        await host.RunToEndAsync(job);

        (await job.GetStatusAsync()).Metrics.Duration.Should().Be(TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Start_WithAFlowThatHasProblems_ThrowsThemAll()
    {
        var start = () => FlowTestHost.StartAsync(engine => engine.AddFlow("bad", flow => flow.Start("a", "no_such").Step("b", "nor_this")));

        (await start.Should().ThrowAsync<FlowValidationException>()).Which.Message.Should().Contain("no_such").And.Contain("nor_this");
    }
}
