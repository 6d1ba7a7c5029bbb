using System.Text.Json;

namespace WorkflowEngine.Tests.Flows;

public sealed class FlowCompilerProblemTests
{
    [Fact]
    public void Compile_WithoutSteps_IsRefused() => Sample.Problem(Sample.Flow()).Code.Should().Be("no_steps");

    [Theory]
    [InlineData("")]
    [InlineData("fetch\n")]
    [InlineData("../etc")]
    [InlineData("-a")]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("é")]
    public void Compile_IllegalStepId_IsRefused(string id) => Sample.Problem(Sample.Flow(Sample.Step(id))).Should().BeEquivalentTo(new { Code = "invalid_id", Path = "$.steps[0].id" });

    [Theory]
    [InlineData("")]
    [InlineData("news\n")]
    [InlineData("../news")]
    [InlineData(".news")]
    public void Compile_IllegalFlowId_IsRefused(string id)
        => Sample.Problem(Sample.Flow(Sample.Step("a")) with { Id = id }).Should().BeEquivalentTo(new { Code = "invalid_id", Path = "$.id" });

    [Fact]
    public void Compile_HugeIds_AreRefusedWithShortMessages()
    {
        var huge = new string('a', 1_000_000);

        var problems = Sample.Problems(Sample.Flow(Sample.Step(huge, [huge + "b"])) with { Id = huge });

        problems.Select(problem => problem.Code).Should().Equal("invalid_id", "invalid_id", "unknown_predecessor");
        problems.Should().OnlyContain(problem => problem.Message.Length < 300);
    }

    [Fact]
    public void Compile_LongestLegalIds_AreAccepted()
        => Sample.Problems(Sample.Flow(Sample.Step(new string('a', 128))) with { Id = "a." + new string('b', 126) }).Should().BeEmpty();

    [Fact]
    public void Compile_DuplicateId_IsRefused() => Sample.Problem(Sample.Flow(Sample.Step("a"), Sample.Step("a"))).Code.Should().Be("duplicate_step_id");

    [Fact]
    public void Compile_UnknownPredecessor_NamesTheNearest()
    {
        var problem = Sample.Problem(Sample.Flow(Sample.Step("fetch"), Sample.Step("b", ["fetsh"])));

        problem.Should().BeEquivalentTo(new { Code = "unknown_predecessor", Path = "$.steps[1].after[0]" });
        problem.Message.Should().Contain("'fetch'");
    }

    [Fact]
    public void Compile_UnknownType_NamesTheNearest()
    {
        var problem = Sample.Problem(Sample.Flow(new StepDefinition { Id = "a", Type = "htpp" }));

        problem.Should().BeEquivalentTo(new { Code = "unknown_type", Path = "$.steps[0].type" });
        problem.Message.Should().Contain("'http'");
    }

    [Fact]
    public void Compile_StepAfterItself_IsACycle() => Sample.Problem(Sample.Flow(Sample.Step("a", ["a"]))).Message.Should().Contain("a → a.");

    [Fact]
    public void Compile_CycleOfTwo_NamesItsPath()
        => Sample.Problem(Sample.Flow(Sample.Step("a", ["b"]), Sample.Step("b", ["a"]))).Message.Should().Contain("a → b → a");

    [Fact]
    public void Compile_CycleOfThreeBehindARoot_NamesItsPathOnly()
    {
        var problem = Sample.Problem(Sample.Flow(Sample.Step("root"), Sample.Step("c", ["b"]), Sample.Step("a", ["root", "c"]), Sample.Step("b", ["a"])));

        problem.Code.Should().Be("cycle");
        problem.StepIds.Should().Equal("c", "a", "b");
    }

    [Fact]
    public void Compile_TwoCycles_AreBothReported()
        => Sample.Problems(Sample.Flow(Sample.Step("a", ["b"]), Sample.Step("b", ["a"]), Sample.Step("c", ["d"]), Sample.Step("d", ["c"]))).Select(problem => problem.Code)
            .Should().Equal("cycle", "cycle");

    [Fact]
    public void Compile_StepBehindNothingButACycle_IsUnreachable()
    {
        var problems = Sample.Problems(Sample.Flow(Sample.Step("a", ["b"]), Sample.Step("b", ["a"]), Sample.Step("behind", ["b"])));

        problems.Select(problem => (problem.Code, problem.StepIds![0])).Should().Equal(("cycle", "a"), ("unreachable_step", "behind"));
    }

    [Theory]
    [InlineData("meny", true)]
    [InlineData("done", true)]
    [InlineData(" ", true)]
    [InlineData("MANY ", false)]
    [InlineData("few", false)]
    [InlineData("failed", false)]
    [InlineData("*", false)]
    [InlineData(null, false)]
    public void Compile_EdgeOnAPort_IsRefusedWhenTheTypeLacksIt(string? port, bool isRefused)
    {
        var problems = Sample.Problems(Sample.Flow(new StepDefinition { Id = "a", Type = "gate" }, Sample.Step("b", new StepEdge("a", port))));

        problems.Select(problem => problem.Code).Should().Equal(isRefused ? ["unknown_port"] : []);
    }

    [Theory]
    [InlineData("done")]
    [InlineData("anything")]
    public void Compile_EdgeOnAnyPortOfATypeThatDeclaresNone_IsAccepted(string port)
        => Sample.Problems(Sample.Flow(Sample.Step("a"), Sample.Step("b", new StepEdge("a", port)))).Should().BeEmpty();

    [Fact]
    public void Compile_SameEdgeTwice_IsRefused()
        => Sample.Problem(Sample.Flow(Sample.Step("a"), Sample.Step("b", new StepEdge("a", "X"), new StepEdge("a", " x"), new StepEdge("a")))).Code.Should().Be("duplicate_edge");

    [Fact]
    public void Compile_DuplicateMixedOrMissingOrder_IsRefused()
    {
        var problems = Sample.Problems(Sample.Flow(
            new StepDefinition { Id = "a", Type = "work", Order = 1 },
            new StepDefinition { Id = "b", Type = "work", Order = 1 },
            new StepDefinition { Id = "c", Type = "work", After = [new StepEdge("a")] }));

        problems.Select(problem => (problem.Code, problem.Path)).Should().Equal(("bad_order", "$.steps[1].order"), ("bad_order", "$.steps[2]"), ("bad_order", "$.steps[2].after"));
    }

    [Fact]
    public void Parse_DuplicateOrder_IsRefusedAlready()
        => Sample.ReadProblem("""{ "id": "f", "steps": [ { "id": "a", "type": "work", "order": 1 }, { "id": "b", "type": "work", "order": 1 } ] }""").Code.Should().Be("bad_order");

    [Theory]
    [InlineData(0, 1, 10, "$.steps[0].retry.max_attempts")]
    [InlineData(1001, 1, 10, "$.steps[0].retry.max_attempts")]
    [InlineData(3, -1, 10, "$.steps[0].retry.delay")]
    [InlineData(3, 0, -1, "$.steps[0].retry.max_delay")]
    [InlineData(3, 11, 10, "$.steps[0].retry.max_delay")]
    public void Compile_BadRetry_IsRefused(int attempts, int delay, int maxDelay, string path)
    {
        var retry = new RetryPolicy { MaxAttempts = attempts, Delay = TimeSpan.FromSeconds(delay), MaxDelay = TimeSpan.FromSeconds(maxDelay) };

        Sample.Problem(Sample.Flow(Sample.Step("a") with { Retry = retry })).Should().BeEquivalentTo(new { Code = "bad_retry", Path = path });
        Sample.Problem(Sample.Flow(Sample.Step("a")) with { DefaultRetry = retry }).Path.Should().StartWith("$.defaults.retry");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Compile_BadTimeout_IsRefused(int seconds)
    {
        var timeout = TimeSpan.FromSeconds(seconds);

        Sample.Problems(Sample.Flow(Sample.Step("a") with { Timeout = timeout }) with { Timeout = timeout, DefaultTimeout = timeout })
            .Select(problem => (problem.Code, problem.Path)).Should().Equal(("bad_timeout", "$.timeout"), ("bad_timeout", "$.defaults.timeout"), ("bad_timeout", "$.steps[0].timeout"));
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(-1, true)]
    [InlineData(1, false)]
    [InlineData(0, false)]
    public void Compile_JoinOverOneEdge_IsRefusedWhenItNeedsMore(int required, bool isRefused)
        => Sample.Problems(Sample.Flow(Sample.Step("a"), Sample.Step("b", ["a"]) with { Join = new JoinRule(required) })).Select(problem => problem.Code)
            .Should().Equal(isRefused ? ["bad_join"] : []);

    [Theory]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Compile_BadWeight_IsRefused(double weight)
        => Sample.Problem(Sample.Flow(Sample.Step("a") with { Weight = weight })).Code.Should().Be("bad_weight");

    [Fact]
    public void Compile_LimitsBelowOne_AreRefused()
        => Sample.Problems(Sample.Flow(Sample.Step("a")) with { MaxConcurrentSteps = 0, MaxConcurrentJobs = -1, MemoryLimit = 0 }).Select(problem => problem.Code)
            .Should().Equal("bad_limit", "bad_limit", "bad_limit");

    [Fact]
    public void Compile_MoreStepsThanTheLimit_IsRefused()
        => Sample.Problem(Sample.Flow([.. Enumerable.Repeat(Sample.Step("a"), 100_001)])).Code.Should().Be("bad_limit");

    [Fact]
    public void Compile_IllegalVariableName_IsRefused()
        => Sample.Problem(Sample.Flow(Sample.Step("a")) with { Variables = new Dictionary<string, JsonElement> { ["a-b"] = default } })
            .Should().BeEquivalentTo(new { Code = "invalid_name", Path = "$.variables.a-b" });

    [Fact]
    public void Compile_WhatIsNotBuiltYet_IsNeverIgnored()
    {
        var json = JsonElement.Parse("[]");
        var step = Sample.Step("b", new StepEdge("a", null, "true")) with { CancelRest = true, CompensateWith = "a" };
        var flow = Sample.Flow(Sample.Step("a"), step) with { InputSchema = json, Schedules = json, ConcurrencyKey = "x", OnFailureFlowId = "y" };

        var problems = Sample.Problems(flow);

        problems.Should().OnlyContain(problem => problem.Code == "not_supported");
        problems.Select(problem => problem.Path).Should().BeEquivalentTo(
            "$.input_schema", "$.schedules", "$.concurrency_key", "$.on_failure", "$.steps[1].cancel_rest", "$.steps[1].compensate_with");
    }
}
