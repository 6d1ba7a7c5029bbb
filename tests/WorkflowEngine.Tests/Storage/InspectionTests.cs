using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Storage;

/// <summary>A store is damaged in every way that the inspection knows: it is found, and what can be repaired is.</summary>
public sealed class InspectionTests : IDisposable
{
    private const string Large = "a text that is larger than the limit of inline packets";

    private readonly SqliteFolder _folder = new();

    /// <summary>The damage as SQL; what is found; and whether it can be repaired without losing data.</summary>
    public static TheoryData<string, string, bool> Damages => new()
    {
        { "update jobs set owner = randomblob(16) where status >= 4", "unknown_owner", true },
        { "update jobs set owner = randomblob(16), claimable = 0 where status < 4", "unknown_owner", true },
        { "update jobs set claimable = 1 where status >= 4", "ended_but_claimable", true },
        { "update jobs set claimable = 0 where status < 4", "forgotten", true },
        { "insert into steps (job_id, position, path, status, no_items, attempt, started_at, completed_at) values (randomblob(16), 0, 'a', 4, 0, 1, 1, 1)", "orphan_steps", true },
        { "insert into events (job_id, first_sequence, count, bytes) values (randomblob(16), 1, 1, x'00')", "orphan_events", true },
        { "insert into checkpoints (job_id, id, created_at, status, percentage, body) values (randomblob(16), 'c', 1, 1, 0, '{}')", "orphan_checkpoints", true },
        { "insert into inbox (job_id, id, position, body) values (randomblob(16), randomblob(16), 1, '{}')", "orphan_mail", true },
        { "update steps set status = 3 where path = 'a'", "open_step", false },
        { "update steps set path = 'elsewhere' where path = 'a'", "unknown_step", false },
        { "update steps set position = 7 where path = 'a'", "unknown_step", false },
        { "update steps set status = 77 where path = 'a'", "unknown_status", false },
        { "update jobs set status = 77 where status = 6", "unknown_status", false },
        { "update jobs set version = 0", "bad_version", false },
        { "update jobs set completed_at = 0 where status >= 4", "end_without_time", false },
        { "update jobs set percentage = 100 where status = 6", "bad_progress", false },
        { "update jobs set sequence = sequence + 3", "event_gap", false },
        { "delete from events where first_sequence = 1", "event_gap", false },
        { "update steps set detail = '{', output = '{'", "job_unreadable", false },
        { "update jobs set data = '\"' where status = 6", "job_unreadable", false },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Inspect_OfADamagedFile_FindsItAndRepairsWhatLosesNothing(string sql, string code, bool isRepairable)
    {
        await MakeAsync();
        (await InspectAsync(repairs: false)).Should().BeEmpty("it is healthy before");

        Execute(sql);

        (await InspectAsync(repairs: false)).Should().Contain(finding => finding.Code == code && !finding.IsRepaired).And.OnlyContain(finding => finding.Message.Length > 0);
        (await InspectAsync(repairs: true)).Where(finding => finding.Code == code).Should().NotBeEmpty().And.OnlyContain(finding => finding.IsRepaired == isRepairable && (finding.IsRepaired || finding.Advice != null));
        (await InspectAsync(repairs: false)).Any(finding => finding.Code == code).Should().Be(!isRepairable);
    }

    [Fact]
    public async Task Inspect_OfAnIndexThatLacksRows_BuildsItAnew()
    {
        await MakeAsync();
        Execute("create table hidden as select * from jobs; pragma writable_schema = 1; update sqlite_master set sql = replace(sql, 'status < 4', 'status < 9') where name = 'jobs_active'");

        (await InspectAsync(repairs: false)).Should().Contain(finding => finding.Code == "file_damaged");
        (await InspectAsync(repairs: true)).Should().Contain(finding => finding.Code == "file_damaged" && finding.IsRepaired);
        (await InspectAsync(repairs: false)).Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Inspect_OfAPacketThatIsMissingOrDamaged_NamesTheJob(bool isMissing)
    {
        var failed = await MakeAsync();
        var file = Directory.GetFiles(Path.Combine(_folder.Folder, "packets", "flow", failed.ToString())).First();
        if (isMissing)
        {
            File.Delete(file);
        }
        else
        {
            File.AppendAllText(file, "more");
        }

        (await InspectAsync(repairs: true)).Should().ContainSingle().Which.Should().Match<StoreFinding>(finding => finding.Code == "bad_packet" && finding.Job == failed && !finding.IsRepaired);
    }

    [Fact]
    public async Task Inspect_OfPacketsOfNoJob_RemovesThemOnceTheyAreOldEnough()
    {
        await MakeAsync();
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Folder, "packets", "flow", "0195e0d4-0000-7000-8000-000000000000")).FullName;
        File.WriteAllText(Path.Combine(folder, "0195e0d4-0000-7000-8000-000000000001.json"), "[]");

        (await InspectAsync(repairs: true)).Should().BeEmpty("its job's first commit may be still to come");
        Directory.SetLastWriteTimeUtc(folder, DateTime.UnixEpoch);
        (await InspectAsync(repairs: false)).Should().ContainSingle().Which.Code.Should().Be("orphan_packets");
        Directory.Exists(folder).Should().BeTrue();
        (await InspectAsync(repairs: true)).Should().ContainSingle().Which.IsRepaired.Should().BeTrue();
        Directory.Exists(folder).Should().BeFalse();
    }

    [Fact]
    public async Task Inspect_OfAJobWhoseFlowNobodyHas_OnlyNotesIt()
    {
        await MakeAsync();

        (await InspectAsync(repairs: false, flowOf: (_, _) => null)).Should().ContainSingle().Which.Should().Match<StoreFinding>(finding => finding.Code == "unknown_flow" && finding.IsNote);
    }

    [Fact]
    public async Task Repair_BesideAWorker_IsRefusedAndALookIsNot()
    {
        await MakeAsync();
        await using var host = await TestHost.StartAsync(Configure);
        Execute("insert into events (job_id, first_sequence, count, bytes) values (randomblob(16), 1, 1, x'00')");

        var repair = () => InspectAsync(repairs: true);

        (await repair.Should().ThrowAsync<StoreException>()).WithMessage("*worker*");
        (await InspectAsync(repairs: false)).Should().Contain(finding => finding.Code == "orphan_events");
    }

    [Fact]
    public async Task Forgotten_Job_RunsAfterTheRepair()
    {
        await MakeAsync();
        Execute("update jobs set claimable = 0");

        await InspectAsync(repairs: true);

        await using var host = await TestHost.StartAsync(Configure, options => options.PollInterval = TimeSpan.FromMilliseconds(20));
        var job = await host.Engine.FindJobAsync("flow", "waits");
        (await job!.WaitAsync()).Status.Should().Be(JobStatus.Completed);
    }

    public void Dispose() => _folder.Dispose();

    private static SqliteConnection Connect(string file)
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        return connection;
    }

    private void Execute(string sql)
    {
        using var connection = Connect(_folder.File);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private void Configure(IWorkflowEngineBuilder engine) => engine
        .AddStep("body", payload => payload.Data.Count > 0 ? StepResult.Completed(DataPacket.Of(Large)) : StepResult.Completed())
        .AddStep("strict", payload => payload.Data.Count > 0 ? StepResult.Fail("no", "No.") : StepResult.Completed())
        .AddFlow("flow", flow => flow.Start("a", "body").Then("b", "strict"))
        .UseSqlite($"Data Source={_folder.File}")
        .UseFilePackets(Path.Combine(_folder.Folder, "packets"));

    /// <summary>One job that completed, one that failed and left a large packet, and one that nobody has claimed.</summary>
    private async Task<JobId> MakeAsync()
    {
        JobId failed;
        await using (var host = await TestHost.StartAsync(Configure, options => options.InlinePacketBytes = 16))
        {
            (await host.Engine.RunAsync("flow")).Status.Should().Be(JobStatus.Completed);
            var result = await host.Engine.RunAsync("flow", DataPacket.Of(1));
            result.Status.Should().Be(JobStatus.Failed);
            failed = result.Id;
        }

        await using var client = TestHost.Build(Configure);
        await client.Engine.StartAsync("flow", options: new JobOptions { Key = "waits" });
        return failed;
    }

    private async Task<List<StoreFinding>> InspectAsync(bool repairs, Func<string, string, CompiledFlow?>? flowOf = null)
    {
        await using var client = TestHost.Build(Configure);
        var inspection = new StoreInspection(client.Node.Store, client.Node.Packets, flowOf ?? ((flow, version) => client.Node.FindFlow(flow, version)?.Flow));
        var findings = new List<StoreFinding>();
        await foreach (var finding in inspection.InspectAsync(repairs, TimeSpan.FromDays(1), default))
        {
            findings.Add(finding);
        }

        return findings;
    }
}
