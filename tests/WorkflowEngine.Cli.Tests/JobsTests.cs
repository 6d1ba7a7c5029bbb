using System.Diagnostics;

namespace WorkflowEngine.Cli.Tests;

/// <summary><c>wf jobs …</c> on a SQLite file: each verb, by processes of their own.</summary>
public sealed class JobsTests : IDisposable
{
    private const string Store = "sqlite:jobs.db";

    private const string Fragile = """
        { "id": "fragile", "variables": { "who": "kim" }, "steps": [
          { "id": "check", "type": "exec", "config": { "command": "test", "args": ["-f", "ready"] } },
          { "id": "tell", "type": "exec", "config": { "command": "sh", "args": ["-c", "echo told >> told.txt"] }, "after": ["check"] } ], "output": { "who": "{{ variables.who }}" } }
        """;

    private readonly Tool _wf = new();

    [Fact]
    public async Task Failures_OfAStore_AreGroupedAndTheirLineRetriesThemWhenPasted()
    {
        await StartAsync(3);
        var drained = await _wf.RunAsync("worker", "--store", Store, "--drain", "--name", "w1", "--lease", "20s", "--max-concurrency", "2");

        var failures = await _wf.RunAsync("jobs", "failures", "--store", Store, "--since", "24h", "--json");
        var text = await _wf.RunAsync("jobs", "failures", "--store", Store);
        var none = await _wf.RunAsync("jobs", "failures", "--store", Store, "--since", "2999-01-01", "--json");

        (drained.ExitCode, failures.ExitCode).Should().Be((0, 0));
        var group = failures.Json.GetProperty("items").EnumerateArray().Should().ContainSingle().Subject;
        (group.Text("flow_id"), group.Text("step"), group.Text("reason"), group.GetProperty("count").GetInt32()).Should().Be(("fragile", "check", "exit_code", 3));
        text.Output.Should().Contain("fragile  check  exit_code").And.Contain("wf jobs retry --status failed --flow fragile");
        none.Json.GetProperty("items").GetArrayLength().Should().Be(0);

        _wf.File("ready", string.Empty);
        await PasteAsync(group.Text("retry")!);
        await _wf.RunAsync("worker", "--store", Store, "--drain");
        File.ReadAllLines(_wf.PathOf("told.txt")).Should().HaveCount(3);
    }

    [Fact]
    public async Task Bulk_OnAFilter_SaysWhatItMatchedAppliedAndWasRefused()
    {
        await StartAsync(3);

        (await BulkAsync("pause", "--status", "pending", "--dry-run")).Should().Be((0, "3 0 0"));
        (await BulkAsync("pause", "--flow", "fragile")).Should().Be((0, "3 3 0"));
        (await BulkAsync("resume", "--status", "paused", "--rate", "50/s")).Should().Be((0, "3 3 0"));
        (await BulkAsync("cancel", "--flow", "other")).Should().Be((0, "0 0 0"));
        (await BulkAsync("cancel", "--flow", "fragile", "--since", "2h")).Should().Be((0, "3 3 0"));
        (await BulkAsync("pause", "--status", "cancelled")).Should().Be((7, "3 0 3"));
    }

    [Fact]
    public async Task Controls_OfOneJob_EachDoTheirPart()
    {
        var id = (await StartAsync(1))[0];
        var ran = await _wf.RunAsync("jobs", "run-step", id, "check", "--store", Store, "--json");
        var skipped = await _wf.RunAsync("jobs", "skip", id, "check", "--store", Store, "--note", "not today");
        var signalled = await _wf.RunAsync("jobs", "signal", id, "later", "{\"n\":1}", "--store", Store);
        await _wf.RunAsync("worker", "--store", Store, "--drain");
        var output = await _wf.RunAsync("jobs", "output", id, "--store", Store);
        var variables = await _wf.RunAsync("jobs", "variables", id, "--store", Store, "--json");
        var explained = await _wf.RunAsync("jobs", "explain", id, "--store", Store);
        var events = await _wf.RunAsync("jobs", "events", id, "--store", Store, "--json");

        ran.ExitCode.Should().Be(0);
        ran.Json.GetProperty("steps")[0].Text("status").Should().Be("failed");
        (skipped.ExitCode, signalled.ExitCode).Should().Be((0, 0));
        output.Json.Text("who").Should().Be("kim");
        variables.Json.GetProperty("who").Text("value").Should().Be("kim");
        explained.ExitCode.Should().Be(0);
        var happened = events.Json.GetProperty("items").EnumerateArray().ToList();
        happened.ShouldBeGapFree();
        happened.Where(one => one.Text("type") == "command.applied").Should().HaveCount(3).And.OnlyContain(one => one.Text("actor") == Environment.UserName);
        File.ReadAllLines(_wf.PathOf("told.txt")).Should().Equal("told");
    }

    [Fact]
    public async Task Endings_OfOneJob_AreCancelFailRetryAndRerun()
    {
        var ids = await StartAsync(2);
        var cancelled = await _wf.RunAsync("jobs", "cancel", ids[0], "--store", Store, "--json");
        var failed = await _wf.RunAsync("jobs", "fail", ids[1], "broken_pipe", "It leaks.", "--store", Store, "--json");
        var refused = await _wf.RunAsync("jobs", "resume", ids[0], "--store", Store, "--json");
        var retried = await _wf.RunAsync("jobs", "retry", ids[1], "--store", Store, "--json");
        var rerun = await _wf.RunAsync("jobs", "rerun", ids[0], "--store", Store);
        _wf.File("ready", string.Empty);
        await _wf.RunAsync("worker", "--store", Store, "--drain");
        var watched = await Task.WhenAll(_wf.RunAsync("jobs", "watch", ids[0], "--store", Store), _wf.RunAsync("jobs", "watch", ids[1], "--store", Store), _wf.RunAsync("jobs", "watch", rerun.Output.Trim(), "--store", Store, "--json"));

        cancelled.Json.Text("status").Should().Be("cancelled");
        (failed.Json.Text("status"), failed.Json.Text("reason"), failed.Json.Text("message")).Should().Be(("failed", "broken_pipe", "It leaks."));
        (refused.ExitCode, refused.Json.Text("code")).Should().Be((7, "invalid_transition"));
        (retried.ExitCode, rerun.ExitCode).Should().Be((0, 0));
        watched.Select(watch => watch.ExitCode).Should().Equal(3, 0, 0);
        watched[2].Json.Text("status").Should().Be("completed");
    }

    [Fact]
    public async Task Checkpoint_ThenRestore_BringsTheJobBack()
    {
        var id = (await StartAsync(1))[0];
        var made = await _wf.RunAsync("jobs", "checkpoint", id, "before it fails", "--store", Store);
        await _wf.RunAsync("worker", "--store", Store, "--drain");
        var listed = await _wf.RunAsync("jobs", "checkpoints", id, "--store", Store, "--json");
        var unknown = await _wf.RunAsync("jobs", "restore", id, "nothing", "--store", Store);
        var nameless = await _wf.RunAsync("jobs", "signal", id, string.Empty, "--store", Store);
        _wf.File("ready", string.Empty);

        var restored = await _wf.RunAsync("jobs", "restore", id, made.Output.Trim(), "--store", Store, "--json");
        await _wf.RunAsync("worker", "--store", Store, "--drain");
        var after = await _wf.RunAsync("jobs", "status", id, "--store", Store, "--json");
        var final = await _wf.RunAsync("jobs", "restore", id, made.Output.Trim(), "--store", Store);

        var checkpoint = listed.Json.GetProperty("items").EnumerateArray().Should().ContainSingle().Subject;
        (checkpoint.Text("id"), checkpoint.Text("description")).Should().Be((made.Output.Trim(), "before it fails"));
        (unknown.ExitCode, nameless.ExitCode, restored.ExitCode, final.ExitCode).Should().Be((6, 2, 0, 7));
        after.Json.Text("status").Should().Be("completed");
    }

    [Fact]
    public async Task Export_ThenImportElsewhere_GoesOnThere()
    {
        const string Other = "sqlite:other.db";
        var id = (await StartAsync(1))[0];
        await _wf.RunAsync("run", _wf.PathOf("fragile.json"), "--store", Other, "--quiet");
        var export = await _wf.RunAsync("jobs", "export", id, "--store", Store);
        var file = _wf.File("job.json", export.Output);
        _wf.File("ready", string.Empty);

        var import = await _wf.RunAsync("jobs", "import", file, "--store", Other);
        var again = await _wf.RunAsync("jobs", "import", file, "--store", Other);
        var bad = await _wf.RunAsync("jobs", "import", _wf.PathOf("fragile.json"), "--store", Other);
        await _wf.RunAsync("worker", "--store", Other, "--drain");

        (export.ExitCode, import.ExitCode, again.ExitCode, bad.ExitCode).Should().Be((0, 0, 7, 2));
        import.Output.Trim().Should().Be(id);
        (await _wf.RunAsync("jobs", "status", id, "--store", Other, "--json")).Json.Text("status").Should().Be("completed");
    }

    [Fact]
    public async Task Watch_OfAJobThatRunsElsewhere_FollowsItToItsEnd()
    {
        var id = (await StartAsync(1))[0];
        var watch = _wf.Start("jobs", "watch", id, "--store", Store);
        await Tool.UntilAsync(watch, "of flow fragile");

        var worker = await _wf.RunAsync("worker", "--store", Store, "--drain");
        var watched = await Tool.EndAsync(watch);

        (worker.ExitCode, watched.ExitCode).Should().Be((0, 1));
        watched.Error.Should().Contain("check failed").And.Contain("exit_code");
    }

    [Fact]
    public async Task List_WithALimitAndFilters_GivesPagesByCursor()
    {
        var ids = await StartAsync(3);

        var first = await _wf.RunAsync("jobs", "list", "--store", Store, "--limit", "2", "--status", "pending,running", "--flow", "fragile", "--json");
        var second = await _wf.RunAsync("jobs", "list", "--store", Store, "--limit", "2", "--after", first.Json.Text("next")!, "--json");
        var byKey = await _wf.RunAsync("jobs", "list", "--store", Store, "--key", "k1", "--since", "1h", "--json");
        var none = await _wf.RunAsync("jobs", "list", "--store", Store, "--until", "1h", "--label", "x", "--tenant", "t", "--reason", "r", "--flow-version", "v", "--failed-step", "s", "--json");

        IdsOf(first).Concat(IdsOf(second)).Should().Equal(Enumerable.Reverse(ids));
        second.Json.GetProperty("next").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        IdsOf(byKey).Should().Equal(ids[1]);
        IdsOf(none).Should().BeEmpty();
    }

    [Theory]
    [InlineData("name a job", "jobs", "cancel")]
    [InlineData("exclude each other", "jobs", "cancel", "x", "--status", "failed")]
    [InlineData("--dry-run", "jobs", "cancel", "x", "--dry-run")]
    [InlineData("no rate", "jobs", "retry", "--status", "failed", "--rate", "fast")]
    [InlineData("no status 'broken'", "jobs", "list", "--status", "broken")]
    [InlineData("neither a duration nor a time", "jobs", "failures", "--since", "yesterday-ish")]
    [InlineData("no cursor", "jobs", "list", "--after", "1")]
    [InlineData("no lease", "worker", "--lease", "soon")]
    [InlineData("LeaseDuration", "worker", "--lease", "1ms")]
    public async Task Jobs_UsedWrongly_EndWith2AndSayWhatIsMeant(string word, params string[] arguments)
    {
        await _wf.RunAsync("migrate", "--store", Store);

        var run = await _wf.RunAsync([.. arguments, "--store", Store]);

        run.ExitCode.Should().Be(2);
        run.Error.Should().Contain(word).And.NotContain("   at ");
    }

    public void Dispose() => _wf.Dispose();

    private async Task<List<string>> StartAsync(int jobs)
    {
        var ids = new List<string>();
        for (var number = 0; number < jobs; number++)
        {
            var run = await _wf.RunAsync("run", _wf.File("fragile.json", Fragile), "--store", Store, "--detach", "--key", $"k{number}");
            ids.Add(run.Output.Trim());
        }

        return ids;
    }

    private async Task<(int ExitCode, string Figures)> BulkAsync(params string[] arguments)
    {
        var run = await _wf.RunAsync(["jobs", .. arguments, "--store", Store, "--json"]);
        return (run.ExitCode, $"{run.Json.GetProperty("matched")} {run.Json.GetProperty("applied")} {run.Json.GetProperty("refused")}");
    }

    /// <summary>The line as a person would paste it into a shell.</summary>
    private async Task PasteAsync(string line)
    {
        var start = new ProcessStartInfo("bash") { WorkingDirectory = _wf.Folder };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"wf() {{ dotnet '{Tool.Assembly}' \"$@\"; }}; {line}");
        using var shell = Process.Start(start)!;
        await shell.WaitForExitAsync();
        shell.ExitCode.Should().Be(0);
    }

    private static IEnumerable<string?> IdsOf(ToolRun run) => run.Json.GetProperty("items").EnumerateArray().Select(job => job.Text("job_id"));
}
