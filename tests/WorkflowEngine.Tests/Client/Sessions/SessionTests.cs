using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Client.Sessions;

/// <summary>Sessions that a program opens by hand (S28).</summary>
public sealed class SessionTests
{
    [Fact]
    public async Task Session_FromOpenToComplete_IsAJobWithStepsAndProgress()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("analytics", "run_1", totalSteps: 4);
        await session.StartStepAsync("load", "Load customer data");
        await session.UpdateStepProgressAsync("load", 40, "4 of 10");

        var running = await session.GetStatusAsync();

        (running.Status, running.FlowId, running.Key, running.Id).Should().Be((JobStatus.Running, "analytics", "run_1", session.JobId));
        (running.Progress.Running, running.Progress.Completed, running.Progress.Total, running.Progress.Percentage).Should().Be((1, 0, 4, 10));
        running["load"].Name.Should().Be("Load customer data");
        await session.CompleteStepAsync("load");
        (await session.RunStepAsync("count", _ => Task.FromResult(45))).Should().Be(45);
        var half = (await session.GetStatusAsync()).Progress;
        (half.Percentage, half.Completed, half.Running).Should().Be((50, 2, 0));
        await session.CompleteAsync();
        var done = await session.GetStatusAsync();
        (done.Status, done.Progress.Percentage, done.Progress.Completed).Should().Be((JobStatus.Completed, 100, 2));
        done.Metrics.Duration.Should().BeGreaterThan(TimeSpan.Zero);
        var types = (await session.Job.EventsAsync()).Where(happened => happened.StepPath is "load" or "count" || happened.StepPath is null).Select(happened => happened.Type);
        types.Should().Equal("job.created", "job.started", "step.started", "step.progress", "step.completed", "step.started", "step.completed", "job.completed");
    }

    [Fact]
    public async Task Steps_MoreThanDeclared_RaiseTheTotal()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("many", "s", totalSteps: 1);

        await session.RunStepAsync("a", _ => Task.CompletedTask);
        await session.RunStepAsync("b", _ => Task.CompletedTask);

        var progress = (await session.GetStatusAsync()).Progress;
        (progress.Total, progress.Completed).Should().Be((2, 2));
        progress.Percentage.Should().BeLessThan(100, "the job has not ended");
    }

    [Fact]
    public async Task Reopened_AfterDispose_GivesStoredResultsAndGoesOn()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        var runs = 0;
        JobId id;
        await using (var first = await host.Engine.OpenSessionAsync("again", "s"))
        {
            id = first.JobId;
            await first.RunStepAsync("a", _ => Task.FromResult($"made {++runs}"));
            await first.StartStepAsync("by_hand");
            await first.CompleteStepAsync("by_hand");
            await first.StartStepAsync("left_open");
            first.Variables.Set("seen", 7);
            await first.DisposeAsync();
        }

        var closed = await host.Engine.GetJob(id).GetStatusAsync();
        (closed.Status, closed["left_open"].Status, closed["left_open"].Attempts).Should().Be((JobStatus.Waiting, StepStatus.Pending, 0));
        await using var second = await host.Engine.OpenSessionAsync("again", "s");

        second.JobId.Should().Be(id);
        (await second.RunStepAsync("a", _ => Task.FromResult($"made {++runs}"))).Should().Be("made 1");
        (await second.StartStepAsync("by_hand")).Should().BeFalse();
        (await second.StartStepAsync("left_open")).Should().BeTrue();
        second.Variables.Get<int>("seen").Should().Be(7);
        await second.CompleteAsync();
        (await second.Job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (await second.GetStatusAsync())["left_open"].Status.Should().Be(StepStatus.Cancelled);
        runs.Should().Be(1);
    }

    [Fact]
    public async Task Step_UsedTwiceInOneRun_ThrowsWithAHint()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("twice", "s");
        await session.RunStepAsync("upload", _ => Task.CompletedTask);

        var again = () => session.RunStepAsync("upload", _ => Task.CompletedTask);

        (await again.Should().ThrowAsync<DuplicateStepException>().WithMessage("*'upload'*upload[{i}]*")).Which.StepId.Should().Be("upload");
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("session")]
    [InlineData("a.b")]
    public async Task Step_WithAnIllegalId_IsRefused(string id)
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("ids", "s");

        await session.Invoking(open => open.StartStepAsync(id)).Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task Open_WhileItIsOpen_IsBusyUntilDisposed()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        var session = await host.Engine.OpenSessionAsync("busy", "s");

        (await host.Engine.Invoking(engine => engine.OpenSessionAsync("busy", "s")).Should().ThrowAsync<SessionBusyException>()).Which.JobId.Should().Be(session.JobId);
        await session.DisposeAsync();
        await session.DisposeAsync();
        await using var again = await host.Engine.OpenSessionAsync("busy", "s");
        again.JobId.Should().Be(session.JobId);
        await session.Invoking(old => old.StartStepAsync("late")).Should().ThrowAsync<InvalidOperationException>().WithMessage("*over*");
    }

    [Fact]
    public async Task Step_ThatFails_ThrowsItsOwnExceptionOnceTheFailureIsDurable()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("failing", "s");

        var run = () => session.RunStepAsync("bad", _ => throw new InvalidDataException("no data"));

        (await run.Should().ThrowAsync<InvalidDataException>()).WithMessage("no data");
        var failed = (await session.Job.GetStatusAsync())["bad"];
        (failed.Status, failed.Error!.Reason).Should().Be((StepStatus.Failed, Reasons.StepExecutionFailure));
        await session.CompleteAsync();
        (await session.GetStatusAsync()).Status.Should().Be(JobStatus.Completed, "a failed step does a job no harm that its code completes");
    }

    [Fact]
    public async Task Step_FailedInAnEarlierOpening_RunsAgainWithFreshAttempts()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using (var first = await host.Engine.OpenSessionAsync("retry", "s"))
        {
            await first.Invoking(open => open.RunStepAsync("bad", _ => throw new InvalidDataException("no data"))).Should().ThrowAsync<InvalidDataException>();
            await first.CompleteAsync(success: false);
        }

        await using var second = await host.Engine.OpenSessionAsync("retry", "s");
        (await second.RunStepAsync("bad", _ => Task.FromResult("good"))).Should().Be("good");
        await second.CompleteAsync();

        var report = await second.GetStatusAsync();
        (report.Status, report.Attempt, report["bad"].Attempts).Should().Be((JobStatus.Completed, 2, 2));
    }

    [Fact]
    public async Task Complete_WithoutSuccess_FailsTheJobWithItsReason()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("ends", "s");

        await session.CompleteAsync(success: false);

        var result = await session.Job.WaitAsync().Soon();
        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.SessionFailed));
        await session.Invoking(over => over.CompleteAsync()).Should().ThrowAsync<InvalidOperationException>();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_OfAnEndedSession_IsRefusedUnlessItFailed(bool success)
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using (var session = await host.Engine.OpenSessionAsync("ended", "s"))
        {
            await session.CompleteAsync(success);
        }

        var open = () => host.Engine.OpenSessionAsync("ended", "s");

        if (success)
        {
            (await open.Should().ThrowAsync<InvalidTransitionException>()).Which.Status.Should().Be(JobStatus.Completed);
        }
        else
        {
            await using var again = await open();
            await again.CompleteAsync();
        }
    }

    [Fact]
    public async Task Open_OnAHostThatWasNotStarted_SaysSo()
    {
        await using var host = TestHost.Build(_ => { });

        await host.Engine.Invoking(engine => engine.OpenSessionAsync("idle", "s")).Should().ThrowAsync<InvalidOperationException>().WithMessage("*not started*");
    }

    [Fact]
    public async Task Stop_WithAnOpenSession_HandsTheJobBackAndItsMembersThrow()
    {
        var host = await TestHost.StartAsync(_ => { });
        var session = await host.Engine.OpenSessionAsync("stopping", "s");
        await session.RunStepAsync("a", _ => Task.CompletedTask);

        await host.StopAsync().Soon();

        await session.Invoking(open => open.RunStepAsync("b", _ => Task.CompletedTask)).Should().ThrowAsync<OperationCanceledException>();
        var job = await host.Node.Store.LoadAsync(session.JobId, WorkflowEngine.Storage.JobParts.Head, CancellationToken.None);
        (job!.Owner, job.Head.Status).Should().Be((null, JobStatus.Waiting));
        await session.DisposeAsync();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Cancel_OfAnOpenSession_FiresItsTokenAndEndsItsSteps()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("cancelled", "s");
        var began = new TaskCompletionSource();
        var running = session.RunStepAsync("long", async token =>
        {
            began.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        });
        await began.Task.Soon();

        await session.Job.CancelAsync().Soon();

        await running.Awaiting(task => task).Should().ThrowAsync<OperationCanceledException>();
        (await session.Job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Cancelled);
        (await session.Job.GetStatusAsync())["long"].Status.Should().Be(StepStatus.Cancelled);
    }

    [Fact]
    public async Task Cancel_OfAClosedSession_IsAppliedWithoutOpeningIt()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        var session = await host.Engine.OpenSessionAsync("closed", "s");
        await session.DisposeAsync();

        await session.Job.CancelAsync().Soon();

        (await session.Job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Cancelled);
    }

    [Fact]
    public async Task Pause_HoldsNewStepsUntilResumed()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("paused", "s");
        await session.Job.PauseAsync().Soon();
        var ran = false;

        var step = session.RunStepAsync("a", _ => Task.FromResult(ran = true));
        await session.GetStatusAsync();

        (step.IsCompleted, ran).Should().Be((false, false));
        await session.Job.ResumeAsync().Soon();
        (await step.Soon()).Should().BeTrue();
    }

    [Fact]
    public async Task Steps_UnderWhenAll_EachRunOnceAndAreKept()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("parallel", "s", totalSteps: 50);

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => session.RunStepAsync($"upload[{i}]", async _ =>
        {
            await Task.Yield();
            return i;
        }))).Soon();

        results.Should().Equal(Enumerable.Range(0, 50));
        (await session.GetStatusAsync()).Progress.Completed.Should().Be(50);
    }

    [Fact]
    public async Task Sessions_ManyAtOnce_TakeNoSlots()
    {
        await using var host = await TestHost.StartAsync(
            engine => engine.AddStep("noop_", (_, _) => StepResult.Completed()).AddFlow("graph", flow => flow.Start("a", "noop_")),
            options => (options.MaxConcurrentSteps, options.MaxConcurrentJobs) = (1, 1));
        await using var one = await host.Engine.OpenSessionAsync("open", "1");
        await using var two = await host.Engine.OpenSessionAsync("open", "2");
        await one.StartStepAsync("a");
        await two.StartStepAsync("a");

        host.Node.Scheduler.Taken.Should().Be(0);
        await one.DisposeAsync();
        await two.DisposeAsync();
        (await host.Engine.RunAsync("graph").Soon()).Status.Should().Be(JobStatus.Completed);
        host.Node.Held.Should().Be(0);
    }

    [Fact]
    public async Task Cleanup_LeavesTheSessionUsable()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("cleanup", "s");
        await session.StartStepAsync("a");
        await session.UpdateStepProgressAsync("a", 50);

        await session.CleanupAsync();
        await session.CleanupAsync();

        await session.UpdateStepProgressAsync("a", 60);
        await session.CompleteStepAsync("a");
        await session.CompleteAsync();
        await session.CleanupAsync();
        (await session.GetStatusAsync()).Status.Should().Be(JobStatus.Completed);
    }
}
