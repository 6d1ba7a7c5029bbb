using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine.ControlFlow;

/// <summary>Conditions on edges and the ways of a switch (S4): judged once, behind the step they follow, over its own output and writes.</summary>
public sealed class EdgeTests
{
    [Theory]
    [InlineData(1, "small")]
    [InlineData(5, "large")]
    [InlineData(100, "large huge")]
    public async Task When_OverThePredecessorsOutput_ChoosesWhoRuns(int amount, string ran)
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("amount", payload => DataPacket.Of(payload.Get<int>()))
            .AddFlow("f", flow => flow
                .Start("a", "amount")
                .Step("small", "noop", [], step => step.After("a", when: "input[0].content < 5"))
                .Step("large", "noop", [], step => step.After("a", when: "steps.a.output[0].content >= 5"))
                .Step("huge", "noop", [], step => step.After("large", when: "size(input) == 1 && input[0].content > 50"))));

        var job = await host.StartAsync("f", amount);
        await host.RunToEndAsync(job);

        (await RanAsync(job, "small", "large", "huge")).Should().Be(ran);
    }

    [Fact]
    public async Task When_NamesWhatThePredecessorWrote_SeesIt()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddFlow("f", flow => flow.Variable("limit", 1)
                .Start("a", "set", step => step.With("variables", new { limit = 7 }))
                .Step("yes", "noop", [], step => step.After("a", when: "variables.limit == 7"))
                .Step("no", "noop", [], step => step.After("a", when: "variables.limit == 1"))));

        var job = await host.StartAsync("f");
        await host.RunToEndAsync(job);

        (await RanAsync(job, "yes", "no")).Should().Be("yes");
    }

    [Theory]
    [InlineData("busy", JobStatus.Completed, "repair")]
    [InlineData("broken", JobStatus.Failed, "")]
    public async Task WhenOnAnErrorEdge_DecidesWhetherTheFailureIsTaken(string reason, JobStatus end, string ran)
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("fails", _ => StepResult.Fail(reason, "no"))
            .AddFlow("f", flow => flow
                .Start("a", "fails")
                .Step("repair", "noop", [], step => step.After("a", "failed", "error.reason == 'busy' && input[0].content.step_id == 'a'"))));

        var job = await host.StartAsync("f");
        var result = await host.RunToEndAsync(job);

        result.Status.Should().Be(end);
        (await RanAsync(job, "repair")).Should().Be(ran);
    }

    [Fact]
    public async Task When_ThatCannotBeTold_FailsTheStepAndNeverCountsAsFalse()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddFlow("f", flow => flow.Start("a", "noop", step => step.Retry(3)).Step("b", "noop", [], step => step.After("a", when: "variables.nowhere > 1"))));

        var result = await host.RunAsync("f");

        result.Status.Should().Be(JobStatus.Failed);
        result.Reason.Should().Be("expression_failed");
        result.Message.Should().Contain("nowhere").And.Contain("$.steps[1].after[0].when");
    }

    [Theory]
    [InlineData(3, "first", "few")]
    [InlineData(30, "first", "many")]
    [InlineData(300, "first", "many")]
    [InlineData(300, "all", "many crowd")]
    [InlineData(-1, "first", "odd")]
    public async Task Switch_TakesTheCasesThatHold(int count, string match, string ran)
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddFlow("f", flow => flow
                .Switch("gate", [("few", "input[0].content >= 0 && input[0].content < 10"), ("many", "input[0].content > 10"), ("crowd", "input[0].content > 100")], "odd", step => step.With("match", match))
                .Step("few", "noop", [], step => step.After("gate", "few"))
                .Step("many", "noop", [], step => step.After("gate", "MANY "))
                .Step("crowd", "noop", [], step => step.After("gate", "crowd"))
                .Step("odd", "noop", [], step => step.After("gate", "odd"))));

        var job = await host.StartAsync("f", count);
        (await host.RunToEndAsync(job)).Status.Should().Be(JobStatus.Completed);

        (await RanAsync(job, "few", "many", "crowd", "odd")).Should().Be(ran);
    }

    [Fact]
    public async Task Switch_WhereNoCaseHoldsAndNoDefaultIs_FailsAsNoCase()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddFlow("f", flow => flow.Switch("gate", [("a", "false")]).Step("a", "noop", [], step => step.After("gate", "a"))));

        (await host.RunAsync("f")).Reason.Should().Be("no_case");
    }

    [Fact]
    public async Task EveryCommitOfConditionsAndSwitches_SurvivesACrash()
    {
        var crashes = await FlowTestHost.CrashAtEveryCommitAsync(
            engine => engine
                .AddStep("fails", _ => StepResult.Fail("busy", "no"))
                .AddFlow("f", flow => flow
                    .Switch("gate", [("left", "input[0].content == 1"), ("right", "true")], configure: step => step.With("match", "all"))
                    .Step("left", "set", [], step => step.After("gate", "left").With("variables", new { seen = 1 }))
                    .Step("right", "fails", [], step => step.After("gate", "right"))
                    .Step("repair", "noop", [], step => step.After("right", "failed", "error.reason == 'busy'"))
                    .Step("end", "noop", [], step => step.After("left", when: "variables.seen == 1").After("repair"))),
            "f",
            1,
            result => result.Status.Should().Be(JobStatus.Completed));

        crashes.Should().BeGreaterThan(10);
    }

    [Theory]
    [InlineData("""{ "cases": [] }""", "$.steps[0].config.cases", "needs a list of cases")]
    [InlineData("""{ "cases": [ { "when": "true" } ] }""", "$.steps[0].config.cases[0].port", "needs a port")]
    [InlineData("""{ "cases": [ { "port": "failed", "when": "true" } ] }""", "$.steps[0].config.cases[0].port", "other than failed")]
    [InlineData("""{ "cases": [ { "port": "a" } ] }""", "$.steps[0].config.cases[0].when", "needs a condition")]
    [InlineData("""{ "cases": [ { "port": "a", "when": "1 +" } ] }""", "$.steps[0].config.cases[0].when", "column")]
    [InlineData("""{ "cases": [ { "port": "a", "when": "steps.nobody.status == 'x'" } ] }""", "$.steps[0].config.cases[0].when", "nobody")]
    [InlineData("""{ "cases": [ { "port": "a", "when": "'yes'" } ] }""", "$.steps[0].config.cases[0].when", "true or false")]
    [InlineData("""{ "cases": [ { "port": "b", "when": "true" } ], "match": "some" }""", "$.steps[0].config.match", "first or all")]
    [InlineData("""{ "cases": [ { "port": "b", "when": "true" } ] }""", "$.steps[1].after[0].port", "have no port 'a'")]
    public void SwitchThatIsWrong_IsReportedWithItsPlace(string config, string path, string says)
    {
        var problems = Problems($$"""{ "id": "f", "steps": [ { "id": "gate", "type": "switch", "config": {{config}} }, { "id": "a", "type": "noop", "after": [ { "step": "gate", "port": "a" } ] } ] }""");

        problems.Should().Contain(problem => problem.Path == path && problem.Message.Contains(says, StringComparison.Ordinal));
    }

    internal static IReadOnlyList<FlowDiagnostic> Problems(string json)
    {
        var diagnostics = new List<FlowDiagnostic>();
        FlowCompiler.TryCompile(FlowDefinition.Parse(json), new StepRegistry([.. BuiltInSteps.All]), diagnostics);
        return diagnostics;
    }

    private static async Task<string> RanAsync(JobHandle job, params string[] steps)
    {
        var report = await job.GetStatusAsync();
        return string.Join(' ', steps.Where(id => report.Steps.Single(step => step.Id == id).Status == StepStatus.Completed));
    }
}
