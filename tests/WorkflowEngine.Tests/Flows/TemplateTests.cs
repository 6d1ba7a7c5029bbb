using System.Text.Json;
using WorkflowEngine.Tests.Flows.Expressions;

namespace WorkflowEngine.Tests.Flows;

public sealed class TemplateTests
{
    private static readonly ExpressionNames Names = Expressions.Expressions.Names;

    private static readonly JsonScope Scope = new(JsonElement.Parse("""
        { "variables": { "limit": 10, "name": "Ann \"A\"", "list": [1, { "x": true }], "none": null, "flag": false, "rate": 1.50 }, "steps": { "with-dash": { "output": "ok" } } }
        """));

    [Theory]
    [InlineData("\"{{ variables.limit }}\"", "10")]
    [InlineData("\"{{variables.list}}\"", """[1,{"x":true}]""")]
    [InlineData("\"{{ variables.none }}\"", "null")]
    [InlineData("\"{{ variables.list[1].x }}\"", "true")]
    [InlineData("\"{{ steps[\\\"with-dash\\\"].output }}\"", "\"ok\"")]
    [InlineData("\"{{ steps['with-dash'].output }}\"", "\"ok\"")]
    [InlineData("\"at most {{ variables.limit }} of {{ variables.name }}!\"", "\"at most 10 of Ann \\\"A\\\"!\"")]
    [InlineData("\"{{ variables.flag }}{{ variables.rate }}\"", "\"false1.50\"")]
    [InlineData("\" {{ variables.list }}\"", "\" [1, { \\\"x\\\": true }]\"")]
    [InlineData("\"{{ variables.limit + 1 }}\"", "11")]
    [InlineData("\"{{ variables.limit > 5 ? 'many' : 'few' }}\"", "\"many\"")]
    [InlineData("\"{{ {'a': {'b': variables.limit}} }}\"", """{"a":{"b":10}}""")]
    [InlineData("\"{{ {'a':{}}}}\"", """{"a":{}}""")]
    [InlineData("\"n = {{ variables.limit / 4 }}, {{ [1, 'a', 2.0] }}, {{ null }}\"", "\"n = 2, [1,\\\"a\\\",2.0], null\"")]
    [InlineData("\"{{ duration('1m') }} {{ timestamp(0) }}\"", "\"60s 1970-01-01T00:00:00Z\"")]
    [InlineData("\"{{ '{{' }} x {{ '}}' }}\"", "\"{{ x }}\"")]
    [InlineData("""{ "a": [ "{{ variables.limit }}", 1, { "b": "x" } ], "c": "<é>" }""", """{"a":[10,1,{"b":"x"}],"c":"<é>"}""")]
    public void Render_LookUps_GivesTheirValues(string template, string expected)
        => JsonElement.DeepEquals(Compile(template).Render(Scope), JsonElement.Parse(expected)).Should().BeTrue();

    [Theory]
    [InlineData("\"plain }} text { here\"")]
    [InlineData("""{ "a": [1, "b"] }""")]
    public void Render_WithoutLookUps_IsTheSourceAtNoCost(string template)
    {
        var compiled = Compile(template);
        compiled.Render(Scope);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var rendered = compiled.Render(Scope);

        GC.GetAllocatedBytesForCurrentThread().Should().Be(before);
        compiled.IsConstant.Should().BeTrue();
        compiled.Lookups.Should().BeEmpty();
        rendered.Should().Be(compiled.Source);
    }

    [Theory]
    [InlineData("\"{{ variables.missing }}\"")]
    [InlineData("{ \"a\": \"x {{ variables.missing }}\" }")]
    public void Render_MissingName_FailsNamingIt(string template)
    {
        var error = FluentActions.Invoking(() => Compile(template).Render(Scope)).Should().Throw<StepFailedException>().Which;

        error.Should().BeEquivalentTo(new { Reason = "expression_failed", Retryable = false });
        error.Message.Should().Contain("variables.missing");
    }

    [Fact]
    public void Lookups_SeveralInOneTemplate_AreListedOnce()
        => Compile("""{ "a": "{{ secrets.token }} {{ input }}", "b": "{{ secrets.token }}" }""").Lookups.Select(path => string.Join('/', path)).Should().Equal("secrets/token", "input");

    [Theory]
    [InlineData("{{ variabels.x }}", "bad_template", 4)]
    [InlineData("{{ }}", "bad_template", 1)]
    [InlineData("a {{ input", "bad_template", 3)]
    [InlineData("{{ input. }}", "bad_template", 11)]
    [InlineData("{{ input[x] }}", "bad_template", 10)]
    [InlineData("{{ input[\"x }}", "bad_template", 10)]
    [InlineData("{{ input x }}", "bad_template", 10)]
    [InlineData("{{ secrets }}", "bad_template", 4)]
    [InlineData("{{ job.name }}", "bad_template", 4)]
    [InlineData("{{ loop.i }}", "bad_template", 4)]
    [InlineData("{{ steps.a.outputs }}", "bad_template", 4)]
    [InlineData("{{ loop }}", "bad_template", 4)]
    [InlineData("{{ steps.b.output }}", "unknown_step", 4)]
    [InlineData("{{ inputs.b }}", "unknown_step", 4)]
    [InlineData("{{ 1 + }}", "bad_template", 8)]
    [InlineData("{{ {'a': 1} }", "bad_template", 1)]
    [InlineData("{{ {'a': 1} } }}", "bad_template", 13)]
    [InlineData("{{ siez(input) }}", "bad_template", 4)]
    [InlineData("{{ 'a }}", "bad_template", 4)]
    [InlineData("{{ 99999999999999999999 }}", "bad_template", 4)]
    [InlineData("a {{ input }} {{ input = 1 }}", "bad_template", 24)]
    public void Compile_AnythingElse_IsReportedWithItsColumn(string text, string code, int column)
    {
        var diagnostics = new List<FlowDiagnostic>();

        Template.Compile(JsonSerializer.SerializeToElement(new { a = new[] { text } }), "$.x", Names, diagnostics);

        var problem = diagnostics.Should().ContainSingle().Subject;
        problem.Should().BeEquivalentTo(new { Code = code, Path = "$.x.a[0]" });
        problem.Message.Should().EndWith($"(column {column})");
    }

    [Fact]
    public void Compile_SeveralMistakesInOneText_AreAllReported()
    {
        var diagnostics = new List<FlowDiagnostic>();

        Template.Compile(JsonElement.Parse("\"{{ inptu }} {{ 1 1 }} {{ input }} {{ x\""), "$", Names, diagnostics);

        diagnostics.Select(problem => problem.Code).Should().Equal("bad_template", "bad_template", "bad_template");
        diagnostics[0].Message.Should().Contain("'input'");
    }

    [Fact]
    public void Compile_DashWithoutBrackets_IsADifferenceAndSaysSo()
    {
        var diagnostics = new List<FlowDiagnostic>();

        Template.Compile(JsonElement.Parse("\"{{ steps.with-dash.output }}\""), "$", Names, diagnostics);

        diagnostics.Should().HaveCount(2).And.OnlyContain(problem => problem.Message.Contains("A name with a dash is written [\"with-dash\"]."));
    }

    [Fact]
    public void Compile_StepThatIsNotThere_IsRefused()
    {
        var flow = Sample.Flow(
            Sample.Step("fetch"),
            new StepDefinition { Id = "b", Type = "work", Config = JsonElement.Parse("""{ "a": "{{ steps.fetsh.output }}", "b": "{{ inputs.fetch }}" }""") }) with
        { Output = JsonElement.Parse("\"{{ steps.c.output }}\"") };

        Sample.Problems(flow).Select(problem => (problem.Code, problem.Path)).Should()
            .Equal(("unknown_step", "$.steps[1].config.a"), ("unknown_step", "$.steps[1].config.b"), ("unknown_step", "$.output"));
    }

    [Theory]
    [InlineData("secrets.token", "Secrets exist only in the config of a step")]
    [InlineData("inputs.fetch", "'inputs' does not exist here")]
    [InlineData("error.message", "'error' does not exist here")]
    [InlineData("signal", "'signal' is no name; there are input, steps, variables, engine_data, job.")]
    public void Compile_NameThatAFlowsOutputDoesNotHave_IsRefused(string name, string message)
        => Sample.Problem(Sample.Flow(Sample.Step("fetch")) with { Output = JsonElement.Parse($"\"{{{{ {name} }}}}\"") }).Message.Should().Contain(message);

    [Theory]
    [InlineData(null, true)]
    [InlineData("done", true)]
    [InlineData("failed", false)]
    [InlineData("*", false)]
    public void Compile_ErrorOfAStep_IsThereBehindAFailureOnly(string? port, bool isRefused)
    {
        var repair = new StepDefinition { Id = "b", Type = "work", After = [new StepEdge("a", port)], Config = JsonElement.Parse("""{ "x": "{{ error.message }} {{ loop.item }}" }""") };

        Sample.Problems(Sample.Flow(Sample.Step("a"), repair)).Select(problem => problem.Message.Split(' ')[0]).Should().Equal(isRefused ? ["'error'", "'loop'"] : ["'loop'"]);
    }

    private static Template Compile(string template)
    {
        var diagnostics = new List<FlowDiagnostic>();
        var compiled = Template.Compile(JsonElement.Parse(template), "$", Names, diagnostics);
        diagnostics.Should().BeEmpty();
        return compiled;
    }
}
