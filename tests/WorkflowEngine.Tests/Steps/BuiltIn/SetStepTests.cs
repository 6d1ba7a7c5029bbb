using System.Text.Json;

namespace WorkflowEngine.Tests.Steps.BuiltIn;

public sealed class SetStepTests
{
    private static readonly SetStep Step = new();

    [Fact]
    public async Task Variables_PlainAndWithKind_AreWritten()
    {
        var payload = StepPayload.For(config: new { variables = new { count = 3, token = new { value = "t", kind = "secret" }, both = new { value = 1, kind = "output", more = 2 } } });

        await Step.ExecuteAsync(payload, default);

        payload.Writes!.Variables.Select(variable => (variable.Name, variable.Kind, variable.Value.GetRawText())).Should().Equal(
            ("count", VariableKind.Intermediate, "3"),
            ("token", VariableKind.Secret, "\"t\""),
            ("both", VariableKind.Intermediate, """{"value":1,"kind":"output","more":2}"""));
    }

    [Fact]
    public async Task EngineData_AnyJson_IsWritten()
    {
        var payload = StepPayload.For(config: new { engine_data = new { source_url = "u" } });

        await Step.ExecuteAsync(payload, default);

        payload.Writes!.EngineData.Should().ContainSingle().Which.Key.Should().Be("source_url");
    }

    [Fact]
    public async Task Items_OfBothShapes_StandInFrontOfTheInput()
    {
        var result = await Step.RunAsync(new { items = new object[] { new { type = "article", content = "a" }, 7 } }, data: new[] { "old" });

        result.Output!.Select(item => (item.Type, item.Content.GetRawText())).Should().Equal(("article", "\"a\""), ("data", "7"), ("input", "\"old\""));
    }

    [Fact]
    public async Task Items_Absent_HandTheInputOnExplicitly()
    {
        var payload = StepPayload.For();
        var result = await Step.ExecuteAsync(payload, default);

        result.IsExplicit.Should().BeTrue();
        result.Output.Should().BeSameAs(payload.Data);
    }

    [Theory]
    [InlineData("""{ "variables": { "not legal": 1 } }""")]
    [InlineData("""{ "engine_data": { "1st": 1 } }""")]
    [InlineData("""{ "variables": { "a": { "value": 1, "kind": "sekret" } } }""")]
    [InlineData("""{ "items": 7 }""")]
    [InlineData("""{ "variables": [] }""")]
    public async Task Config_Illegal_FailsForGood(string config)
    {
        var failure = await Step.FailAsync(JsonElement.Parse(config));

        (failure.Reason, failure.Retryable).Should().Be((Reasons.InvalidConfig, false));
    }
}
