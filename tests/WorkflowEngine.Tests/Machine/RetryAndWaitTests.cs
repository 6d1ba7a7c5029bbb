using static WorkflowEngine.Tests.Machine.MachineBench;

namespace WorkflowEngine.Tests.Machine;

/// <summary>Retries (S11), reopening (S14, S15), waits and signals (S16), progress (S24).</summary>
public sealed class RetryAndWaitTests
{
    [Theory]
    [InlineData(Backoff.Constant, 1, 10)]
    [InlineData(Backoff.Constant, 9, 10)]
    [InlineData(Backoff.Linear, 1, 10)]
    [InlineData(Backoff.Linear, 3, 30)]
    [InlineData(Backoff.Linear, 50, 60)]
    [InlineData(Backoff.Exponential, 1, 10)]
    [InlineData(Backoff.Exponential, 2, 20)]
    [InlineData(Backoff.Exponential, 3, 40)]
    [InlineData(Backoff.Exponential, 4, 60)]
    [InlineData(Backoff.Exponential, 1000, 60)]
    public void Delay_ByBackoff_GrowsUpToItsMaximum(Backoff backoff, int attempt, int seconds)
    {
        var policy = new RetryPolicy { MaxAttempts = 1000, Delay = TimeSpan.FromSeconds(10), Backoff = backoff, MaxDelay = TimeSpan.FromSeconds(60) };

        policy.DelayAfter(attempt, 0.7).Should().Be(TimeSpan.FromSeconds(seconds));
        (policy with { Jitter = true }).DelayAfter(attempt, 0).Should().Be(TimeSpan.FromSeconds(seconds / 2d));
        (policy with { Jitter = true }).DelayAfter(attempt, 0.9999).Should().BeCloseTo(TimeSpan.FromSeconds(seconds), TimeSpan.FromMilliseconds(20)).And.BeLessThan(TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public void Jitter_OverJobsAndAttempts_StaysBetweenHalfAndWhole()
    {
        var delays = new HashSet<double>();
        for (var job = 0; job < 200; job++)
        {
            var bench = Of(Step("a") with { Retry = new RetryPolicy { MaxAttempts = 3, Delay = TimeSpan.FromSeconds(10), Jitter = true } }).Run(("a", Fails()));
            var delay = TimeSpan.FromTicks(bench["a"].Detail!.DueAt - bench.Now).TotalSeconds;
            delay.Should().BeInRange(5, 10);
            delays.Add(delay);
        }

        delays.Should().HaveCountGreaterThan(150, "jobs are spread");
        (delays.Min(), delays.Max()).Should().Match<(double Min, double Max)>(range => range.Min < 6 && range.Max > 9);
    }

    [Theory]
    [InlineData(1, true, "broken", JobStatus.Failed)]
    [InlineData(3, true, "broken", JobStatus.Waiting)]
    [InlineData(3, false, "broken", JobStatus.Failed)]
    [InlineData(3, true, "timeout", JobStatus.Failed)]
    public void Failure_WithinBudgetAndReasons_IsRetried(int attempts, bool retryable, string reason, JobStatus status)
        => Of(Step("a") with { Retry = new RetryPolicy { MaxAttempts = attempts, On = ["broken"] } }).Run(("a", Fails(reason, retryable))).Status.Should().Be(status);

    [Fact]
    public void Budget_CountsTheFirstAttempt_AndIsKeptOverCrashes()
    {
        var bench = Of(Step("a") with { Retry = new RetryPolicy { MaxAttempts = 3, Delay = TimeSpan.FromSeconds(10) } });
        bench.Run(("a", Fails()));
        bench["a"].Attempt.Should().Be(1);
        bench.Wait(TimeSpan.FromSeconds(9.9)).Begin().Should().BeNull("it is not due yet");
        bench.Crash().Commit();
        bench.Status.Should().Be(JobStatus.Waiting, "a retry wait outlives its owner");
        bench.Wait(TimeSpan.FromSeconds(0.1)).Begin().Should().Be("a");
        bench.Commit();
        bench.Crash().Commit();
        bench.Begin().Should().Be("a");
        bench["a"].Attempt.Should().Be(2, "a lost process ends no attempt (S12)");
        bench.End("a", Ends(OutcomeKind.Interrupted));
        bench.Run(("a", Fails()));
        bench["a"].Attempt.Should().Be(2);
        bench.Wait(TimeSpan.FromSeconds(10)).Run(("a", Fails()));

        (bench.Status, bench["a"].Attempt).Should().Be((JobStatus.Failed, 3));
        bench.Events.Where(happened => happened.Type == JobEventTypes.StepRetrying).Select(happened => happened.Attempt).Should().Equal(1, 2);
    }

    [Fact]
    public void Retry_OfFailedJob_ResetsExactlyWhatItMust()
    {
        var bench = Of(Step("ok"), Step("a", "ok"), Step("b", "a"), Step("taken", "ok"), Step("mend", "taken:failed"), Step("off", "ok:left"), Step("on", "ok:done"));
        bench.Run(("taken", Fails("handled")), ("a", Fails("broken")));
        bench.Steps.Should().Be("ok:completed a:failed b:blocked taken:cancelled mend:cancelled off:skipped on:cancelled");

        var happened = bench.Events.Count;
        bench.Effect(new RetryJob(null)).Should().Be(CommandEffect.Applied);

        bench.Steps.Should().Be("ok:completed a:pending b:pending taken:pending mend:pending off:skipped on:pending");
        bench.State.Head.Attempt.Should().Be(2);
        (bench["a"].Attempt, bench["a"].Detail!.EarlierAttempts, bench["a"].Detail!.Error).Should().Be((0, 1, null), "the budget is fresh, the history is kept");
        bench.Run(("taken", Fails("handled")));
        bench.State.IsConcluding.Should().BeTrue("everything ended well, and several leaves have packets");
        bench.EventsAfter(happened).Should().NotContain("step.started ok").And.NotContain("step.started off");
        bench["taken"].Status.Should().Be(StepStatus.Failed);
    }

    [Fact]
    public void Retry_OfFailedJob_LeavesHandledFailuresAlone()
    {
        var bench = Of(Step("taken"), Step("mend", "taken:failed"), Step("a", "mend")).Run(("taken", Fails()), ("a", Fails()));

        bench.Do(new RetryJob(null));

        bench.Steps.Should().Be("taken:failed mend:completed a:pending");
        bench.Run().Status.Should().Be(JobStatus.Completed);
    }

    [Theory]
    [InlineData("b", false)]
    [InlineData("taken", false)]
    [InlineData("mend", false)]
    [InlineData("a", true)]
    public void Retry_OfOneStep_IsLegalForTheFailureThatStopsTheJob(string step, bool isLegal)
    {
        var bench = Of(Step("taken"), Step("mend", "taken:failed"), Step("a", "mend"), Step("b", "a")).Run(("taken", Fails()), ("a", Fails()));

        (bench.Effect(new RetryJob(step)) == CommandEffect.Applied).Should().Be(isLegal);
        bench.Effect(new RetryJob(step)).Should().Be(CommandEffect.Refused, "the job is not failed any more, or never could");
    }

    [Fact]
    public void Retry_OfOneOfTwoFailures_IsRefusedUntilTheOtherIsSkipped()
    {
        var bench = new MachineBench(new FlowDefinition { Id = "two", FailurePolicy = FailurePolicy.ContinueIndependent, Steps = [Step("a"), Step("b"), Step("c", "b")] });
        bench.Run(("a", Fails()), ("b", Fails()));
        bench.Do(new RetryJob("a")).Message.Should().Contain("'b' failed too");

        bench.Effect(new SkipStep("b", default)).Should().Be(CommandEffect.Applied);

        bench.Steps.Should().Be("a:pending b:skipped c:pending");
        bench.Run().State.IsConcluding.Should().BeTrue("everything ended well, and two leaves have packets");
    }

    [Fact]
    public void Skip_OfBlockedStepWhileTheRestRuns_UnblocksWhatComesAfter()
    {
        var bench = new MachineBench(new FlowDefinition { Id = "unblock", FailurePolicy = FailurePolicy.ContinueIndependent, Steps = [Step("a"), Step("b", "a"), Step("c", "b"), Step("d")] });
        bench.BeginAll();
        bench.End("a", Fails("broken"));
        bench.Steps.Should().Be("a:failed b:blocked c:blocked d:running");

        bench.Effect(new SkipStep("b", default)).Should().Be(CommandEffect.Applied);

        bench.Steps.Should().Be("a:failed b:skipped c:pending d:running");
        MachineInvariants.Broken(bench.State).Should().BeNull();
        bench.Run();
        bench.End("d", Done());
        (bench.Status, bench.State.Data.Reason).Should().Be((JobStatus.Failed, "broken"), "the failure itself stands");
    }

    [Fact]
    public void Retry_AfterACrashWhileCancelledStepsEnded_RunsThemAgain()
    {
        var bench = Of(Step("a"), Step("b", "a"), Step("c"));
        bench.BeginAll();
        bench.Do(new FailJob("by_hand", "No."));
        bench.End("a", Ends(OutcomeKind.Cancelled));

        bench.Crash().Commit();
        bench.Steps.Should().Be("a:cancelled b:cancelled c:cancelled");
        bench.Do(new RetryJob(null));

        bench.Run().Steps.Should().Be("a:completed b:completed c:completed");
    }

    [Fact]
    public void StepMode_AfterRetry_IsKept()
    {
        var bench = new MachineBench(new FlowDefinition { Id = "walk", Steps = [Step("a"), Step("b", "a")] }, new JobOptions { StepMode = true });
        bench.Begin().Should().BeNull();
        bench.Do(new RunStep("a"));
        bench.Effect(new RunStep("a")).Should().Be(CommandEffect.AlreadySo);
        bench.Begin().Should().Be("a");
        bench.End("a", Fails());
        bench.Status.Should().Be(JobStatus.Failed);

        bench.Do(new RetryJob(null));

        (bench.Status, bench.Begin()).Should().Be((JobStatus.Paused, null));
    }

    [Fact]
    public void RunStep_BeforeItsReadinessIsDurable_Waits()
    {
        var bench = new MachineBench(new FlowDefinition { Id = "walk", Steps = [Step("a"), Step("b", "a")] }, new JobOptions { StepMode = true });
        bench.Do(new RunStep("a"));
        bench.Begin();
        JobMachine.Apply(bench.State, new EndStep(0, bench["a"].Run, Done()), bench.Now);
        JobMachine.Apply(bench.State, new RunStep("b"), bench.Now).Effect.Should().Be(CommandEffect.Applied);
        bench.Begin().Should().BeNull("its predecessor is not durable yet (G1)");
        bench.Seal();
        bench.Begin().Should().BeNull();
        bench.Confirm();
        bench.Begin().Should().Be("b");
    }

    [Fact]
    public void Wait_ForSignal_GoesOnWithItInTheNextLegOfTheSameAttempt()
    {
        var bench = Of(Step("a")).Run(("a", Ends(OutcomeKind.Waits) with { Signal = "go", State = Json("7") }));
        (bench.Status, bench["a"].Attempt).Should().Be((JobStatus.Waiting, 1));
        bench.Crash().Commit();
        bench.Do(Signal("other"));
        bench.Status.Should().Be(JobStatus.Waiting);
        bench.State.Data.Signals.Should().ContainSingle("an early signal is kept");

        bench.Do(Signal("go", "{\"by\":\"ann\"}"));
        JobMachine.TryBegin(bench.State, bench.Now, out var start).Should().BeTrue();

        (start.Attempt, start.Detail.Leg, start.Detail.TimedOut).Should().Be((1, 1, false));
        start.Detail.SignalValue!.Value.GetRawText().Should().Be("{\"by\":\"ann\"}");
        start.Detail.State!.Value.GetRawText().Should().Be("7");
    }

    [Fact]
    public void Wait_ForSignalThatCameEarly_TakesItAtOnceAndInOrder()
    {
        var bench = Of(Step("a"));
        bench.Do(Signal("go", "1"));
        bench.Do(Signal("go", "2"));

        bench.Run(("a", Ends(OutcomeKind.Waits) with { Signal = "go" }), ("a", Ends(OutcomeKind.Waits) with { Signal = "go" }), ("a", Done()));

        bench.Status.Should().Be(JobStatus.Completed);
        bench["a"].Detail!.Leg.Should().Be(2);
        bench.State.Data.Signals.Should().BeEmpty();
    }

    [Fact]
    public void Signal_ForTwoWaitingSteps_GoesToOne()
    {
        var bench = Of(Step("a"), Step("b"));
        bench.BeginAll();
        bench.End("a", Ends(OutcomeKind.Waits) with { Signal = "go" });
        bench.End("b", Ends(OutcomeKind.Waits) with { Signal = "go" });

        bench.Do(Signal("go"));

        bench.Steps.Should().Be("a:pending b:waiting");
    }

    [Fact]
    public void Signal_WithTheSameDedupeKey_CountsOnceEvenAfterACrash()
    {
        var bench = Of(Step("a"));
        bench.Effect(Signal("go", dedupe: "k")).Should().Be(CommandEffect.Applied);
        bench.Crash().Commit();
        bench.Effect(Signal("go", dedupe: "k")).Should().Be(CommandEffect.AlreadySo);
        bench.Effect(Signal("go", dedupe: "l")).Should().Be(CommandEffect.Applied);

        bench.State.Data.Signals.Should().HaveCount(2);
    }

    [Fact]
    public void Wait_ThatRunsOut_GoesOnTimedOut()
    {
        var bench = Of(Step("a")).Run(("a", Ends(OutcomeKind.Waits) with { Signal = "go", Delay = TimeSpan.FromHours(1) }));
        bench.Crash().Commit();
        bench.Wait(TimeSpan.FromHours(1));
        JobMachine.TryBegin(bench.State, bench.Now, out var start).Should().BeTrue();
        (start.Attempt, start.Detail.Leg, start.Detail.TimedOut, start.Detail.SignalValue is null).Should().Be((1, 1, true, true));

        bench.Do(Signal("go"));
        bench.State.Data.Signals.Should().ContainSingle("nobody waits for it any more");
    }

    [Fact]
    public void RunAgain_CarriesItsStateAndKeepsTheAttempt()
    {
        var bench = Of(Step("a") with { Retry = new RetryPolicy { MaxAttempts = 2, Delay = TimeSpan.FromSeconds(1) } });
        bench.Run(("a", Fails())).Wait(TimeSpan.FromSeconds(1));
        bench.Run(("a", Ends(OutcomeKind.RunsAgain) with { Delay = TimeSpan.FromSeconds(5), State = Json("[1]") }));
        bench.Events[^2].Should().Match<JobEvent>(happened => happened.Type == JobEventTypes.StepWaiting && happened.Attempt == 2);
        bench.Wait(TimeSpan.FromSeconds(5));
        JobMachine.TryBegin(bench.State, bench.Now, out var start).Should().BeTrue();

        (start.Attempt, start.Detail.Leg, start.Detail.TimedOut, start.Detail.State!.Value.GetRawText()).Should().Be((2, 1, false, "[1]"));
    }

    [Fact]
    public void Wait_BeyondTheCalendar_EndsWithIt()
    {
        var bench = Of(Step("a")).Run(("a", Ends(OutcomeKind.Waits) with { Signal = "go", Delay = TimeSpan.MaxValue }));

        bench.State.Head.DueAt.Should().Be(DateTime.MaxValue.Ticks);
        bench.Effect(Signal("go")).Should().Be(CommandEffect.Applied);
    }

    [Fact]
    public void Progress_OfRunningAndEndedSteps_RisesToHundredAtSuccessOnly()
    {
        var bench = Of(Step("a") with { Weight = 3 }, Step("b", "a"));
        bench.Begin();
        Report(40).Should().Be(30);
        Report(20).Should().Be(30, "lower reports are ignored");
        Report(250).Should().Be(75, "out-of-range ones are clamped");
        bench.End("a", Ends(OutcomeKind.Interrupted));
        bench.State.Head.Percentage.Should().Be(75, "progress never falls");
        bench.Run(("b", Fails()));
        bench.State.Head.Percentage.Should().Be(75);
        bench.Do(new RetryJob(null));
        bench.Run();

        bench.State.Head.Percentage.Should().Be(100);

        float Report(double percent)
        {
            JobMachine.Apply(bench.State, new ReportProgress(0, bench["a"].Run, percent, null), bench.Now);
            bench.Seal();
            bench.Confirm();
            return bench.State.Head.Percentage;
        }
    }

    [Fact]
    public void Progress_OfFailedJobWithEverythingDone_StaysBelowHundred()
    {
        var bench = new MachineBench(new FlowDefinition { Id = "output", Steps = [Step("a")], Output = Json("1") }).Run();
        bench.Do(new Conclude(default, new StepError("bad", "It cannot be made.")));

        (bench.Status, bench.State.Head.Percentage < 100).Should().Be((JobStatus.Failed, true));
        bench.Do(new RetryJob(null));
        bench.State.IsConcluding.Should().BeTrue("only the output is to be made again");
    }
}
