using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using WorkflowEngine.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Storage;

/// <summary>What the SQLite store says when its file is not as it should be, and who may work on it (G5).</summary>
public sealed class SqliteFileTests : IDisposable
{
    private static readonly Guid One = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Two = new("00000000-0000-0000-0000-000000000002");
    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_InMissingFolder_NamesTheFolder()
    {
        var open = () => new SqliteStore(new SqliteStoreOptions { ConnectionString = $"Data Source={_folder.Folder}/none/w.db" }, TimeProvider.System);

        open.Should().Throw<StoreException>().WithMessage($"*{_folder.Folder}/none*").Which.Problem.Should().Be(StoreProblem.Missing);
    }

    [Theory]
    [InlineData("Data Source=:memory:")]
    [InlineData("Data Source=")]
    [InlineData("Mode=Memory;Data Source=x")]
    public void Open_WithoutFile_IsRefused(string connection)
    {
        var open = () => new SqliteStore(new SqliteStoreOptions { ConnectionString = connection }, TimeProvider.System);

        open.Should().Throw<StoreException>().WithMessage("*needs a file*");
    }

    [Fact]
    public void Open_OfSomethingElse_SaysThatItIsNoDatabase()
    {
        File.WriteAllText(_folder.File, new string('x', 20_000));

        Opening().Should().Throw<StoreException>().WithMessage($"*{_folder.File} is damaged or no database*").Which.Problem.Should().Be(StoreProblem.Damaged);
        File.ReadAllText(_folder.File).Should().Be(new string('x', 20_000), "a file that is not ours is left alone");
    }

    [Fact]
    public async Task Open_WithDamagedHeader_SaysSo()
    {
        await MakeAsync();
        await using (var file = File.OpenWrite(_folder.File))
        {
            file.Write("SQLite fermat 3"u8);
        }

        Opening().Should().Throw<StoreException>().WithMessage("*damaged or no database*");
    }

    [Fact]
    public async Task Read_OfDamagedPages_IsAStoreErrorAndNeverWrongData()
    {
        await MakeAsync();
        await using (var file = File.OpenWrite(_folder.File))
        {
            file.Position = 100;
            file.Write(new byte[file.Length - 100]);
        }

        Opening().Should().Throw<StoreException>();
    }

    [Fact]
    public void Open_OfAnotherProgramsDatabase_IsRefused()
    {
        Execute("create table theirs (x)");

        Opening().Should().Throw<StoreException>().WithMessage("*belongs to something else*").Which.Problem.Should().Be(StoreProblem.Foreign);
    }

    [Fact]
    public async Task Open_OfNewerSchema_NamesBothVersions()
    {
        await MakeAsync();
        Execute("pragma user_version = 99");

        Opening().Should().Throw<StoreException>().WithMessage("*schema 99, newer than*newer version of WorkflowEngine*").Which.Problem.Should().Be(StoreProblem.NewerSchema);
    }

    [Fact]
    public async Task Open_WithoutAutoMigrate_NeedsTheSchemaThere()
    {
        var open = () => _folder.Open(autoMigrate: false);
        open.Should().Throw<StoreException>().WithMessage("*wf migrate*");
        File.Exists(_folder.File).Should().BeFalse("nothing is made by asking");
        File.WriteAllBytes(_folder.File, []);
        open.Should().Throw<StoreException>().WithMessage("*is empty*wf migrate*");

        await MakeAsync();

        await using var store = open();
    }

    [Fact]
    public async Task Commit_WhileAnotherHoldsTheFile_IsATransientErrorAndGoesOnAfter()
    {
        await using var store = _folder.Open(more: "Default Timeout=1");
        await using (var other = Connect())
        {
            SqliteFile.Execute(other, "begin immediate");
            var send = async () => await store.SaveDefinitionsAsync([new StoredDefinition("flow", "a", "1")], default);
            (await send.Should().ThrowAsync<StoreException>().WithMessage($"*{_folder.File} is locked*")).Which.Should().Match<StoreException>(error => error.IsTransient && error.Problem == StoreProblem.Locked);
            SqliteFile.Execute(other, "rollback");
        }

        await store.SaveDefinitionsAsync([new StoredDefinition("flow", "a", "1")], default);
    }

    [Fact]
    public async Task Packets_WithoutAFolderOfTheirOwn_LieBesideTheFileThatALinkNames()
    {
        await MakeAsync();
        File.CreateSymbolicLink(_folder.File + "-link", _folder.File);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddWorkflowEngine()
            .UseSqlite($"Data Source={_folder.File}-link")
            .AddStep("large", payload => DataPacket.Of(new string('x', 100_000)))
            .AddFlow("large", flow => flow.Start("a", "large"));
        using var host = builder.Build();
        await host.StartAsync();

        (await host.Services.GetRequiredService<IWorkflowEngine>().RunAsync("large")).Succeeded.Should().BeTrue();

        await host.StopAsync();
        Directory.GetFiles(_folder.File + "-packets", "*.json", SearchOption.AllDirectories).Should().ContainSingle();
    }

    [Fact]
    public async Task Open_WhileAnotherProcessWrites_NeedsNoLock()
    {
        await MakeAsync();
        using var writer = new SqliteConnection($"Data Source={_folder.File};Pooling=False");
        writer.Open();
        using var writing = writer.BeginTransaction(deferred: false);

        await using var store = _folder.Open(more: "Default Timeout=1");

        (await store.ListAsync(new JobQuery(), default)).Jobs.Should().NotBeEmpty();
    }

    [Fact]
    public async Task Renew_BySecondWorker_IsRefusedUntilTheFirstStops()
    {
        await using var first = _folder.Open();
        await using var second = _folder.Open();
        await BeatAsync(first, One);

        var renew = async () => await BeatAsync(second, Two);

        (await renew.Should().ThrowAsync<StoreException>().WithMessage($"*Another process is the worker of {_folder.File} (node node)*RunJobs = false*")).Which.Problem.Should().Be(StoreProblem.WorkerElsewhere);
        await BeatAsync(first, One, stopping: true);
        await renew.Should().NotThrowAsync();
    }

    [Fact]
    public async Task Renew_AfterTheWorkerWasKilled_IsAcceptedAtOnceAndFreesItsJobs()
    {
        await MakeAsync(owner: One);
        using var victim = Process.Start(new ProcessStartInfo("sh", ["-c", $"exec 9>>'{_folder.File}-worker.lock'; flock -x 9; echo locked; exec sleep 600"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        try
        {
            (await victim.StandardOutput.ReadLineAsync()).Should().Be("locked");
            await using var store = _folder.Open();
            var renew = async () => await BeatAsync(store, Two);
            await renew.Should().ThrowAsync<StoreException>("the other process is alive");

            victim.Kill();
            await victim.WaitForExitAsync();

            await renew.Should().NotThrowAsync();
            (await ClaimAsync(store, Two)).Jobs.Should().ContainSingle().Which.Epoch.Should().Be(2);
        }
        finally
        {
            victim.Kill();
        }
    }

    [Fact]
    public async Task Hints_WhenAClientWrites_Come()
    {
        await using var worker = _folder.Open();
        await using var client = _folder.Open();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await using var hints = worker.HintsAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        var hint = hints.MoveNextAsync().AsTask();
        for (var i = 0; !hint.IsCompleted; i++)
        {
            await client.SaveDefinitionsAsync([new StoredDefinition("flow", "a", $"{i}")], default);
            await Task.WhenAny(hint, Task.Delay(TimeSpan.FromMilliseconds(150), TimeProvider.System, limit.Token));
        }

        (await hint).Should().BeTrue();
    }

    [Fact]
    public async Task Open_WhereAReaderHasBeen_CanWrite()
    {
        await using var first = _folder.Open();
        await first.OverviewAsync(default);
        await using var second = _folder.Open();

        await second.SaveDefinitionsAsync([new StoredDefinition("flow", "a", "1")], default);
    }

    [Fact]
    public async Task Checkpoint_AfterReads_IsNotHeldUp()
    {
        await using var store = _folder.Open();
        await store.OverviewAsync(default);
        await store.ListAsync(new JobQuery(), default);
        await store.LoadAsync(JobId.New(TimeProvider.System.GetUtcNow()), JobParts.Steps, default);
        await store.FindDefinitionsAsync("flow", null, default);
        await store.SaveDefinitionsAsync([new StoredDefinition("flow", "a", "1")], default);
        await using var other = Connect();
        await using var command = other.CreateCommand();
        command.CommandText = "pragma wal_checkpoint(truncate)";
        await using var reader = await command.ExecuteReaderAsync();
        (await reader.ReadAsync()).Should().BeTrue();

        reader.GetInt32(0).Should().Be(0, "no reader keeps a transaction open");
        new FileInfo(_folder.File + "-wal").Length.Should().Be(0);
    }

    private Func<SqliteStore> Opening() => () => _folder.Open();

    private async Task MakeAsync(Guid owner = default)
    {
        await using var store = _folder.Open();
        var now = TimeProvider.System.GetUtcNow();
        var creation = new JobCreation { Id = JobId.New(now), FlowId = "flow", FlowVersion = "1", CreatedAt = now.UtcTicks };
        var verdicts = new CommitVerdict[1];
        await store.CommitAsync(new[] { new TransitionBuilder { Id = creation.Id, Creation = creation, Incarnation = owner, Epoch = owner == default ? 0 : 1, Head = new JobHead { Version = 1 } }.Build() }, verdicts, default);
        verdicts[0].Result.Should().Be(CommitResult.Committed);
    }

    private static ValueTask<NodeLease> BeatAsync(SqliteStore store, Guid node, bool stopping = false) => store.RenewAsync(new NodeBeat(node, "node", TimeSpan.FromSeconds(10), stopping), default);

    private static ValueTask<ClaimReply> ClaimAsync(SqliteStore store, Guid node)
        => store.ClaimAsync(new ClaimRequest { Incarnation = node, Slots = 10, Flows = new HashSet<FlowKey> { new("flow", "1") } }, default);

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={_folder.File};Pooling=false");
        connection.Open();
        return connection;
    }

    private void Execute(string sql)
    {
        using var connection = Connect();
        SqliteFile.Execute(connection, sql);
    }
}
