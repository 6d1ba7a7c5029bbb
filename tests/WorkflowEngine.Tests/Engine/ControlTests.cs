using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Controls, proven by what the bodies did (S14, S15).</summary>
public sealed class ControlTests
{
    private readonly Probe _probe = new();

    [Fact]
    public async Task Pause_WhileAStepRuns_LetsItFinishAndStartsNothing()
    {
        _probe.Hold("a");
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        await _probe.Began("a");

        await job.PauseAsync().Soon();
        _probe.Release("a");
        var idle = await job.WaitAsync(JobWait.Idle).Soon();

        idle.Status.Should().Be(JobStatus.Paused);
        (_probe["a"], _probe["b"]).Should().Be((1, 0));
        await job.PauseAsync().Soon();
        await job.ResumeAsync().Soon();
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (_probe["a"], _probe["b"], _probe["c"]).Should().Be((1, 1, 1));
    }

    [Fact]
    public async Task Pause_RacingWithFinishingSteps_NoBodyBeginsAfterItReturned()
    {
        var late = 0;
        var paused = new ConcurrentDictionary<JobId, bool>();
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("quick", (payload, _) =>
            {
                Interlocked.Add(ref late, paused.ContainsKey(payload.JobId) ? 1 : 0);
                return StepResult.Completed();
            })
            .AddFlow("long", flow =>
            {
                flow.Start("s0", "quick");
                for (var i = 1; i < 300; i++)
                {
                    flow.Then($"s{i}", "quick");
                }
            }));

        var stopped = 0;
        for (var round = 0; round < 200; round++)
        {
            var job = await host.Engine.StartAsync("long");
            Thread.SpinWait(round * 100);
            try
            {
                await job.PauseAsync().Soon();
                paused[job.Id] = true;
                stopped++;
                await job.WaitAsync(JobWait.Idle).Soon();
                paused.Clear();
                await job.ResumeAsync().Soon();
            }
            catch (InvalidTransitionException)
            {
                // The job was faster than the pause.
            }

            (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        }

        late.Should().Be(0);
        stopped.Should().BeGreaterThan(0);
    }

    [Fact]
    public async Task Pause_BetweenASlotAndItsBody_GivesTheAttemptAgain()
    {
        var secrets = new SlowSecrets();
        await using var host = await TestHost.StartAsync(engine =>
        {
            engine.Services.AddSingleton(secrets);
            _probe.AddTo(engine).AddSecrets<SlowSecrets>().AddFlow("slow", flow => flow.Start("a", "probe", step => step.With("token", "{{ secrets.token }}")));
        });
        var job = await host.Engine.StartAsync("slow");
        await secrets.Asked.Task.Soon();

        await job.PauseAsync().Soon();
        secrets.Answer.SetResult("x");
        (await job.WaitAsync(JobWait.Idle).Soon()).Status.Should().Be(JobStatus.Paused);

        _probe.Total.Should().Be(0);
        await job.ResumeAsync().Soon();
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (_probe["a"], (await job.GetStatusAsync())["a"].Attempts).Should().Be((1, 1));
    }

    [Fact]
    public async Task Cancel_RunningBody_FiresItsTokenAndStartsNothingNew()
    {
        _probe.Hold("a");
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        await _probe.Began("a");

        await job.CancelAsync(new ControlOptions { Actor = "ann", Note = "not needed" }).Soon();
        var result = await job.WaitAsync().Soon();
        await job.CancelAsync().Soon();

        (result.Status, result.Reason).Should().Be((JobStatus.Cancelled, Reasons.Cancelled));
        (_probe.Stopped, _probe["b"]).Should().Be((1, 0));
        var status = await job.GetStatusAsync();
        status.Steps.Should().OnlyContain(step => step.Status == StepStatus.Cancelled);
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task Fail_RunningJob_EndsFailedWithTheGivenReason()
    {
        _probe.Hold("a");
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        await _probe.Began("a");

        await job.FailAsync("wrong_customer", "Ordered by mistake.", new ControlOptions { Actor = "ann", Note = "ticket 7" }).Soon();
        var result = await job.WaitAsync().Soon();
        await job.FailAsync("wrong_customer", "Ordered by mistake.").Soon();

        (result.Status, result.Reason, result.Message).Should().Be((JobStatus.Failed, "wrong_customer", "Ordered by mistake."));
        _probe.Stopped.Should().Be(1);
        var applied = (await job.EventsAsync()).First(happened => happened.Type == JobEventTypes.CommandApplied);
        (applied.Actor, applied.Message).Should().Be(("ann", "ticket 7"));
    }

    [Fact]
    public async Task Skip_PendingStep_RunsItsDependantsWithoutItsBody()
    {
        _probe.Hold("a");
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        await _probe.Began("a");

        await job.SkipAsync("b", DataPacket.Of("instead")).Soon();
        await job.SkipAsync("b").Soon();
        _probe.Release("a");
        var result = await job.WaitAsync().Soon();

        result.Status.Should().Be(JobStatus.Completed);
        (_probe["b"], _probe["c"]).Should().Be((0, 1));
        result.Output.Select(item => item.Get<string>()).Should().Equal("c", "instead");
        await job.SkipAsync("b").Soon();
    }

    [Fact]
    public async Task Skip_FailedStep_ReopensTheJobAndRunsWhatItBlocked()
    {
        _probe.Fail("b");
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Failed);

        await job.SkipAsync("b").Soon();

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (_probe["a"], _probe["b"], _probe["c"]).Should().Be((1, 1, 1));
    }

    [Fact]
    public async Task Retry_FailedJob_RunsExactlyTheFailedAndBlockedBodiesAgain()
    {
        _probe.Fail("b");
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Failed);

        await job.RetryAsync(new RetryOptions { Actor = "ann", Note = "fixed" }).Soon();
        var result = await job.WaitAsync().Soon();

        result.Status.Should().Be(JobStatus.Completed);
        (_probe["a"], _probe["b"], _probe["c"]).Should().Be((1, 2, 1));
        var status = await job.GetStatusAsync();
        (status.Attempt, status["b"].Attempts).Should().Be((2, 2));
    }

    [Fact]
    public async Task RunStep_PausedJob_RunsExactlyOneBody()
    {
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain", options: new JobOptions { StartPaused = true });

        var ran = await job.RunStepAsync("a").Soon();

        ran.Status.Should().Be(StepStatus.Completed);
        _probe.Total.Should().Be(1);
        (await job.CanRunStepAsync("b")).CanRun.Should().BeTrue();
        (await job.CanRunStepAsync("c")).Why.Should().Contain("inputs");
        var refused = await job.Invoking(paused => paused.RunStepAsync("c").Soon()).Should().ThrowAsync<InvalidTransitionException>();
        (refused.Which.Status, refused.Which.Action).Should().Be((JobStatus.Paused, "run_step"));
        refused.Which.Message.Should().Contain("'b' is pending");
        _probe.Total.Should().Be(1);
        await job.CancelAsync().Soon();
    }

    [Fact]
    public async Task StepMode_WalkedThenResumed_LeavesStepMode()
    {
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain", options: new JobOptions { StepMode = true });
        await job.RunStepAsync("a").Soon();
        (await job.GetStatusAsync()).Status.Should().Be(JobStatus.Paused);
        _probe.Total.Should().Be(1);

        await job.ResumeAsync().Soon();

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        _probe.Total.Should().Be(3);
    }

    [Fact]
    public async Task Rerun_FinishedJob_IsANewJobWithTheSameInput()
    {
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain", DataPacket.Of("in"), new JobOptions { Key = "k", Tenant = "t", EngineData = new { source = "mail" } });
        await job.WaitAsync().Soon();

        var again = await job.RerunAsync(new ControlOptions { Actor = "ann" });
        var result = await again.WaitAsync().Soon();

        again.Id.Should().NotBe(job.Id);
        result.Output.Select(item => item.Get<string>()).Should().Equal("c", "b", "a", "in");
        (_probe["a"], (await again.GetStatusAsync()).Tenant).Should().Be((2, "t"));
    }

    [Fact]
    public async Task Controls_OnAnEndedJob_AreRefusedWithStatusAndAction()
    {
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        await job.WaitAsync().Soon();

        foreach (var (action, control) in Controls(job))
        {
            var refused = await control.Should().ThrowAsync<InvalidTransitionException>(action);
            (refused.Which.Status, refused.Which.Action, refused.Which.JobId).Should().Be((JobStatus.Completed, action, job.Id));
        }

        _probe.Total.Should().Be(3);
    }

    [Fact]
    public async Task Controls_OnAnUnknownId_SayJobNotFound()
    {
        await using var host = await ChainAsync();
        var job = host.Engine.GetJob(JobId.New(DateTimeOffset.UnixEpoch));

        foreach (var (action, control) in Controls(job))
        {
            await control.Should().ThrowAsync<JobNotFoundException>(action);
        }

        await job.Invoking(none => none.GetStatusAsync()).Should().ThrowAsync<JobNotFoundException>();
        await job.Invoking(none => none.WaitAsync()).Should().ThrowAsync<JobNotFoundException>();
        await job.Invoking(none => none.ExplainAsync()).Should().ThrowAsync<JobNotFoundException>();
        await job.Invoking(none => none.RerunAsync()).Should().ThrowAsync<JobNotFoundException>();
        await job.Invoking(none => none.EventsAsync()).Should().ThrowAsync<JobNotFoundException>();
    }

    [Fact]
    public async Task Controls_AppliedAndRefused_AreAuditedWithActorAndNote()
    {
        _probe.Hold("a");
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        await _probe.Began("a");

        await job.PauseAsync(new ControlOptions { Actor = "ann", Note = "lunch" }).Soon();
        await job.Invoking(running => running.SkipAsync("a", null, new ControlOptions { Actor = "bob", Note = "hurry" }).Soon()).Should().ThrowAsync<InvalidTransitionException>();
        await job.Invoking(running => running.RetryAsync(new RetryOptions { Actor = "bob" }).Soon()).Should().ThrowAsync<InvalidTransitionException>();
        await job.CancelAsync().Soon();
        await job.WaitAsync().Soon();

        var events = await job.EventsAsync();
        var applied = events.First(happened => happened.Type == JobEventTypes.CommandApplied);
        (applied.Actor, applied.Message, applied.Data!.Value.GetProperty("action").GetString()).Should().Be(("ann", "lunch", "pause"));
        var refused = events.First(happened => happened.Type == JobEventTypes.CommandRefused);
        (refused.Actor, refused.Data!.Value.GetProperty("note").GetString()).Should().Be(("bob", "hurry"));
        events.Count(happened => happened.Type == JobEventTypes.CommandRefused).Should().Be(2);
    }

    private Task<TestHost> ChainAsync()
        => TestHost.StartAsync(engine => _probe.AddTo(engine).AddFlow("chain", flow => flow.Start("a", "probe").Then("b", "probe").Then("c", "probe")));

    private sealed class SlowSecrets : ISecretProvider
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<string?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<string?> FindSecretAsync(string name, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            return new(Answer.Task);
        }
    }

    private static IEnumerable<(string Action, Func<Task> Control)> Controls(JobHandle job) =>
    [
        ("pause", () => job.PauseAsync().Soon()),
        ("resume", () => job.ResumeAsync().Soon()),
        ("cancel", () => job.CancelAsync().Soon()),
        ("fail", () => job.FailAsync("why", "because").Soon()),
        ("skip", () => job.SkipAsync("a").Soon()),
        ("retry", () => job.RetryAsync().Soon()),
        ("run_step", () => job.RunStepAsync("a").Soon()),
        ("signal", () => job.SignalAsync("go", 1).Soon()),
        ("set_variable", () => job.SetVariableAsync("x", 1).Soon()),
    ];
}

/// <summary>What must hold of a node when its jobs have ended.</summary>
internal static class NodeFacts
{
    /// <summary>Slots and places come back a moment after the commit that ends a job.</summary>
    public static Task NothingIsHeldAsync(this TestHost host)
        => Deadlines.EventuallyAsync(() => host.Node is { Held: 0, Scheduler: { Taken: 0, Queued: 0 } });
}
