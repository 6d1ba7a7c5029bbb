using System.Text.Json;

namespace WorkflowEngine.Cli.Tests;

public sealed class RunTests : IDisposable
{
    private const string Chain = """
        { "id": "chain", "variables": { "count": 5, "name": "x", "on": false }, "steps": [
          { "id": "a", "type": "log", "config": { "message": "count is {{ variables.count }}" } },
          { "id": "b", "type": "noop", "after": ["a"] } ],
          "output": { "count": "{{ variables.count }}", "name": "{{ variables.name }}", "on": "{{ variables.on }}", "input": "{{ input }}" } }
        """;

    private readonly Tool _wf = new();

    [Fact]
    public async Task Run_OfAFlowThatCompletes_EndsWith0AndPrintsItsOutput()
    {
        var run = await _wf.RunAsync("run", _wf.File("chain.json", Chain), "--input", "[1, 2]");

        run.ExitCode.Should().Be(0);
        run.Json.GetProperty("count").GetInt32().Should().Be(5);
        run.Json.GetProperty("input").EnumerateArray().Select(item => item.GetProperty("content").GetInt32()).Should().Equal(1, 2);
        run.Error.Should().Contain("count is 5").And.Contain("completed");
    }

    [Fact]
    public async Task Run_WithJson_PrintsExactlyTheJobDocument()
    {
        var run = await _wf.RunAsync("run", _wf.File("chain.json", Chain), "--json", "--key", "k1", "--quiet");

        run.ExitCode.Should().Be(0);
        run.Error.Should().BeEmpty();
        run.Json.EnumerateObject().Select(member => member.Name).Should().Equal(
            "job_id", "flow_id", "flow_version", "status", "reason", "message", "output", "steps", "progress", "key", "tenant", "labels",
            "created_at", "started_at", "completed_at", "duration_seconds");
        run.Json.GetProperty("status").GetString().Should().Be("completed");
        run.Json.GetProperty("key").GetString().Should().Be("k1");
        var steps = run.Json.GetProperty("steps").EnumerateArray().ToList();
        steps.Select(step => step.GetProperty("id").GetString()).Should().Equal("a", "b");
        steps[0].EnumerateObject().Select(member => member.Name).Should().Equal("id", "path", "status", "attempts", "port", "error", "started_at", "completed_at");
        run.Json.GetProperty("progress").EnumerateObject().Select(member => member.Name).Should().Equal("percentage", "completed", "total", "running", "failed", "skipped");
        run.Json.GetProperty("progress").GetProperty("percentage").GetDouble().Should().Be(100);
    }

    [Theory]
    [InlineData("\"{{ variables.one }}\"", "[7]")]
    [InlineData("\"{{ variables.none }}\"", "null")]
    [InlineData("\"{{ variables.empty }}\"", "[]")]
    [InlineData("[]", "[]")]
    [InlineData("[ [ 7 ] ]", "[[7]]")]
    [InlineData("\"{{ variables.text }}\"", "\"seven\"")]
    [InlineData("{ \"a\": \"{{ variables.one }}\" }", """{"a":[7]}""")]
    public async Task Run_WithJson_PrintsTheOutputAsItIs(string output, string expected)
    {
        var flow = $$"""{ "id": "shaped", "variables": { "one": [7], "none": null, "empty": [], "text": "seven" }, "steps": [ { "id": "a", "type": "noop" } ], "output": {{output}} }""";

        var run = await _wf.RunAsync("run", _wf.File("shaped.json", flow), "--json", "--quiet");

        run.ExitCode.Should().Be(0);
        JsonElement.DeepEquals(run.Json.GetProperty("output"), JsonElement.Parse(expected)).Should().BeTrue("it is {0}", run.Json.GetProperty("output"));
    }

    [Fact]
    public async Task Run_WithVariables_TypesThemByTheirDefaults()
    {
        var run = await _wf.RunAsync("run", _wf.File("chain.json", Chain), "--quiet", "--var", "count=7", "--var", "name=7", "--var", "on=true");
        var raw = await _wf.RunAsync("run", _wf.PathOf("chain.json"), "--quiet", "--var", "name:={\"a\": [1]}", "--var", "other=a:=b");

        run.Json.GetProperty("count").GetInt32().Should().Be(7);
        run.Json.GetProperty("name").GetString().Should().Be("7");
        run.Json.GetProperty("on").GetBoolean().Should().BeTrue();
        raw.Json.GetProperty("name").GetProperty("a")[0].GetInt32().Should().Be(1);
    }

    [Fact]
    public async Task Run_WithInputFromStdinOrFile_ReadsIt()
    {
        var flow = _wf.File("chain.json", Chain);
        var piped = await _wf.RunWithInputAsync("\"piped\"", "run", flow, "--quiet", "--input", "-");
        var filed = await _wf.RunAsync("run", flow, "--quiet", "--input", _wf.File("in.json", "\"filed\""));

        piped.Json.GetProperty("input")[0].GetProperty("content").GetString().Should().Be("piped");
        filed.Json.GetProperty("input")[0].GetProperty("content").GetString().Should().Be("filed");
    }

    [Fact]
    public async Task Run_OfAFlowThatFails_EndsWith1AndCompleteEvents()
    {
        var flow = _wf.File("bad.json", """{ "id": "bad", "steps": [ { "id": "a", "type": "fail", "config": { "reason": "no_luck", "message": "sorry" } }, { "id": "b", "type": "noop", "after": ["a"] } ] }""");
        File.WriteAllText(_wf.PathOf("events.json"), "left over");

        var run = await _wf.RunAsync("run", flow, "--json", "--events", _wf.PathOf("events.json"));

        run.ExitCode.Should().Be(1);
        run.Json.GetProperty("reason").GetString().Should().Be("no_luck");
        run.Json.GetProperty("output").ValueKind.Should().Be(JsonValueKind.Null);
        run.Json.GetProperty("steps")[0].GetProperty("error").GetProperty("message").GetString().Should().Be("sorry");
        run.Error.Should().Contain("no_luck").And.NotContain("   at ");
        var events = EventLines.Read(_wf.PathOf("events.json"));
        events.ShouldBeGapFree();
        events.Select(happened => happened.Text("type")).Should().Contain("step.blocked");
        events[^1].Text("type").Should().Be("job.failed");
        events[0].TryGetProperty("step_id", out _).Should().BeFalse("members that do not apply are absent");
    }

    [Fact]
    public async Task Run_OfAWideFlow_WritesEveryEventOnce()
    {
        var branches = string.Join(",", Enumerable.Range(0, 3000).Select(number => $$"""{ "id": "b{{number}}", "type": "noop", "after": ["start"] }"""));
        var flow = _wf.File("wide.json", $$"""{ "id": "wide", "steps": [ { "id": "start", "type": "noop" }, {{branches}} ] }""");

        var run = await _wf.RunAsync("run", flow, "--quiet", "--events", _wf.PathOf("events.json"), "--max-concurrency", "32");

        run.ExitCode.Should().Be(0);
        var events = EventLines.Read(_wf.PathOf("events.json"));
        events.ShouldBeGapFree();
        events.Where(happened => happened.Text("type") == "step.completed").Select(happened => happened.Text("step_id")).Should().OnlyHaveUniqueItems().And.HaveCount(3001);
        events[^1].Text("type").Should().Be("job.completed");
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Run_ThatIsInterrupted_CancelsTheJobAndEndsWith3(string signal)
    {
        var flow = _wf.File("slow.json", """{ "id": "slow", "steps": [ { "id": "quick", "type": "noop" }, { "id": "a", "type": "simulate", "config": { "duration": "1h" }, "after": ["quick"] } ] }""");
        var process = _wf.Start("run", flow, "--json", "--events", _wf.PathOf("events.json"));
        await Tool.UntilAsync(process, "quick completed");

        await Tool.SignalAsync(process, signal);
        var run = await Tool.EndAsync(process);

        run.ExitCode.Should().Be(3);
        run.Json.GetProperty("status").GetString().Should().Be("cancelled");
        var events = EventLines.Read(_wf.PathOf("events.json"));
        events.ShouldBeGapFree();
        events[^1].Text("type").Should().Be("job.cancelled");
    }

    [Fact]
    public async Task Run_InStepModeWithoutATerminal_LeavesTheJobPausedAndEndsWith5()
    {
        var run = await _wf.RunAsync("run", _wf.File("chain.json", Chain), "--step", "--json", "--events", _wf.PathOf("events.json"));

        run.ExitCode.Should().Be(5);
        run.Json.GetProperty("status").GetString().Should().Be("paused");
        EventLines.Read(_wf.PathOf("events.json")).Select(happened => happened.Text("type")).Should().Contain("job.paused").And.NotContain("step.started");
    }

    [Theory]
    [InlineData("true", 0, true)]
    [InlineData("false", 1, false)]
    public async Task Run_OnPlainLines_Says100PercentOnlyAtSuccess(string command, int exitCode, bool isComplete)
    {
        var flow = _wf.File("two.json", $$"""{ "id": "two", "steps": [ { "id": "a", "type": "noop" }, { "id": "b", "type": "exec", "config": { "command": "{{command}}" }, "after": ["a"] } ] }""");

        var run = await _wf.RunAsync("run", flow);

        run.ExitCode.Should().Be(exitCode);
        run.Error.Contains("[100%]", StringComparison.Ordinal).Should().Be(isComplete);
        run.Error.Should().Contain("[ 50%] a completed");
    }

    [Theory]
    [InlineData("1h", true, 5, "waiting")]
    [InlineData("20ms", false, 1, "failed")]
    public async Task Run_OfAJobThatWaits_EndsWith5UntilIdleAndElseWaitsItOut(string delay, bool untilIdle, int exitCode, string status)
    {
        var flow = _wf.File("retry.json", $$"""{ "id": "retry", "steps": [ { "id": "a", "type": "exec", "config": { "command": "false" }, "retry": { "max_attempts": 2, "delay": "{{delay}}" } } ] }""");
        string[] arguments = ["run", flow, "--json", "--events", _wf.PathOf("events.json")];

        var run = await _wf.RunAsync(untilIdle ? [.. arguments, "--until-idle"] : arguments);

        (run.ExitCode, run.Json.Text("status")).Should().Be((exitCode, status));
        run.Json.GetProperty("steps")[0].GetProperty("attempts").GetInt32().Should().Be(untilIdle ? 1 : 2);
        var events = EventLines.Read(_wf.PathOf("events.json"));
        events.ShouldBeGapFree();
        events[^1].Text("type").Should().Be($"job.{status}");
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite:jobs.db")]
    public async Task Run_ThatIsInterruptedTwice_EndsAtOnce(string store)
    {
        var flow = _wf.File("slow.json", """{ "id": "slow", "steps": [ { "id": "quick", "type": "noop" }, { "id": "a", "type": "simulate", "config": { "duration": "1h" }, "after": ["quick"] } ] }""");
        var process = _wf.Start("run", flow, "--store", store);
        await Tool.UntilAsync(process, "quick completed");

        await Tool.SignalAsync(process, "INT");
        await Tool.SignalAsync(process, "INT");
        var run = await Tool.EndAsync(process);

        run.ExitCode.Should().BeOneOf(3, 130);
    }

    [Fact]
    public async Task Run_WithMaxConcurrency_RaisesTheDefaultLimitOfAJob()
    {
        var steps = string.Join(",", Enumerable.Range(0, 16).Select(number => $$"""{ "id": "s{{number}}", "type": "simulate", "config": { "duration": 0.5 } }"""));
        var flow = _wf.File("many.json", $$"""{ "id": "many", "steps": [ {{steps}} ] }""");

        await _wf.RunAsync("run", flow, "--quiet", "--events", _wf.PathOf("events.json"), "--max-concurrency", "16");

        MostAtOnce(EventLines.Read(_wf.PathOf("events.json"))).Should().Be(16);
    }

    [Fact]
    public async Task Run_WithMaxConcurrency1_RunsOneStepAtATime()
    {
        var steps = string.Join(",", Enumerable.Range(0, 5).Select(number => $$"""{ "id": "s{{number}}", "type": "simulate", "config": { "duration": "10ms" } }"""));
        var flow = _wf.File("many.json", $$"""{ "id": "many", "steps": [ {{steps}} ] }""");

        await _wf.RunAsync("run", flow, "--quiet", "--events", _wf.PathOf("events.json"), "--max-concurrency", "1");

        MostAtOnce(EventLines.Read(_wf.PathOf("events.json"))).Should().Be(1);
    }

    public void Dispose() => _wf.Dispose();

    private static int MostAtOnce(List<JsonElement> events)
    {
        var (running, most) = (0, 0);
        foreach (var happened in events)
        {
            running += happened.Text("type") switch { "step.started" => 1, "step.completed" => -1, _ => 0 };
            most = Math.Max(most, running);
        }

        return most;
    }
}
