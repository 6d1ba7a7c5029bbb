using Microsoft.Data.Sqlite;

namespace WorkflowEngine.Cli.Tests;

/// <summary><c>wf doctor</c> on a file that was damaged by hand; what it knows is tested beside the store.</summary>
public sealed class DoctorTests : IDisposable
{
    private const string Store = "sqlite:jobs.db";
    private const string Flow = """{ "id": "f", "steps": [ { "id": "a", "type": "noop" } ] }""";

    private readonly Tool _wf = new();

    [Fact]
    public async Task Doctor_OfADamagedStore_FindsThenRepairsThenFindsNothing()
    {
        var id = (await _wf.RunAsync("run", _wf.File("f.json", Flow), "--store", Store, "--detach")).Output.Trim();
        var before = await _wf.RunAsync("doctor", "--store", Store);
        Execute("update jobs set claimable = 0");
        Execute("insert into events (job_id, first_sequence, count, bytes) values (randomblob(16), 1, 1, x'00')");

        var found = await _wf.RunAsync("doctor", "--store", Store);
        var json = await _wf.RunAsync("doctor", "--store", Store, "--json");
        var fix = await _wf.RunAsync("doctor", "--store", Store, "--fix");
        var after = await _wf.RunAsync("doctor", "--store", Store, "--json");
        var worker = await _wf.RunAsync("worker", "--store", Store, "--drain");

        (before.ExitCode, found.ExitCode, json.ExitCode, fix.ExitCode, after.ExitCode, worker.ExitCode).Should().Be((0, 1, 1, 0, 0, 0));
        before.Error.Should().Contain("is healthy; 1 jobs");
        found.Output.Should().Contain("forgotten: 1").And.Contain(id).And.Contain("orphan_events: 1");
        found.Error.Should().Contain("--fix");
        json.Json.GetProperty("findings").EnumerateArray().Select(finding => finding.Text("code")).Should().BeEquivalentTo("forgotten", "orphan_events");
        fix.Output.Should().Contain("[repaired]");
        after.Json.GetProperty("healthy").GetBoolean().Should().BeTrue();
        (await _wf.RunAsync("jobs", "status", id, "--store", Store, "--json")).Json.Text("status").Should().Be("completed");
    }

    [Fact]
    public async Task Doctor_OfWhatCannotBeRepaired_EndsWith1AlsoAfterTheFix()
    {
        await _wf.RunAsync("run", _wf.File("f.json", Flow), "--store", Store, "--quiet");
        Execute("update jobs set data = '{'");

        var fix = await _wf.RunAsync("doctor", "--store", Store, "--fix");

        fix.ExitCode.Should().Be(1);
        fix.Output.Should().Contain("job_unreadable: 1").And.Contain("backup");
        fix.Error.Should().Contain("cannot be repaired").And.NotContain("   at ");
    }

    [Fact]
    public async Task Fix_BesideAWorker_IsRefused()
    {
        await _wf.RunAsync("migrate", "--store", Store);
        var worker = _wf.Start("worker", "--store", Store);
        await Tool.UntilAsync(worker, "runs the jobs");

        var look = await _wf.RunAsync("doctor", "--store", Store);
        var fix = await _wf.RunAsync("doctor", "--store", Store, "--fix");
        await Tool.SignalAsync(worker, "TERM");
        await Tool.EndAsync(worker);

        (look.ExitCode, fix.ExitCode).Should().Be((0, 4));
        fix.Error.Should().Contain("worker");
    }

    [Fact]
    public async Task Doctor_OfAnEmptyFile_SaysThatItIsToBeMigrated()
    {
        _wf.File("jobs.db", string.Empty);

        var look = await _wf.RunAsync("doctor", "--store", Store);

        look.ExitCode.Should().Be(4);
        look.Error.Should().Contain("wf migrate");
    }

    public void Dispose() => _wf.Dispose();

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_wf.PathOf("jobs.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
