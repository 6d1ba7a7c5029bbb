using System.Text.Json;

namespace WorkflowEngine.Tests.Flows;

internal sealed record SampleConfig
{
    public required string Url { get; init; }

    public int Limit { get; init; }

    public SampleInner? Inner { get; init; }

    public IReadOnlyList<int> Numbers { get; init; } = [];

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}

internal sealed record SampleInner
{
    public bool Flag { get; init; }
}

/// <summary>A registry of step types and short ways to the diagnostics of a flow.</summary>
internal static class Sample
{
    public static StepRegistry Registry { get; } = new(
    [
        new StepRegistration { Type = "work", Name = "work" },
        new StepRegistration { Type = "http", Name = "http", ConfigType = typeof(SampleConfig) },
        new StepRegistration { Type = "gate", Name = "gate", Ports = ["many", "Few"] },
    ]);

    public static FlowDefinition Flow(params StepDefinition[] steps) => new() { Id = "sample", Steps = steps };

    public static StepDefinition Step(string id) => new() { Id = id, Type = "work" };

    public static StepDefinition Step(string id, string[] after) => Step(id) with { After = [.. after.Select(step => new StepEdge(step))] };

    public static StepDefinition Step(string id, params StepEdge[] after) => Step(id) with { After = after };

    public static StepDefinition Http(string config) => new() { Id = "fetch", Type = "http", Config = JsonElement.Parse(config) };

    public static CompiledFlow Compile(FlowDefinition flow) => FlowCompiler.Compile(flow, Registry);

    public static List<FlowDiagnostic> Problems(FlowDefinition flow)
    {
        var diagnostics = new List<FlowDiagnostic>();
        var compiled = FlowCompiler.TryCompile(flow, Registry, diagnostics);
        (compiled is null).Should().Be(diagnostics.Count > 0);
        return diagnostics;
    }

    public static FlowDiagnostic Problem(FlowDefinition flow) => Problems(flow).Should().ContainSingle().Subject;

    public static FlowDiagnostic ReadProblem(string json) => FlowJson.Read(json).Diagnostics.Should().ContainSingle().Subject;
}
