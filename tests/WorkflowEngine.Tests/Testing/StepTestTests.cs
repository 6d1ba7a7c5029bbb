using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace WorkflowEngine.Tests.Testing;

public sealed class StepTestTests
{
    [Fact]
    public async Task RunAsync_StepThatDoesEverything_TellsAllOfIt()
    {
        using var services = new ServiceCollection().AddSingleton(new Greeting("hello")).BuildServiceProvider();

        var result = await StepTest.RunAsync<Greet>(StepPayload.For(data: new[] { "Ann" }, config: new { Mark = "!" }), services);

        result.Output.Get<string>().Should().Be("hello Ann!");
        result.Variables["greeted"].Value.GetInt32().Should().Be(2, "the last write wins");
        result.EngineData["source"].GetString().Should().Be("test");
        result.Progress.Should().Equal(new StepProgressReport(50, "half"), new StepProgressReport(100, null));
        result.Log.Should().Equal(new StepLogEntry(LogLevel.Information, "Greeted Ann", null));
        result.Exception.Should().BeNull();
    }

    [Fact]
    public async Task RunAsync_StepThatThrows_GivesTheFailureThatTheEngineWouldMake()
    {
        var body = new Breaking(() => throw new InvalidOperationException("kaboom"));
        await using var host = await FlowTestHost.StartAsync(engine => engine.AddStep("break", (_, _) => throw new InvalidOperationException("kaboom")).AddFlow("f", flow => flow.Start("a", "break")));
        var job = await host.StartAsync("f");
        await host.RunToEndAsync(job);
        var error = (await job.GetStatusAsync())["a"].Error!;

        var result = await StepTest.RunAsync(body, StepPayload.For());

        (result.Result.Reason, result.Result.Message, result.Result.Retryable).Should().Be((error.Reason, error.Message, error.Retryable));
        result.Exception.Should().BeOfType<InvalidOperationException>();
        result.Variables.Should().BeEmpty("a failed attempt writes nothing");
    }

    [Fact]
    public async Task RunAsync_StepThatFailsOnPurpose_KeepsItsReason()
    {
        var result = await StepTest.RunAsync(new Breaking(() => throw new StepFailedException("no_stock", "Sold out.", retryable: false)), StepPayload.For());

        (result.Result.IsFailed, result.Result.Reason, result.Result.Retryable).Should().Be((true, "no_stock", false));
    }

    [Fact]
    public async Task RunAsync_StepThatReturnsNull_IsAnInvalidResult()
        => (await StepTest.RunAsync(new Breaking(() => null!), StepPayload.For())).Result.Reason.Should().Be(Reasons.InvalidResult);

    [Fact]
    public async Task RunAsync_StepThatWaits_TellsForWhat()
    {
        var result = await StepTest.RunAsync(new Breaking(() => StepResult.Wait("go", TimeSpan.FromDays(1))), StepPayload.For());

        (result.WaitsFor, result.Delay).Should().Be(("go", TimeSpan.FromDays(1)));
        result.Variables.Should().ContainKey("begun");
    }

    [Fact]
    public async Task RunAsync_CancelledToken_IsNoFailureOfTheStep()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        var result = await StepTest.RunAsync(new Breaking(() => throw new OperationCanceledException()), StepPayload.For(), cancellationToken: cancelled.Token);

        result.IsCancelled.Should().BeTrue();
    }

    [Fact]
    public async Task RunAsync_WithoutAServiceThatTheConstructorNeeds_Throws()
    {
        var run = () => StepTest.RunAsync<Greet>(StepPayload.For("Ann"));

        await run.Should().ThrowAsync<InvalidOperationException>().WithMessage("*Greeting*");
    }

    public sealed record Greeting(string Word);

    private sealed record Marking(string Mark);

    private sealed class Greet(Greeting greeting) : IStep
    {
        public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
        {
            payload.ReportProgress(50, "half");
            payload.SetVariable("greeted", 1);
            payload.SetVariable("greeted", 2);
            payload.SetEngineData("source", "test");
            payload.Log.LogInformation("Greeted {Name}", payload.Get<string>());
            payload.ReportProgress(120);
            return StepResult.Completed(payload.Data.Prepend($"{greeting.Word} {payload.Get<string>()}{payload.Config.Get<Marking>().Mark}"));
        }
    }

    private sealed class Breaking(Func<StepResult> run) : IStep
    {
        public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
        {
            payload.SetVariable("begun", true);
            return new ValueTask<StepResult>(run());
        }
    }
}
