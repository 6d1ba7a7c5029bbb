namespace WorkflowEngine.Cli.Tests;

public sealed class UsageTests : IDisposable
{
    private readonly Tool _wf = new();

    public static TheoryData<string, string[]> Mistakes => new()
    {
        { "nosuch.json", ["run", "nosuch.json"] },
        { "frobnicate", ["frobnicate"] },
        { "--frobnicate", ["run", "good.json", "--frobnicate"] },
        { "postgres", ["bench", "--store", "postgres://me@host/db"] },
        { "is a folder", ["jobs", "list", "--store", "sqlite:."] },
        { "Key", ["run", "good.json", "--key", ""] },
        { "durable store", ["run", "good.json", "--detach"] },
        { "YAML", ["run", "good.yaml"] },
        { "at least 1", ["run", "good.json", "--max-concurrency", "0"] },
        { "neither JSON nor a file", ["run", "good.json", "--input", "nosuch"] },
        { "JSON", ["run", "good.json", "--input", "{ \"a\": "] },
        { "no number", ["run", "good.json", "--var", "count=many"] },
        { "Did you mean 'count'?", ["run", "good.json", "--var", "cuont=2"] },
        { "write k=v", ["run", "good.json", "--var", "count"] },
        { "not JSON", ["run", "good.json", "--var", "count:=many"] },
        { "svg", ["show", "good.json", "--format", "svg"] },
        { "no WfCommons instance", ["import", "wfcommons", "good.json"] },
        { "--time-scale", ["import", "wfcommons", "good.json", "--time-scale", "-1"] },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Wf_UsedWrongly_EndsWith2AndOneClearMessage(string word, string[] arguments)
    {
        _wf.File("good.json", """{ "id": "good", "variables": { "count": 1 }, "steps": [ { "id": "a", "type": "noop" } ] }""");
        _wf.File("good.yaml", "id: good");

        var run = await _wf.RunAsync(arguments);

        run.ExitCode.Should().Be(2);
        run.Error.Should().Contain(word).And.NotContain("   at ");
        run.Output.Should().BeEmpty();
    }

    [Fact]
    public async Task Run_WithAnotherStoreInTheEnvironment_SaysWhereItComesFrom()
    {
        _wf.File("good.json", """{ "id": "good", "steps": [ { "id": "a", "type": "noop" } ] }""");

        var run = await Tool.EndAsync(_wf.Start(new Dictionary<string, string> { ["WF_STORE"] = "redis:x" }, "run", "good.json"));
        var over = await Tool.EndAsync(_wf.Start(new Dictionary<string, string> { ["WF_STORE"] = "redis:x" }, "run", "good.json", "--store", "memory"));

        (run.ExitCode, over.ExitCode).Should().Be((2, 0));
        run.Error.Should().Contain("WF_STORE");
    }

    [Fact]
    public async Task Validate_OfABadFlow_ReportsEveryProblemAtOnce()
    {
        var flow = _wf.File("bad.json", """{ "id": "bad", "stepz": 1, "steps": [ { "id": "a", "type": "nop" }, { "id": "a", "type": "log" }, { "id": "c", "type": "log", "after": ["x"], "timeout": "soon" } ] }""");

        var text = await _wf.RunAsync("validate", flow);
        var json = await _wf.RunAsync("validate", flow, "--json");
        var run = await _wf.RunAsync("run", flow, "--json");

        (text.ExitCode, json.ExitCode, run.ExitCode).Should().Be((2, 2, 2));
        string[] codes = ["unknown_member", "unknown_type", "duplicate_step_id", "unknown_predecessor"];
        codes.Should().OnlyContain(code => text.Error.Contains(code));
        codes.Should().OnlyContain(code => run.Error.Contains(code));
        json.Json.GetProperty("diagnostics").EnumerateArray().Select(problem => problem.Text("code")).Should().Contain(codes).And.HaveCountGreaterThanOrEqualTo(5);
        json.Json.GetProperty("valid").GetBoolean().Should().BeFalse();
        run.Json.Text("code").Should().Be("invalid_flow");
        run.Json.GetProperty("diagnostics").EnumerateArray().Select(problem => problem.Text("code")).Should().Contain(codes);
    }

    [Theory]
    [InlineData("invalid_arguments", 2, "run", "nosuch.json", "--json")]
    [InlineData("invalid_arguments", 2, "run", "--json", "--frobnicate")]
    [InlineData("store_unavailable", 4, "jobs", "list", "--store", "sqlite:missing.db", "--json")]
    public async Task Wf_WithJsonThatCannotAnswer_PrintsTheErrorAsOneDocument(string code, int exitCode, params string[] arguments)
    {
        var run = await _wf.RunAsync(arguments);

        (run.ExitCode, run.Json.Text("code")).Should().Be((exitCode, code));
        run.Json.Text("message").Should().NotBeNullOrEmpty();
    }

    [Fact]
    public async Task Run_WhereStderrCannotBeWritten_RunsAllTheSame()
    {
        var flow = _wf.File("good.json", """{ "id": "good", "steps": [ { "id": "a", "type": "log", "config": { "message": "hello" } } ], "output": 7 }""");
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("bash", ["-c", $"dotnet '{Tool.Assembly}' run '{flow}' 2>/dev/full"]) { RedirectStandardOutput = true, UseShellExecute = false })!;

        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();

        (shell.ExitCode, output.Trim()).Should().Be((0, "7"));
    }

    [Fact]
    public async Task Validate_OfAGoodFlow_EndsWith0()
    {
        var run = await _wf.RunAsync("validate", _wf.File("good.json", """{ "id": "good", "steps": [ { "id": "a", "type": "exec", "config": { "command": "true" } } ] }"""), "--json");

        run.ExitCode.Should().Be(0);
        run.Json.GetProperty("valid").GetBoolean().Should().BeTrue();
    }

    [Fact]
    public async Task Show_DrawsEveryStepAndEdge()
    {
        var flow = _wf.File("good.json", """{ "id": "good", "steps": [ { "id": "a", "type": "noop" }, { "id": "end", "type": "noop", "after": [ { "step": "a", "port": "failed" } ] } ] }""");

        var mermaid = await _wf.RunAsync("show", flow, "--format", "mermaid");
        var text = await _wf.RunAsync("show", flow);

        mermaid.Output.Should().StartWith("flowchart TD\n").And.Contain("s0 -->|\"failed\"| s1");
        text.Output.Should().Contain("end (noop) <- a [failed]");
    }

    [Theory]
    [InlineData("chain", 5)]
    [InlineData("fan", 102)]
    [InlineData("wide", 5002)]
    public async Task Bench_OfAShape_ReportsItsFigures(string shape, int steps)
    {
        var run = await _wf.RunAsync("bench", "--shape", shape, "--jobs", "4", "--json");

        run.ExitCode.Should().Be(0);
        run.Json.GetProperty("steps_per_job").GetInt32().Should().Be(steps);
        string[] rates = ["steps_per_second", "jobs_per_second", "ceiling_per_second", "ratio", "latency_p50_milliseconds", "latency_p99_milliseconds", "allocated_bytes_per_step"];
        rates.Should().OnlyContain(name => run.Json.GetProperty(name).GetDouble() > 0);
    }

    public void Dispose() => _wf.Dispose();
}
