using System.Text.Json;

namespace WorkflowEngine.Tests.Flows;

/// <summary>Every wrong use of a loop has its diagnostic, before anything runs.</summary>
public sealed class LoopProblemTests
{
    private static readonly StepRegistry Registry = new([.. BuiltInSteps.All, .. Sample.Registry.All]);

    [Theory]
    [InlineData("for_each", """{ }""", "bad_config", "$.steps[0].config.items")]
    [InlineData("for_each", """{ "items": 5 }""", "bad_config", "$.steps[0].config.items")]
    [InlineData("for_each", """{ "items": [1], "max_concurrency": 0 }""", "bad_limit", "$.steps[0].config.max_concurrency")]
    [InlineData("for_each", """{ "items": [1], "max_concurrency": "{{ variables.n }}" }""", "bad_config", "$.steps[0].config.max_concurrency")]
    [InlineData("for_each", """{ "items": [1], "distribute": true }""", "not_supported", "$.steps[0].config.distribute")]
    [InlineData("for_each", """{ "items": "{{ loop.item }}" }""", "bad_template", "$.steps[0].config.items")]
    [InlineData("while", """{ }""", "bad_config", "$.steps[0].config")]
    [InlineData("while", """{ "while": "true", "until": "true" }""", "bad_config", "$.steps[0].config")]
    [InlineData("while", """{ "while": "1 +" }""", "bad_expression", "$.steps[0].config.while")]
    [InlineData("while", """{ "until": "true", "max_iterations": 0 }""", "bad_limit", "$.steps[0].config.max_iterations")]
    public void Loop_WithBadConfig_IsRefused(string type, string config, string code, string path)
        => Problem(Loop(type, config, Sample.Step("b"))).Should().BeEquivalentTo(new { Code = code, Path = path });

    [Fact]
    public void Loop_WithoutABody_IsRefused()
        => Problem(Loop("for_each", """{ "items": [1] }""")).Should().BeEquivalentTo(new { Code = "no_steps", Path = "$.steps[0].steps" });

    [Fact]
    public void Body_OfAStepThatIsNoLoop_IsRefused()
        => Problem(Sample.Step("a") with { Steps = [Sample.Step("b")] }).Should().BeEquivalentTo(new { Code = "bad_config", Path = "$.steps[0].steps" });

    [Fact]
    public void Id_ThatStandsTwice_IsRefusedAcrossBodies()
        => Problem(Loop("for_each", """{ "items": [1] }""", Sample.Step("each"))).Should().BeEquivalentTo(new { Code = "duplicate_step_id", Path = "$.steps[0].steps[0].id" });

    [Fact]
    public void Edge_OutOfABody_IsRefusedAndSaysWhatToDo()
    {
        var problem = Problem(Sample.Step("a"), Loop("for_each", """{ "items": [1] }""", Sample.Step("b", ["a"])));

        problem.Should().BeEquivalentTo(new { Code = "unknown_predecessor", Path = "$.steps[1].steps[0].after[0]" });
        problem.Message.Should().Contain("outside of this loop's body");
    }

    [Fact]
    public void Edge_IntoABody_IsRefused()
        => Problem(Loop("for_each", """{ "items": [1] }""", Sample.Step("b")), Sample.Step("a", ["b"])).Code.Should().Be("unknown_predecessor");

    [Fact]
    public void Item_InAWhile_IsRefused()
        => Problem(Loop("while", """{ "while": "true" }""", new StepDefinition { Id = "b", Type = "set", Config = JsonElement.Parse("""{ "items": ["{{ loop.item }}"] }""") }))
            .Should().BeEquivalentTo(new { Code = "bad_template", Path = "$.steps[0].steps[0].config.items[0]" });

    [Fact]
    public void Builder_WritesTheDocumentThatReadsToTheSame()
    {
        var flow = new FlowBuilder("f")
            .ForEach("each", "{{ input }}", body => body.While("loop", "size(input) < 3", inner => inner.Start("x", "noop"), maxIterations: 7), maxConcurrency: 2, continueOnError: true)
            .Build();

        FlowDefinition.Parse(flow.ToJson()).Version.Should().Be(flow.Version);
        FlowCompiler.Compile(flow, Registry).AllSteps.Select(step => step.Id).Should().Equal("each", "loop", "x");
    }

    private static StepDefinition Loop(string type, string config, params StepDefinition[] body)
        => new() { Id = "each", Type = type, Config = JsonElement.Parse(config), Steps = body };

    private static FlowDiagnostic Problem(params StepDefinition[] steps)
    {
        var diagnostics = new List<FlowDiagnostic>();
        FlowCompiler.TryCompile(Sample.Flow(steps), Registry, diagnostics).Should().BeNull();
        return diagnostics.Should().ContainSingle().Subject;
    }
}
