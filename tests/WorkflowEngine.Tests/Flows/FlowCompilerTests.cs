using System.Globalization;

namespace WorkflowEngine.Tests.Flows;

public sealed class FlowCompilerTests
{
    [Fact]
    public void Compile_Diamond_ResolvesTheGraph()
    {
        var flow = new FlowDefinition
        {
            Id = "diamond",
            DefaultTimeout = TimeSpan.FromSeconds(5),
            DefaultRetry = new RetryPolicy { MaxAttempts = 2 },
            Variables = new Dictionary<string, System.Text.Json.JsonElement> { ["limit"] = System.Text.Json.JsonElement.Parse("10") },
            Steps =
            [
                new StepDefinition { Id = "a", Type = "gate", Weight = 2 },
                new StepDefinition { Id = "b", Type = "work", After = [new StepEdge("a", " FEW ")], Weight = 10, Retry = RetryPolicy.None },
                new StepDefinition { Id = "c", Type = "work", After = [new StepEdge("a", "failed")], Timeout = TimeSpan.FromSeconds(1) },
                new StepDefinition { Id = "d", Type = "work", After = [new StepEdge("c"), new StepEdge("b")], Join = JoinRule.Count(2) },
            ],
        };

        var compiled = Sample.Compile(flow);

        compiled.Roots.Should().Equal(0);
        compiled.Leaves.Should().Equal(3);
        compiled.TotalWeight.Should().Be(14);
        compiled.MaxConcurrentSteps.Should().Be(8);
        compiled.Version.Should().Be(flow.Version);
        compiled.Variables["limit"].Kind.Should().Be(VariableKind.Configuration);
        compiled.IndexOf("d").Should().Be(3);
        compiled.Steps.Select(step => step.CriticalPath).Should().Equal(13, 11, 2, 1);
        compiled.Steps[0].Outgoing.Select(edge => (edge.To, edge.Port, edge.Position)).Should().Equal((1, "few", 0), (2, "failed", 1));
        compiled.Steps[0].NamesPorts.Should().BeTrue();
        compiled.Steps[1].NamesPorts.Should().BeFalse();
        compiled.Steps[3].Incoming.Select(edge => edge.From).Should().Equal([2, 1], "declared order decides");
        compiled.Steps.Select(step => step.Retry.MaxAttempts).Should().Equal(2, 1, 2, 2);
        compiled.Steps[2].Timeout.Should().Be(TimeSpan.FromSeconds(1));
        compiled.Steps[3].Timeout.Should().Be(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Compile_OrderedSteps_RunInAscendingOrderWithGaps()
    {
        var compiled = Sample.Compile(Sample.Flow(
            new StepDefinition { Id = "last", Type = "work", Order = 70 },
            new StepDefinition { Id = "first", Type = "work", Order = -1 },
            new StepDefinition { Id = "middle", Type = "work", Order = 10 }));

        compiled.Roots.Should().Equal(1);
        compiled.Steps[1].Outgoing.Single().To.Should().Be(2);
        compiled.Steps[2].Outgoing.Single().To.Should().Be(0);
        compiled.Leaves.Should().Equal(0);
    }

    [Fact]
    public void Compile_ChainOfHundredThousandSteps_HasTheirCriticalPath()
    {
        var steps = Enumerable.Range(0, 100_000).Select(number => Sample.Step(Name(number), number == 0 ? [] : [Name(number - 1)])).Reverse().ToArray();

        var compiled = Sample.Compile(Sample.Flow(steps));

        compiled.Steps[compiled.Roots.Single()].CriticalPath.Should().Be(100_000);
    }

    [Fact]
    public void Compile_CycleOfHundredThousandSteps_IsOneShortMessage()
    {
        var steps = Enumerable.Range(0, 100_000).Select(number => Sample.Step(Name(number), [Name(number == 0 ? 99_999 : number - 1)])).ToArray();

        var problem = Sample.Problem(Sample.Flow(steps));

        problem.Code.Should().Be("cycle");
        problem.StepIds.Should().HaveCount(100_000);
        problem.Message.Length.Should().BeLessThan(1_000);
    }

    [Fact]
    public void Compile_HundredThousandUnknownPredecessors_AreAllReported()
        => Sample.Problems(Sample.Flow([.. Enumerable.Range(0, 100_000).Select(number => Sample.Step(Name(number), [$"x{number}"]))])).Should().HaveCount(100_000);

    [Fact]
    public void Compile_ManyMistakes_ThrowsThemAll()
    {
        var flow = Sample.Flow(Sample.Step("a", ["a"]), Sample.Step("b", ["c"]), new StepDefinition { Id = "b", Type = "wrok", Weight = -1 }) with { MaxConcurrentSteps = 0 };

        var error = FluentActions.Invoking(() => Sample.Compile(flow)).Should().Throw<FlowValidationException>().Which;

        error.Diagnostics.Select(problem => problem.Code).Should()
            .BeEquivalentTo("bad_limit", "duplicate_step_id", "unknown_predecessor", "unknown_type", "bad_weight", "cycle");
    }

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"s{number}");
}
