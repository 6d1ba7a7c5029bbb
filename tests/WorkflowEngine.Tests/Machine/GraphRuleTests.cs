using static WorkflowEngine.Tests.Machine.MachineBench;

namespace WorkflowEngine.Tests.Machine;

/// <summary>The rules of the graph, S4 to S10, one line of history each.</summary>
public sealed class GraphRuleTests
{
    [Theory]
    [InlineData(null, "b:completed c:skipped d:skipped e:completed")]
    [InlineData("left", "b:skipped c:completed d:skipped e:completed")]
    [InlineData(" LEFT ", "b:skipped c:completed d:skipped e:completed")]
    [InlineData("right", "b:skipped c:skipped d:completed e:completed")]
    public void Port_OfCompletion_MakesItsEdgesLive(string? port, string expected)
    {
        var bench = Of(Step("a"), Step("b", "a:done"), Step("c", "a:left"), Step("d", "a:right"), Step("e", "a")).Run(("a", port is null ? Done() : Done("x", port)));

        bench.Steps.Should().Be($"a:completed {expected}");
        bench["b"].Detail?.Reason.Should().Be(port is null ? null : Reasons.BranchNotActive);
    }

    [Fact]
    public void Ports_OfSwitchThatMatchesAll_MakeSeveralEdgesLive()
        => Of(Step("a"), Step("b", "a:left"), Step("c", "a:right"), Step("d", "a:done")).Run(("a", Done("x", "left", "right"))).Steps
            .Should().Be("a:completed b:completed c:completed d:skipped");

    [Theory]
    [InlineData("nowhere", JobStatus.Failed)]
    [InlineData("Done", JobStatus.Completed)]
    [InlineData(null, JobStatus.Completed)]
    public void Port_ThatNoEdgeTakes_IsAFailureUnlessDone(string? port, JobStatus status)
    {
        var bench = Of(Step("a"), Step("b", "a:left")).Run(("a", port is null ? Done() : Done("x", port)));

        bench.Status.Should().Be(status);
        bench["a"].DetailOrNone.Error?.Reason.Should().Be(status == JobStatus.Failed ? Reasons.UnroutedPort : null);
    }

    [Theory]
    [InlineData(false, "b:skipped c:completed d:completed")]
    [InlineData(true, "b:completed c:skipped d:completed")]
    public void Star_TakesDoneAndFailedAlike(bool completes, string expected)
        => Of(Step("a"), Step("b", "a"), Step("c", "a:failed"), Step("d", "a:*")).Run(("a", completes ? Done() : Fails())).Steps
            .Should().Be($"a:{(completes ? "completed" : "failed")} {expected}");

    [Fact]
    public void FailedEdge_CarriesTheErrorItem()
    {
        var bench = Of(Step("a"), Step("b", "a:failed")).Run(("a", new StepOutcome(OutcomeKind.Failed) { Error = new StepError("gone", "Not there.", false, "404") }));

        bench.Status.Should().Be(JobStatus.Completed, "the failure is handled");
        var error = bench["a"].Output.Packet![0].Content;
        error.GetRawText().Should().Be("""{"reason":"gone","message":"Not there.","step_id":"a","retryable":false,"details":"404"}""");
    }

    [Theory]
    [InlineData(0, "live,live", "completed")]
    [InlineData(0, "live,dead", "completed")]
    [InlineData(0, "dead,dead", "skipped")]
    [InlineData(0, "live,blocked", "blocked")]
    [InlineData(0, "dead,blocked", "blocked")]
    [InlineData(1, "live,dead,dead", "completed")]
    [InlineData(1, "dead,live", "completed")]
    [InlineData(1, "blocked,live", "completed")]
    [InlineData(1, "live,blocked", "completed")]
    [InlineData(1, "dead,dead", "skipped")]
    [InlineData(1, "dead,blocked", "blocked")]
    [InlineData(2, "live,live,dead", "completed")]
    [InlineData(2, "live,dead,live", "completed")]
    [InlineData(2, "blocked,live,live", "completed")]
    [InlineData(2, "live,dead,dead", "skipped")]
    [InlineData(2, "live,blocked,dead", "blocked")]
    [InlineData(3, "live,live,live", "completed")]
    [InlineData(3, "live,live,blocked", "blocked")]
    public void Join_OverFatesOfItsInputs_Ends(int required, string fates, string expected)
    {
        var inputs = fates.Split(',');
        var parents = inputs.Select((_, index) => Step($"p{index}")).ToArray();
        var join = Step("j", [.. inputs.Select((fate, index) => fate == "dead" ? $"p{index}:left" : $"p{index}")]) with { Join = new JoinRule(required) };
        var others = inputs.Select((fate, index) => fate == "dead" ? Step($"o{index}", $"p{index}:done") : null).OfType<StepDefinition>();
        var bench = new MachineBench(new FlowDefinition { Id = "join", FailurePolicy = FailurePolicy.ContinueIndependent, Steps = [.. parents, join, .. others] });

        bench.Run([.. inputs.Select((fate, index) => ($"p{index}", fate == "blocked" ? Fails() : Done()))]);

        bench["j"].Status.ToWord().Should().Be(expected);
        bench["j"].Attempt.Should().Be(expected == "completed" ? 1 : 0, "a join runs once, or not at all");
        bench.Events.Count(happened => happened is { Type: JobEventTypes.StepStarted, StepId: "j" }).Should().Be(expected == "completed" ? 1 : 0);
    }

    [Fact]
    public void AnyJoin_AfterItFired_KeepsItsInputsAndRunsOnce()
    {
        var bench = Of(Step("a"), Step("b"), Step("j", "a", "b") with { Join = JoinRule.Any });
        bench.BeginAll();
        bench.End("b", Done());
        bench["j"].Detail!.FiredBy.Should().Equal(1);
        bench.Begin().Should().Be("j");
        bench.End("j", Done());
        bench.End("a", Done());

        bench["j"].Detail!.FiredBy.Should().Equal(1);
        bench.Status.Should().Be(JobStatus.Completed);
        bench["j"].Attempt.Should().Be(1);
    }

    [Fact]
    public void AllJoin_WithSomeInputs_IsWaitingInputs()
    {
        var bench = Of(Step("a"), Step("b"), Step("j", "a", "b"));
        bench.BeginAll();

        bench.End("a", Done());

        (bench["j"].Status, bench["j"].Arrived, bench["j"].Live).Should().Be((StepStatus.WaitingInputs, 1, 1));
    }

    [Theory]
    [InlineData(FailurePolicy.StopOnFailure, "a:failed b:blocked c:completed d:cancelled")]
    [InlineData(FailurePolicy.ContinueIndependent, "a:failed b:blocked c:completed d:completed")]
    public void Failure_Unhandled_EndsFailedByPolicy(FailurePolicy policy, string expected)
    {
        var bench = new MachineBench(new FlowDefinition { Id = "policy", FailurePolicy = policy, Steps = [Step("a"), Step("b", "a"), Step("c"), Step("d", "c")] });
        bench.BeginAll();
        bench.End("a", Fails("broken"));
        bench.Status.Should().Be(JobStatus.Running, "what runs may finish");
        bench.Stops.Should().BeEmpty();
        bench.End("c", Done());
        bench.Run();

        bench.Steps.Should().Be(expected);
        (bench.Status, bench.State.Data.Reason).Should().Be((JobStatus.Failed, "broken"));
    }

    [Fact]
    public void Failure_ThatAnAnyJoinTook_IsHandled()
        => Of(Step("a"), Step("b"), Step("j", "a", "b") with { Join = JoinRule.Any }).Run(("a", Fails())).Status.Should().Be(JobStatus.Completed);

    [Fact]
    public void Failure_WhoseAnyJoinNoLongerCan_BecomesUnhandledThen()
    {
        var bench = Of(Step("a"), Step("b"), Step("j", "a", "b:left") with { Join = JoinRule.Any }, Step("k", "b"), Step("l", "k"));
        bench.BeginAll();
        bench.End("a", Fails("first"));
        bench.State.FailedStep.Should().Be(-1, "the join still can");

        bench.End("b", Done());

        bench.Steps.Should().Be("a:failed b:completed j:blocked k:cancelled l:cancelled");
        (bench.Status, bench.State.Data.Reason).Should().Be((JobStatus.Failed, "first"));
    }

    [Fact]
    public void Failure_AfterACrash_IsNotForgotten()
    {
        var bench = new MachineBench(new FlowDefinition { Id = "crash", FailurePolicy = FailurePolicy.ContinueIndependent, Steps = [Step("a"), Step("b", "a"), Step("c")] });
        bench.BeginAll();
        bench.End("a", Fails("broken"));

        bench.Crash().Commit();
        bench.Run();

        bench.Steps.Should().Be("a:failed b:blocked c:completed");
        (bench.Status, bench.State.Data.Reason).Should().Be((JobStatus.Failed, "broken"));
    }

    [Fact]
    public void Failure_WhoseDependantAnOperatorSkipped_IsUnhandled()
    {
        var bench = Of(Step("a"), Step("b", "a"), Step("c"));
        bench.Do(new SkipStep("b", default));

        bench.Run(("a", Fails()));

        bench.Status.Should().Be(JobStatus.Failed);
    }

    [Fact]
    public void Skip_ByStepAndByOperator_KeepsEdgesLive()
    {
        var bench = Of(Step("a"), Step("b", "a"), Step("c", "b"));
        bench.Do(new SkipStep("b", new PacketSlot(DataPacket.Of("given"))));
        bench.Run(("a", Ends(OutcomeKind.Skipped)));

        bench.Steps.Should().Be("a:skipped b:skipped c:completed");
        (bench["a"].Detail!.Reason, bench["b"].Detail!.Reason).Should().Be((Reasons.SkippedByStep, Reasons.SkippedByOperator));
        bench["b"].Output.Packet![0].Get<string>().Should().Be("given");
    }

    [Theory]
    [InlineData(true, false, JobStatus.CompletedNoItems, "a:completed b:skipped")]
    [InlineData(true, true, JobStatus.Completed, "a:completed b:completed")]
    public void EmptyPacket_OfRoot_MeansNoItemsUnlessAllowed(bool implicitly, bool allowed, JobStatus status, string steps)
    {
        var bench = Of(Step("a") with { AllowEmpty = allowed }, Step("b", "a")).Run(("a", Done(null) with { IsImplicitlyEmpty = implicitly }));

        (bench.Status, bench.Steps).Should().Be((status, steps));
    }

    [Theory]
    [InlineData(true, false, JobStatus.Failed)]
    [InlineData(true, true, JobStatus.Completed)]
    [InlineData(false, false, JobStatus.Completed)]
    public void EmptyPacket_OfLaterStep_FailsUnlessAllowedOrMeant(bool implicitly, bool allowed, JobStatus status)
    {
        var bench = Of(Step("a"), Step("b", "a") with { AllowEmpty = allowed }).Run(("b", Done(null) with { IsImplicitlyEmpty = implicitly }));

        bench.Status.Should().Be(status);
        bench.State.Data.Reason.Should().Be(status == JobStatus.Failed ? Reasons.EmptyOutput : null);
    }

    [Fact]
    public void NoItems_OfOneOfTwoRoots_LeavesTheJobCompleted()
    {
        var bench = Of(Step("a"), Step("b", "a"), Step("c"), Step("d", "c")).Run(("a", Ends(OutcomeKind.NoItems)));

        (bench.Status, bench.Steps).Should().Be((JobStatus.Completed, "a:completed b:skipped c:completed d:completed"));
    }

    [Fact]
    public void Finish_StopsSiblingsAndSkipsTheRest_WithItsOutput()
    {
        var bench = new MachineBench(new FlowDefinition { Id = "finish", Steps = [Step("a"), Step("b"), Step("c", "b")], Output = Json("\"template\"") });
        bench.BeginAll();
        bench.End("a", Ends(OutcomeKind.Finished) with { Output = new PacketSlot(DataPacket.Of("won")) });
        bench.Stops.Should().ContainSingle(stop => stop.Step == 1);
        bench.Crash().Commit();

        (bench.Status, bench.Steps).Should().Be((JobStatus.Completed, "a:completed b:skipped c:skipped"));
        bench.State.Head.Output.Packet![0].Get<string>().Should().Be("won", "the output that finishes outlives a crash");
        bench.State.Data.Reason.Should().Be(Reasons.Finished);
    }

    [Fact]
    public void Finish_AfterAnUnhandledFailure_EndsFailed()
    {
        var bench = new MachineBench(new FlowDefinition { Id = "finish", FailurePolicy = FailurePolicy.ContinueIndependent, Steps = [Step("a"), Step("b")] });

        bench.Run(("a", Fails("broken")), ("b", Ends(OutcomeKind.Finished)));

        (bench.Status, bench.State.Data.Reason).Should().Be((JobStatus.Failed, "broken"));
    }

    [Fact]
    public void Output_OfOneLiveLeaf_IsItsPacket()
    {
        var bench = Of(Step("a"), Step("b", "a:left"), Step("c", "a:right")).Run(("a", Done("x", "left")), ("b", Done("leaf")));

        bench.State.Head.Output.Packet![0].Get<string>().Should().Be("leaf");
        Of(Step("a"), Step("b")).Run().State.IsConcluding.Should().BeTrue("several packets are merged by the runner");
    }

    [Theory]
    [InlineData("dead")]
    [InlineData("blocked")]
    public void Chain_OfHundredThousandSteps_IsResolvedWithoutAStackAtLinearCost(string fate)
    {
        var small = Cost(20_000, fate);
        var large = Cost(100_000, fate);

        large.Should().BeLessThan(small * 8, "five times the steps cost about five times the memory");
    }

    /// <summary>Bytes allocated: a count, the same on every machine.</summary>
    private static long Cost(int count, string fate)
    {
        var steps = new List<StepDefinition>(count) { Step("s0"), Step("s1", fate == "dead" ? "s0:left" : "s0") };
        steps.AddRange(Enumerable.Range(2, count - 3).Select(index => Step($"s{index}", $"s{index - 1}")));
        steps.Add(Step("other"));
        var bench = new MachineBench(new FlowDefinition { Id = "chain", FailurePolicy = FailurePolicy.ContinueIndependent, Steps = steps });
        bench.Begin();
        var before = GC.GetAllocatedBytesForCurrentThread();
        bench.End("s0", fate == "dead" ? Done() : Fails());
        bench.Crash().Commit();
        var cost = GC.GetAllocatedBytesForCurrentThread() - before;
        bench.State.Steps.ToArray()[1..^1].All(step => step.Status == (fate == "dead" ? StepStatus.Skipped : StepStatus.Blocked)).Should().BeTrue();
        return cost;
    }
}
