using System.Text.Json;

namespace WorkflowEngine.Tests.Flows;

public sealed class TemplateTests
{
    private static readonly Values Scope = new(JsonElement.Parse("""
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
    [InlineData("{{ input[\"x }}", "bad_template", 11)]
    [InlineData("{{ input x }}", "bad_template", 10)]
    [InlineData("{{ secrets }}", "bad_template", 4)]
    [InlineData("{{ job.name }}", "bad_template", 4)]
    [InlineData("{{ loop.i }}", "bad_template", 4)]
    [InlineData("{{ steps.a.outputs }}", "bad_template", 4)]
    [InlineData("{{ variables.a + 1 }}", "not_supported", 16)]
    [InlineData("{{ steps.with-dash.output }}", "not_supported", 14)]
    [InlineData("{{ size(input) }}", "not_supported", 8)]
    [InlineData("{{ !input }}", "not_supported", 4)]
    [InlineData("{{ 1 }}", "not_supported", 4)]
    [InlineData("{{ 'a' }}", "not_supported", 4)]
    [InlineData("{{ true }}", "not_supported", 9)]
    [InlineData("{{ input in variables.a }}", "not_supported", 10)]
    public void Compile_AnythingElse_IsReportedWithItsColumn(string text, string code, int column)
    {
        var diagnostics = new List<FlowDiagnostic>();

        Template.Compile(JsonSerializer.SerializeToElement(new { a = new[] { text } }), "$.x", diagnostics);

        var problem = diagnostics.Should().ContainSingle().Subject;
        problem.Should().BeEquivalentTo(new { Code = code, Path = "$.x.a[0]" });
        problem.Message.Should().EndWith($"(column {column})");
    }

    [Fact]
    public void Compile_SeveralMistakesInOneText_AreAllReported()
    {
        var diagnostics = new List<FlowDiagnostic>();

        Template.Compile(JsonElement.Parse("\"{{ inptu }} {{ 1 }} {{ input }} {{ x\""), "$", diagnostics);

        diagnostics.Select(problem => problem.Code).Should().Equal("bad_template", "not_supported", "bad_template");
        diagnostics[0].Message.Should().Contain("'input'");
    }

    [Fact]
    public void Compile_StepThatIsNotThere_IsRefused()
    {
        var flow = Sample.Flow(
            Sample.Step("fetch"),
            new StepDefinition { Id = "b", Type = "work", Config = JsonElement.Parse("""{ "a": "{{ steps.fetsh.output }}", "b": "{{ inputs.fetch }}" }""") }) with
        { Output = JsonElement.Parse("\"{{ steps.c.output }}\"") };

        Sample.Problems(flow).Select(problem => (problem.Code, problem.Path)).Should()
            .Equal(("unknown_step", "$.steps[1].config"), ("unknown_step", "$.steps[1].config"), ("unknown_step", "$.output"));
    }

    private static Template Compile(string template)
    {
        var diagnostics = new List<FlowDiagnostic>();
        var compiled = Template.Compile(JsonElement.Parse(template), "$", diagnostics);
        diagnostics.Should().BeEmpty();
        return compiled;
    }

    private sealed class Values(JsonElement root) : ITemplateScope
    {
        public bool TryResolve(IReadOnlyList<string> path, out JsonElement value)
        {
            value = root;
            foreach (var segment in path)
            {
                if (value.ValueKind == JsonValueKind.Array)
                {
                    value = value[int.Parse(segment)];
                }
                else if (!value.TryGetProperty(segment, out value))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
