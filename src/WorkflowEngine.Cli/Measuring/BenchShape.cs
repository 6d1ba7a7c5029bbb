namespace WorkflowEngine.Cli;

/// <summary>A flow of empty steps to measure with.</summary>
/// <param name="Name">chain, fan or wide.</param>
/// <param name="Flow">The flow.</param>
/// <param name="DefaultJobs">How many jobs give a steady figure within seconds.</param>
internal sealed record BenchShape(string Name, FlowDefinition Flow, int DefaultJobs)
{
    public const string StepType = "bench";

    public int StepCount => Flow.Steps.Count;

    public static BenchShape Of(string name, int? steps) => name switch
    {
        "fan" => new BenchShape(name, Spread(steps ?? 100), 1_000),
        "wide" => new BenchShape(name, Spread(steps ?? 5_000), 20),
        _ => new BenchShape(name, Chain(steps ?? 5), 10_000),
    };

    private static FlowDefinition Chain(int steps) => new()
    {
        Id = "bench",
        Steps = [.. Enumerable.Range(0, steps).Select(at => Step($"s{at}", at == 0 ? [] : [$"s{at - 1}"]))],
    };

    /// <summary>One step, then many side by side, then one that joins them.</summary>
    private static FlowDefinition Spread(int branches)
    {
        string[] names = [.. Enumerable.Range(0, branches).Select(at => $"b{at}")];
        return new FlowDefinition { Id = "bench", MaxConcurrentSteps = 64, Steps = [Step("split", []), .. names.Select(name => Step(name, ["split"])), Step("join", names)] };
    }

    private static StepDefinition Step(string id, string[] after) => new() { Id = id, Type = StepType, After = [.. after.Select(name => new StepEdge(name))] };
}
