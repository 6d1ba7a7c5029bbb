
namespace WorkflowEngine.Cli.Tests;

/// <summary>Jobs on a SQLite file, by processes of their own that are killed and follow one another.</summary>
public sealed class DurableRunTests : IDisposable
{
    private const string Flow = """
        { "id": "lines", "steps": [
          { "id": "a", "type": "exec", "config": { "command": "sh", "args": ["-c", "echo a >> lines.txt"] } },
          { "id": "b", "type": "exec", "config": { "command": "sh", "args": ["-c", "echo b >> lines.txt"] }, "after": ["a"] },
          { "id": "c", "type": "simulate", "config": { "duration": "2s" }, "after": ["b"] },
          { "id": "d", "type": "exec", "config": { "command": "sh", "args": ["-c", "echo d >> lines.txt"] }, "after": ["c"] } ], "output": "done" }
        """;

    private const string Store = "sqlite:jobs.db";

    private readonly Tool _wf = new();

    [Theory]
    [InlineData("KILL", 137)]
    [InlineData("INT", 130)]
    public async Task Run_ThatIsStoppedInTheMiddle_IsContinuedByTheSameCommandWithoutRepeatingFinishedSteps(string signal, int exitCode)
    {
        string[] command = ["run", _wf.File("lines.json", Flow), "--store", Store, "--key", "k"];
        var process = _wf.Start(command);
        await Tool.UntilAsync(process, "b completed");
        await Tool.SignalAsync(process, signal);
        var first = await Tool.EndAsync(process);
        var left = await _wf.RunAsync("jobs", "list", "--store", Store, "--json");

        var again = await _wf.RunAsync([.. command, "--json"]);

        (first.ExitCode, again.ExitCode).Should().Be((exitCode, 0));
        again.Json.Text("job_id").Should().Be(left.Json.GetProperty("items")[0].Text("job_id"));
        again.Json.Text("output").Should().Be("done");
        File.ReadAllLines(_wf.PathOf("lines.txt")).Should().Equal("a", "b", "d");
    }

    [Fact]
    public async Task Run_Detached_LeavesTheJobForAWorkerThatDrains()
    {
        var detached = await _wf.RunAsync("run", _wf.File("lines.json", Flow), "--store", Store, "--detach");
        var id = detached.Output.Trim();
        var paused = await _wf.RunAsync("jobs", "pause", id, "--store", Store, "--json");
        var resumed = await _wf.RunAsync("jobs", "resume", id, "--store", Store);
        var before = File.Exists(_wf.PathOf("lines.txt"));

        var worker = await _wf.RunAsync("worker", "--store", Store, "--drain");

        (detached.ExitCode, paused.ExitCode, resumed.ExitCode, worker.ExitCode).Should().Be((0, 0, 0, 0));
        paused.Json.Text("status").Should().Be("paused");
        before.Should().BeFalse("a process that only applies a command runs no step");
        var status = await _wf.RunAsync("jobs", "status", id, "--store", Store, "--json");
        status.Json.Text("status").Should().Be("completed");
        var refused = await _wf.RunAsync("jobs", "pause", id, "--store", Store);
        refused.ExitCode.Should().Be(7);
    }

    [Fact]
    public async Task Run_BesideAWorker_IsAClientAndTakesOverWhenTheWorkerDies()
    {
        string[] command = ["run", _wf.File("lines.json", Flow), "--store", Store, "--key", "k"];
        var worker = _wf.Start(command);
        await Tool.UntilAsync(worker, "b completed");
        var client = _wf.Start(command);
        await Tool.UntilAsync(client, "b completed");

        await Tool.SignalAsync(worker, "KILL");
        await Tool.EndAsync(worker);
        var run = await Tool.EndAsync(client);

        run.ExitCode.Should().Be(0);
        File.ReadAllLines(_wf.PathOf("lines.txt")).Should().Equal("a", "b", "d");
    }

    [Theory]
    [InlineData(6, "jobs", "status", "0195e0d4-0000-7000-8000-000000000000", "--store", "sqlite:there.db")]
    [InlineData(6, "start", "nothing", "--store", "sqlite:there.db")]
    [InlineData(4, "jobs", "list", "--store", "sqlite:missing.db")]
    [InlineData(4, "migrate", "--store", "sqlite:no/such/folder.db")]
    [InlineData(2, "jobs", "list", "--store", "memory")]
    public async Task Wf_OnAStore_EndsWithTheCodeOfWhatIsWrong(int exitCode, params string[] arguments)
    {
        await _wf.RunAsync("migrate", "--store", "sqlite:there.db");

        var run = await _wf.RunAsync(arguments);

        run.ExitCode.Should().Be(exitCode);
        run.Error.Should().StartWith("wf: ").And.NotContain("   at ");
    }

    public void Dispose() => _wf.Dispose();
}
