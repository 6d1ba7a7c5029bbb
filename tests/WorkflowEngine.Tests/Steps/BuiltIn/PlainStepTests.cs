using Microsoft.Extensions.Logging;

namespace WorkflowEngine.Tests.Steps.BuiltIn;

public sealed class PlainStepTests
{
    [Fact]
    public async Task Noop_EmptyInput_CompletesExplicitly()
    {
        var result = await new NoopStep().RunAsync();

        (result.IsCompleted, result.IsExplicit, result.Output!.Count).Should().Be((true, true, 0));
    }

    [Fact]
    public async Task Finish_Input_IsTheOutput()
    {
        var result = await new FinishStep().RunAsync(data: "x");

        result.Kind.Should().Be(StepResult.OutcomeKind.Finish);
        result.Output!.Get<string>().Should().Be("x");
    }

    [Fact]
    public async Task Fail_Configured_SaysSo()
    {
        var result = await new FailStep().RunAsync(new { reason = "no_stock", message = "Sold out", retryable = false });

        (result.Reason, result.Message, result.Retryable).Should().Be(("no_stock", "Sold out", false));
    }

    [Fact]
    public async Task Fail_Bare_HasAReasonAndFollowsThePolicy()
    {
        var result = await new FailStep().RunAsync();

        (result.Reason, result.Retryable).Should().Be((FailStep.DefaultReason, null));
        result.Message.Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("warn", LogLevel.Warning)]
    [InlineData("error", LogLevel.Error)]
    [InlineData(null, LogLevel.Information)]
    public async Task Log_Level_IsTheHostLevel(string? word, LogLevel level)
    {
        var log = new Lines();
        var config = word is null ? (object)new { message = "hello {x}" } : new { message = "hello {x}", level = word };
        var payload = new StepPayload(StepPayload.For().Job, "s", "s") { Config = StepConfig.From(config), Data = DataPacket.Of(1), Log = log };

        var result = await new LogStep().ExecuteAsync(payload, default);

        log.Should().Equal((level, "hello {x}"));
        (result.IsExplicit, result.Output!.Count).Should().Be((true, 1));
    }

    [Fact]
    public async Task Log_UnknownLevel_FailsForGood()
        => (await new LogStep().FailAsync(new { message = "m", level = "loud" })).Retryable.Should().BeFalse();

    [Fact]
    public void All_Types_AreTheDocumentedOnes()
        => BuiltInSteps.All.Select(step => step.Type).Should().Equal("set", "log", "noop", "fail", "finish", "switch", "delay", "wait_for_signal", "approval", "for_each", "while");

    private sealed class Lines : List<(LogLevel Level, string Text)>, ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Add((logLevel, formatter(state, exception)));
    }
}
