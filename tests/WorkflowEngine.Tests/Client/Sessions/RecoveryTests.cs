using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Client.Sessions;

/// <summary>Recovery plans, and what a session makes of them (S13).</summary>
public sealed class RecoveryTests
{
    public static TheoryData<Exception, ErrorCategory, ErrorSeverity, RecoveryAction> Errors => new()
    {
        { new Odd("network timeout"), ErrorCategory.Execution, ErrorSeverity.Low, RecoveryAction.RetryWithBackoff },
        { new InvalidOperationException("authentication"), ErrorCategory.Execution, ErrorSeverity.Low, RecoveryAction.RetryWithBackoff },
        { new StepFailedException("busy", "later"), ErrorCategory.Execution, ErrorSeverity.Low, RecoveryAction.RetryWithBackoff },
        { new StepFailedException("never", "no", retryable: false), ErrorCategory.Execution, ErrorSeverity.Low, RecoveryAction.ManualIntervention },
        { new TimeoutException(), ErrorCategory.Timeout, ErrorSeverity.Low, RecoveryAction.Retry },
        { new StepFailedException(Reasons.Timeout, "slow"), ErrorCategory.Timeout, ErrorSeverity.Low, RecoveryAction.Retry },
        { new SocketException(), ErrorCategory.Network, ErrorSeverity.Medium, RecoveryAction.RetryWithBackoff },
        { new HttpRequestException("x"), ErrorCategory.Network, ErrorSeverity.Medium, RecoveryAction.RetryWithBackoff },
        { new HttpRequestException("x", null, HttpStatusCode.BadGateway), ErrorCategory.Dependency, ErrorSeverity.Medium, RecoveryAction.RetryWithBackoff },
        { new HttpRequestException("x", null, HttpStatusCode.TooManyRequests), ErrorCategory.Resource, ErrorSeverity.Medium, RecoveryAction.RetryWithBackoff },
        { new HttpRequestException("x", null, HttpStatusCode.Forbidden), ErrorCategory.Authentication, ErrorSeverity.High, RecoveryAction.ManualIntervention },
        { new HttpRequestException("x", null, HttpStatusCode.NotFound), ErrorCategory.Validation, ErrorSeverity.High, RecoveryAction.ManualIntervention },
        { new UnauthorizedAccessException(), ErrorCategory.Authentication, ErrorSeverity.High, RecoveryAction.ManualIntervention },
        { new IOException("disk full"), ErrorCategory.Resource, ErrorSeverity.Medium, RecoveryAction.RetryWithBackoff },
        { new IOException("reset", new SocketException()), ErrorCategory.Network, ErrorSeverity.Medium, RecoveryAction.RetryWithBackoff },
        { new FileNotFoundException(), ErrorCategory.Dependency, ErrorSeverity.Medium, RecoveryAction.RetryWithBackoff },
        { new FormatException("network"), ErrorCategory.Validation, ErrorSeverity.High, RecoveryAction.ManualIntervention },
        { new NotSupportedException(), ErrorCategory.Configuration, ErrorSeverity.High, RecoveryAction.ManualIntervention },
        { new InsufficientExecutionStackException(), ErrorCategory.System, ErrorSeverity.Critical, RecoveryAction.FailFast },
        { new StoreException("gone", isTransient: true), ErrorCategory.System, ErrorSeverity.Medium, RecoveryAction.RetryWithBackoff },
        { new OperationCanceledException(), ErrorCategory.User, ErrorSeverity.Low, RecoveryAction.ManualIntervention },
    };

    [Theory]
    [MemberData(nameof(Errors), DisableDiscoveryEnumeration = true)]
    public async Task Plan_OfError_GoesByTypeAndFlags(Exception error, ErrorCategory category, ErrorSeverity severity, RecoveryAction action)
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("plans", "s");

        var plan = session.HandleStepError("call", "Call the API", error);

        (plan.Category, plan.Severity, plan.Action, plan.StepId).Should().Be((category, severity, action, "call"));
        plan.IsAutomated.Should().Be(action is not (RecoveryAction.ManualIntervention or RecoveryAction.FailFast));
        plan.Description.Should().StartWith("Call the API failed").And.Contain(error.GetType().Name);
        (await session.GetStatusAsync()).Recovery.Should().BeEmpty("a plan changes nothing");
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public async Task Plan_AfterRetries_EndsWithAPerson(int retries, bool automated)
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("plans", "s");
        var context = new Dictionary<string, object?> { ["retry_count"] = retries, ["timeout"] = 30 };

        var plan = session.HandleStepError("call", "Call the API", new HttpRequestException("x"), context);

        plan.IsAutomated.Should().Be(automated);
        plan.Description.Should().Contain("time limit of 30 s");
        plan.Delay.Should().Be(automated ? TimeSpan.FromSeconds(2 * Math.Pow(2, retries)) : TimeSpan.Zero);
    }

    [Fact]
    public async Task TryRun_OfAStepThatRecovers_IsTrueAndItsRetriesShow()
    {
        await using var host = await FlowTestHost.StartAsync(engine => Flow(engine, attempt => attempt < 3 ? throw new SocketException() : Task.CompletedTask));
        var began = host.Time.GetUtcNow();

        var result = await host.RunAsync("try");

        result.Output.Get<bool>().Should().BeTrue();
        (host.Time.GetUtcNow() - began).Should().Be(TimeSpan.FromSeconds(6));
        var report = await host.Engine.GetJob(result.Id).GetStatusAsync();
        (report["work"].Status, report["work"].Attempts).Should().Be((StepStatus.Completed, 3));
        report.Recovery.Should().ContainSingle().Which.Should().Be("work: completed in attempt 3");
        (await host.EventsAsync(host.Engine.GetJob(result.Id))).Count(happened => happened.Type == JobEventTypes.StepRetrying).Should().Be(2);
    }

    [Fact]
    public async Task TryRun_OfAStepThatKeepsFailing_IsFalseAndThrowsNothing()
    {
        await using var host = await FlowTestHost.StartAsync(engine => Flow(engine, _ => throw new InvalidDataException("no")));

        var result = await host.RunAsync("try");

        (result.Status, result.Output.Get<bool>()).Should().Be((JobStatus.Completed, false));
        var report = await host.Engine.GetJob(result.Id).GetStatusAsync();
        (report["work"].Status, report["work"].Attempts, report["work"].Name).Should().Be((StepStatus.Failed, 3, "Work"));
        report.Recovery.Should().ContainSingle().Which.Should().Contain("somebody has to look at it");
    }

    [Fact]
    public async Task TryRun_OfAStepThatCanBeSkipped_IsTrueAndTheStepIsSkippedNotCompleted()
    {
        await using var host = await FlowTestHost.StartAsync(engine => Flow(engine, _ => throw new FormatException("bad"), new StepOptions { CanSkip = true }));

        var result = await host.RunAsync("try");

        result.Output.Get<bool>().Should().BeTrue();
        var report = await host.Engine.GetJob(result.Id).GetStatusAsync();
        (report["work"].Status, report["work"].Reason, report.Progress.Skipped, report.Progress.Completed).Should().Be((StepStatus.Skipped, Reasons.SkippedByRecovery, 1, 0));
    }

    [Theory]
    [InlineData(false, true, StepStatus.Completed)]
    [InlineData(true, false, StepStatus.Failed)]
    public async Task TryRun_WithAnAlternative_TakesItWhenAttemptsCannotHelp(bool alternativeFails, bool rescued, StepStatus end)
    {
        var options = new StepOptions { Alternative = _ => alternativeFails ? throw new InvalidDataException("neither") : Task.CompletedTask };
        await using var host = await FlowTestHost.StartAsync(engine => Flow(engine, _ => throw new UnauthorizedAccessException(), options));

        var result = await host.RunAsync("try");

        result.Output.Get<bool>().Should().Be(rescued);
        var report = await host.Engine.GetJob(result.Id).GetStatusAsync();
        report["work"].Status.Should().Be(end);
        report.Recovery.Should().ContainSingle().Which.Should().Contain("take the alternative path");
    }

    [Fact]
    public async Task TryRun_WithAResult_KeepsIt()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("results", "s");

        (await session.TryRunStepAsync("load", "Load", _ => Task.FromResult(new[] { 1, 2 }))).Should().BeTrue();

        (await session.GetStepResultAsync<int[]>("load")).Should().Equal(1, 2);
        (await session.GetStepResultAsync<int[]>("other")).Should().BeNull();
    }

    [Fact]
    public async Task Step_LongerThanItsTimeout_FailsWithThatReason()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine.AddFlow<DataPacket>("slow", version: "1", (session, _, stop) =>
            session.RunStepAsync("slow", token => Task.Delay(TimeSpan.FromHours(1), session.Services.GetRequiredService<TimeProvider>(), token), new StepOptions { Timeout = TimeSpan.FromMinutes(1) }, stop)));
        var began = host.Time.GetUtcNow();

        var result = await host.RunAsync("slow");

        (result.Status, result.Reason, host.Time.GetUtcNow() - began).Should().Be((JobStatus.Failed, Reasons.Timeout, TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task Step_WhoseResultIsNoJson_FailsAndNamesTheType()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("results", "s");

        var run = () => session.RunStepAsync("bad", _ => Task.FromResult(double.NaN));

        (await run.Should().ThrowAsync<StepFailedException>()).Which.Reason.Should().Be(Reasons.ResultNotStorable);
        (await session.GetStatusAsync())["bad"].Error!.Message.Should().Contain("Double");
    }

    /// <summary>Its text speaks of what its type does not.</summary>
    private sealed class Odd(string message) : Exception(message);

    private static void Flow(IWorkflowEngineBuilder engine, Func<int, Task> work, StepOptions? options = null)
    {
        var attempt = 0;
        engine.AddFlow<DataPacket, bool>("try", version: "1", (session, _, stop) => session.TryRunStepAsync("work", "Work", _ => work(++attempt), options, stop));
    }
}
