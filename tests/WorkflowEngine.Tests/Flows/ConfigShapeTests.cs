using System.Text.Json;

namespace WorkflowEngine.Tests.Flows;

public sealed class ConfigShapeTests
{
    [Theory]
    [InlineData("""{ "url": "u" }""")]
    [InlineData("""{ "URL": "u", "limit": 3, "inner": { "flag": true }, "numbers": [1, 2], "headers": { "A-B": "c" } }""")]
    [InlineData("""{ "url": "{{ input }}", "limit": "{{ variables.limit }}", "inner": "{{ variables.x }}", "numbers": [1, "{{ variables.n }}"], "headers": { "a": "{{ secrets.t }}" } }""")]
    [InlineData("""{ "url": "u", "inner": null }""")]
    public void Compile_FittingConfig_IsAccepted(string config) => Sample.Problems(Sample.Flow(Sample.Http(config))).Should().BeEmpty();

    [Theory]
    [InlineData("""{ "url": "u", "limitt": 3 }""", "$.steps[0].config.limitt")]
    [InlineData("""{ "url": "u", "limit": "3" }""", "$.steps[0].config.limit")]
    [InlineData("""{ "url": "u", "limit": null }""", "$.steps[0].config.limit")]
    [InlineData("""{ "url": 5 }""", "$.steps[0].config.url")]
    [InlineData("""{ "limit": 5 }""", "$.steps[0].config.url")]
    [InlineData("""{ "url": "u", "inner": { "flug": true } }""", "$.steps[0].config.inner.flug")]
    [InlineData("""{ "url": "u", "inner": 5 }""", "$.steps[0].config.inner")]
    [InlineData("""{ "url": "u", "numbers": [1, "x", "{{ input }}"] }""", "$.steps[0].config.numbers[1]")]
    [InlineData("""{ "url": "u", "headers": { "a": 1 } }""", "$.steps[0].config.headers.a")]
    [InlineData("[]", "$.steps[0].config")]
    [InlineData("\"{{ input }}\"", "$.steps[0].config")]
    public void Compile_ConfigOfAnotherShape_IsRefusedAtItsPlace(string config, string path)
        => Sample.Problem(Sample.Flow(Sample.Http(config))).Should().BeEquivalentTo(new { Code = "bad_config", Path = path });

    [Fact]
    public void Compile_UnknownConfigMember_NamesTheNearest()
        => Sample.Problem(Sample.Flow(Sample.Http("""{ "url": "u", "limitt": 3 }"""))).Message.Should().Contain("'limit'");

    [Fact]
    public void Compile_NoConfigWhereSomeIsRequired_IsRefused()
        => Sample.Problem(Sample.Flow(new StepDefinition { Id = "a", Type = "http" })).Code.Should().Be("bad_config");

    [Fact]
    public void Compile_ConfigOfATypeWithoutARecord_MayBeAnyObject()
        => Sample.Problems(Sample.Flow(new StepDefinition { Id = "a", Type = "work", Config = JsonElement.Parse("""{ "any": [ {} ] }""") })).Should().BeEmpty();
}
