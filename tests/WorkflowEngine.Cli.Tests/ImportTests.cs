using System.Text.Json;

namespace WorkflowEngine.Cli.Tests;

public sealed class ImportTests : IDisposable
{
    private static readonly string Small = Path.Combine(AppContext.BaseDirectory, "Fixtures", "wfcommons-small.json");

    private readonly Tool _wf = new();

    /// <summary>Real graphs beside the repository, where there are some; always at least the fixture.</summary>
    public static TheoryData<string> Graphs
    {
        get
        {
            var real = RealGraphs() is { } folder ? Directory.GetFiles(folder, "*.json") : [];
            return [Small, .. real.Order(StringComparer.Ordinal)];
        }
    }

    [Fact]
    public async Task Import_OfAnInstance_KeepsLegalIdsAndMendsTheOthers()
    {
        var run = await _wf.RunAsync("import", "wfcommons", Small, "--time-scale", "0.5");

        run.ExitCode.Should().Be(0);
        var flow = run.Json;
        flow.Text("id").Should().Be("small_test");
        var steps = flow.GetProperty("steps").EnumerateArray().ToList();
        steps.Select(step => (step.Text("id"), step.Text("name"))).Should().Equal(
            ("split_1", "split:1"), ("map_1_2", "map.1"), ("map_1", "map_1"), ("map_1_3", "map:1"), ("join", "join"), ("last", "last"));
        steps.Should().OnlyContain(step => step.Text("type") == "simulate");
        steps.Select(step => step.GetProperty("config").GetProperty("duration").GetDouble()).Should().Equal(0.75, 1, 1.5, 0.125, 0.5, 0);
        AfterOf(steps[4]).Should().Equal("map_1", "map_1_2", "map_1_3");
        AfterOf(steps[5]).Should().Equal("join");
    }

    [Theory]
    [MemberData(nameof(Graphs))]
    public async Task Run_OfAnImportedGraph_RunsEveryTaskOnceAndInOrder(string path)
    {
        var flow = await ImportAsync(path, scale: null);

        var run = await _wf.RunAsync("run", flow.Path, "--quiet", "--max-concurrency", "16", "--events", _wf.PathOf("events.json"));

        run.ExitCode.Should().Be(0);
        var events = EventLines.Read(_wf.PathOf("events.json"));
        events.ShouldBeGapFree();
        ShouldRespectTheGraph(flow.Document, events);
        flow.Document.GetProperty("steps").EnumerateArray().Select(step => step.Text("name")).Should().BeEquivalentTo(TaskIdsOf(path), "every task is a step");
    }

    [Fact]
    public async Task Run_OfAScaledGraph_IsAsFastAsAListScheduler()
    {
        var path = RealGraphs() is { } folder ? Path.Combine(folder, "montage-chameleon-2mass-01d-001.json") : Small;
        var durations = DurationsOf((await ImportAsync(path, 1)).Document);
        var flow = await ImportAsync(path, scale: 2 / ListSchedule.Makespan(durations, workers: 16));

        var run = await _wf.RunAsync("run", flow.Path, "--json", "--quiet", "--max-concurrency", "16", "--events", _wf.PathOf("events.json"));

        run.ExitCode.Should().Be(0);
        ShouldRespectTheGraph(flow.Document, EventLines.Read(_wf.PathOf("events.json")));

        // By hand the difference is a few percent; a busy machine gets room, a scheduler that leaves workers idle does not.
        run.Json.GetProperty("duration_seconds").GetDouble().Should().BeInRange(1.8, 4);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{ \"workflow\": { \"specification\": { \"tasks\": [] } } }")]
    [InlineData("{ \"workflow\": { \"specification\": { \"tasks\": [ {} ] } } }")]
    [InlineData("{ \"workflow\": { \"specification\": { \"tasks\": [ { \"id\": \"a\" }, { \"id\": \"a\" } ] } } }")]
    [InlineData("{ \"workflow\": { \"specification\": { \"tasks\": [ { \"id\": \"a\", \"parents\": [\"b\"] } ] } } }")]
    [InlineData("{ \"workflow\": { \"specification\": { \"tasks\": [ { \"id\": \"a\", \"parents\": 5 } ] } } }")]
    [InlineData("{ \"workflow\": ")]
    public async Task Import_OfSomethingElse_EndsWith2(string text)
    {
        var run = await _wf.RunAsync("import", "wfcommons", _wf.File("bad.json", text));

        run.ExitCode.Should().Be(2);
        run.Output.Should().BeEmpty();
        run.Error.Should().Contain("bad.json").And.NotContain("   at ");
    }

    public void Dispose() => _wf.Dispose();

    private async Task<(string Path, JsonElement Document)> ImportAsync(string path, double? scale)
    {
        var run = await _wf.RunAsync(["import", "wfcommons", path, .. scale is { } factor ? new[] { "--time-scale", factor.ToString("R") } : []]);
        run.ExitCode.Should().Be(0, run.Error);
        return (_wf.File("flow.json", run.Output), run.Json);
    }

    private static void ShouldRespectTheGraph(JsonElement flow, List<JsonElement> events)
    {
        var started = Positions(events, "step.started");
        var ended = Positions(events, "step.completed");
        var steps = flow.GetProperty("steps").EnumerateArray().ToList();
        started.Should().HaveCount(steps.Count);
        ended.Should().HaveCount(steps.Count);
        foreach (var step in steps)
        {
            AfterOf(step).Where(parent => ended[parent] > started[step.Text("id")!]).Should().BeEmpty("{0} starts after its parents", step.Text("id"));
        }
    }

    /// <summary>Where each step's one event of a type stands; a second one throws.</summary>
    private static Dictionary<string, int> Positions(List<JsonElement> events, string type)
        => events.Index().Where(pair => pair.Item.Text("type") == type).ToDictionary(pair => pair.Item.Text("step_id")!, pair => pair.Index);

    private static Dictionary<string, (double Seconds, string[] After)> DurationsOf(JsonElement flow)
        => flow.GetProperty("steps").EnumerateArray().ToDictionary(step => step.Text("id")!, step => (step.GetProperty("config").GetProperty("duration").GetDouble(), AfterOf(step)));

    private static string[] AfterOf(JsonElement step)
        => step.TryGetProperty("after", out var after) ? [.. after.EnumerateArray().Select(edge => edge.ValueKind == JsonValueKind.String ? edge.GetString()! : edge.Text("step")!)] : [];

    private static IEnumerable<string?> TaskIdsOf(string path)
        => JsonElement.Parse(File.ReadAllText(path)).GetProperty("workflow").GetProperty("specification").GetProperty("tasks").EnumerateArray().Select(task => task.Text("id"));

    /// <summary>The folder that <c>WF_INSTANCES</c> names, else <c>../shared/data/wfinstances</c>; null where there is none.</summary>
    private static string? RealGraphs()
    {
        if (Environment.GetEnvironmentVariable("WF_INSTANCES") is { Length: > 0 } named)
        {
            return named;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "WorkflowEngine.sln")))
            {
                var graphs = Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "data", "wfinstances"));
                return Directory.Exists(graphs) ? graphs : null;
            }
        }

        return null;
    }
}
