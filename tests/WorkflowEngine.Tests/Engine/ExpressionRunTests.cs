using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Expressions in the templates of running steps (S21).</summary>
public sealed class ExpressionRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("packets-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("{{ input.map(i, i.content) }}", """[{"price":12.50,"tags":["a","b"]},3]""")]
    [InlineData("{{ input.map(i, i.type) }}", """["input","input"]""")]
    [InlineData("{{ input[0].content.price * 2 > 20.0 }}", "true")]
    [InlineData("{{ has(input[0].timestamp) }}", "true")]
    [InlineData("{{ variables.limit / 3 }}", "3")]
    [InlineData("{{ 'limit' in variables && !('x' in variables) }}", "true")]
    [InlineData("{{ size(variables) }} and {{ variables }}", "\"1 and {\\\"limit\\\":10}\"")]
    [InlineData("{{ engine_data.source == 'test' ? job.flow_id : '' }}", "\"expressions\"")]
    [InlineData("{{ steps.first.status + steps.first.port + string(size(steps.first.output)) }}", "\"completeddone2\"")]
    [InlineData("{{ steps.first.error == null && job.key == null && job.attempt == 1 }}", "true")]
    [InlineData("{{ steps.first == {'status': 'completed', 'output': input, 'port': 'done', 'error': null} }}", "true")]
    [InlineData("{{ has(inputs.first) && inputs.first == input }}", "true")]
    [InlineData("{{ size(secrets.token) }}", "6")]
    [InlineData("{{ steps.last.status }}", "\"running\"")]
    [InlineData("{{ has(steps.last.output) }}", "false")]
    public async Task Config_WithExpressions_SeesWhatTheJobHas(string text, string expected)
    {
        var (result, rendered, _) = await RunAsync(text);

        result.EnsureSucceeded();
        JsonElement.DeepEquals(rendered!.Value, JsonElement.Parse(expected)).Should().BeTrue("of {0}", rendered.Value.GetRawText());
    }

    [Theory]
    [InlineData("{{ variables.limti > 3 }}", "There is no value for variables.limti. Did you mean 'limit'? ('variables.limti > 3', column 4 of $.steps[1].config.value)")]
    [InlineData("at {{ 1 / (variables.limit - 10) }}", "Division by zero. ('1 / (variables.limit - 10)', column 9 of $.steps[1].config.value)")]
    [InlineData("{{ secrets.tokn }}", "There is no value for secrets.tokn. ('secrets.tokn', column 4 of $.steps[1].config.value)")]
    public async Task Config_ThatCannotBeEvaluated_FailsTheStepBeforeItsBodyAndIsNotRetried(string text, string message)
    {
        var (result, rendered, attempts) = await RunAsync(text);

        (result.Status, result.Reason, result.Message).Should().Be((JobStatus.Failed, Reasons.ExpressionFailed, message));
        attempts.Should().Be(1);
        rendered.Should().BeNull("the body did not run");
    }

    [Theory]
    [InlineData("fail", "\"broken: It broke.\"")]
    [InlineData("pass", "\"fine\"")]
    public async Task Error_BehindAnyEnd_IsThereAfterAFailureOnly(string input, string expected)
    {
        JsonElement? seen = null;
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("try", payload => payload.Data.Get<string>() == "fail" ? StepResult.Fail("broken", "It broke.") : StepResult.Completed(payload.Data))
            .AddStep("see", payload => See(payload, ref seen))
            .AddFlow(Flow("""
                { "id": "expressions", "steps": [ { "id": "first", "type": "try" },
                  { "id": "last", "type": "see", "after": [ { "step": "first", "port": "*" } ], "config": { "value": "{{ has(error) ? error.reason + ': ' + error.message : 'fine' }}" } } ] }
                """)));

        (await host.Engine.RunAsync("expressions", input).Soon()).EnsureSucceeded();

        seen!.Value.GetRawText().Should().Be(expected);
    }

    [Theory]
    [InlineData("{{ steps.make.status }}", true)]
    [InlineData("{{ steps.make.port == 'done' && steps.make.error == null }}", true)]
    [InlineData("{{ steps.make.output[0].type }}", false)]
    [InlineData("{{ size(steps.make) }}", false)]
    public async Task Output_ThatNoExpressionNames_IsNotLoaded(string text, bool succeeds)
    {
        JsonElement? seen = null;
        await using var host = await TestHost.StartAsync(engine => engine
            .UseFilePackets(_folder)
            .AddStep("make", _ => StepResult.Completed(DataPacket.Of(new string('x', 20_000))))
            .AddStep("pass", payload => StepResult.Completed(DataPacket.Of("small")))
            .AddStep("see", payload => See(payload, ref seen))
            .AddFlow(Flow($$"""
                { "id": "expressions", "steps": [ { "id": "make", "type": "make" }, { "id": "pass", "type": "pass", "after": ["make"] },
                  { "id": "last", "type": "see", "after": ["pass"], "config": { "value": {{JsonSerializer.Serialize(text)}} } } ] }
                """)));
        var job = await host.Engine.StartAsync("expressions", options: new JobOptions { StartPaused = true });
        await job.RunStepAsync("make").Soon();
        await job.RunStepAsync("pass").Soon();
        File.Delete(Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).Single());

        await job.ResumeAsync().Soon();

        var result = await job.WaitAsync().Soon();
        result.Reason.Should().Be(succeeds ? null : Reasons.DataRetrievalFailed);
    }

    private static async Task<(JobResult Result, JsonElement? Rendered, int Attempts)> RunAsync(string text)
    {
        JsonElement? seen = null;
        await using var host = await TestHost.StartAsync(engine => engine
            .AddSecrets<OneSecret>()
            .AddStep("pass", payload => StepResult.Completed(payload.Data))
            .AddStep("see", payload => See(payload, ref seen))
            .AddFlow(Flow($$"""
                { "id": "expressions", "variables": { "limit": 10 }, "steps": [ { "id": "first", "type": "pass" },
                  { "id": "last", "type": "see", "after": ["first"], "retry": { "max_attempts": 3 }, "config": { "value": {{JsonSerializer.Serialize(text)}} } } ] }
                """)));
        var input = JsonElement.Parse("""[ { "price": 12.50, "tags": ["a", "b"] }, 3 ]""");
        var job = await host.Engine.StartAsync("expressions", input, new JobOptions { EngineData = new Dictionary<string, object?> { ["source"] = "test" } });
        var result = await job.WaitAsync().Soon();
        return (result, seen, (await job.GetStatusAsync()).Steps.Single(step => step.Id == "last").Attempts);
    }

    private static StepResult See(StepPayload payload, ref JsonElement? seen)
    {
        seen = payload.Config.Get<JsonElement>("value").Clone();
        return StepResult.Completed(payload.Data);
    }

    private static FlowDefinition Flow(string json) => FlowDefinition.Parse(json);

    private sealed class OneSecret : ISecretProvider
    {
        public ValueTask<string?> FindSecretAsync(string name, CancellationToken cancellationToken) => new(name == "token" ? "s3cret" : null);
    }
}
