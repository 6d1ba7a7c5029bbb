namespace WorkflowEngine.Tests.Flows;

public sealed class FlowBuilderTests
{
    [Fact]
    public void Build_SameFlowAsJson_HasTheSameVersion()
    {
        var built = new FlowBuilder("news")
            .Name("News").Description("A digest").Variable("limit", 10).Variable("tags", new[] { "a" })
            .FailurePolicy(FailurePolicy.ContinueIndependent).Strategy(StepStrategy.Priority).MaxConcurrentSteps(3).Timeout(TimeSpan.FromMinutes(10))
            .Start("fetch", "http", s => s.Name("Fetch").With("url", "https://example.org/?a=1&b=<é>").Retry(3, TimeSpan.FromSeconds(2), Backoff.Linear, TimeSpan.FromMinutes(1), true, ["timeout"]))
            .Then("sum", "work", s => s.Timeout(TimeSpan.FromSeconds(30)).OnError("repair", "work").Config(new { MaxWords = 5 }).AllowEmpty().Weight(2).Priority(7))
            .Step("other", "work")
            .Join("publish", "work", ["sum", "other"], s => s.After("fetch", "done").Join(JoinRule.Count(2)))
            .Output(new { Result = "{{ steps.publish.output }}" })
            .Build();
        var read = FlowDefinition.Parse("""
            {
              "id": "news", "name": "News", "description": "A digest", "variables": { "limit": 10, "tags": ["a"] },
              "failure_policy": "continue_independent", "strategy": "priority", "max_concurrent_steps": 3, "timeout": "10m",
              "steps": [
                { "id": "fetch", "name": "Fetch", "type": "http", "config": { "url": "https://example.org/?a=1&b=<é>" },
                  "retry": { "max_attempts": 3, "delay": "2s", "backoff": "linear", "max_delay": "1m", "jitter": true, "on": ["timeout"] } },
                { "id": "sum", "type": "work", "after": ["fetch"], "timeout": "30s", "config": { "max_words": 5 }, "allow_empty": true, "weight": 2, "priority": 7 },
                { "id": "repair", "type": "work", "after": [ { "step": "sum", "port": "failed" } ] },
                { "id": "other", "type": "work" },
                { "id": "publish", "type": "work", "after": [ "sum", "other", { "step": "fetch", "port": "done" } ], "join": { "count": 2 } }
              ],
              "output": { "result": "{{ steps.publish.output }}" }
            }
            """);

        built.ToJson().Should().Be(read.ToJson());
        built.Version.Should().Be(read.Version);
        Sample.Problems(built).Should().BeEmpty();
    }

    [Fact]
    public void Then_WithoutAStep_IsMisuse()
        => FluentActions.Invoking(() => new FlowBuilder("f").Then("a", "work")).Should().Throw<InvalidOperationException>().WithMessage("*Start*");

    [Fact]
    public void Then_BehindAStepWithAnErrorStep_ComesAfterTheStepItself()
        => new FlowBuilder("f").Start("a", "work", s => s.OnError("e", "work")).Then("b", "work").Build().Steps.Single(step => step.Id == "b").After.Should().Equal(new StepEdge("a"));

    [Fact]
    public void Config_OfNoObject_IsMisuse()
        => FluentActions.Invoking(() => new FlowBuilder("f").Start("a", "work", s => s.Config(5))).Should().Throw<ArgumentException>().WithMessage("*'a'*");

    [Fact]
    public void Build_UsedOn_LeavesTheFirstResultAsItWas()
    {
        var builder = new FlowBuilder("f").Start("a", "work");
        var first = builder.Build();

        builder.Then("b", "work").Variable("x", 1).Build().Steps.Should().HaveCount(2);

        first.Steps.Should().ContainSingle();
        first.Variables.Should().BeEmpty();
    }
}
