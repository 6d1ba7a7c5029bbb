using System.Text.Json;
using WorkflowEngine.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Storage;

/// <summary>What the SQLite store says, and does, when its disk is full, read-only or gone (R12, R13).</summary>
public sealed class SqliteDiskTests
{
    [Fact]
    public async Task Commit_OnAFullDisk_IsTransientAndGoesOnWhenThereIsRoom()
    {
        using var disk = new SmallDisk(megabytes: 4);
        await using var store = Open(disk.File);
        disk.Fill();

        (await Saving(store).Should().ThrowAsync<StoreException>().WithMessage($"*{disk.File} is full*Free some space*"))
            .Which.Should().Match<StoreException>(error => error.IsTransient && error.Problem == StoreProblem.DiskFull);
        (await store.FindDefinitionsAsync("flow", "a", default)).Should().BeEmpty("a commit is whole or not at all");

        disk.Empty();
        await Saving(store).Should().NotThrowAsync();
        (await store.FindDefinitionsAsync("flow", "a", default)).Should().ContainSingle();
    }

    [Fact]
    public async Task Commit_OnADiskThatBecomesReadOnly_IsTransientAndGoesOnWhenItIsWritable()
    {
        using var disk = new SmallDisk(megabytes: 4);
        await using (var store = Open(disk.File))
        {
            await Saving(store).Should().NotThrowAsync();
        }

        disk.MakeReadOnly();
        var opening = () => Open(disk.File);
        opening.Should().Throw<StoreException>().WithMessage($"*{disk.File}*writable*").Which.Problem.Should().Be(StoreProblem.ReadOnly);

        disk.MakeWritable();
        await using var again = opening();
        await Saving(again).Should().NotThrowAsync();
    }

    [Fact]
    public async Task Commit_AfterTheFileWasMovedAway_IsRefusedUntilItIsBack()
    {
        using var folder = new SqliteFolder();
        await using var store = folder.Open();
        await Saving(store).Should().NotThrowAsync();
        File.Move(folder.File, folder.File + ".away");

        (await Saving(store).Should().ThrowAsync<StoreException>().WithMessage($"{folder.File} is gone*Put it back*"))
            .Which.Should().Match<StoreException>(error => error.IsTransient && error.Problem == StoreProblem.Missing);
        File.Exists(folder.File).Should().BeFalse("asking makes no new file");

        File.Move(folder.File + ".away", folder.File);
        await Saving(store).Should().NotThrowAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("-wal")]
    public async Task Commit_AfterAFileWasDeleted_IsNeverAcknowledged(string which)
    {
        using var folder = new SqliteFolder();
        await using var store = folder.Open();
        await Saving(store).Should().NotThrowAsync();
        File.Delete(folder.File + which);

        (await Saving(store).Should().ThrowAsync<StoreException>()).Which.Problem.Should().Be(StoreProblem.Missing, "SQLite itself would go on with a file that nobody can ever read");
    }

    [Fact]
    public async Task Commit_AfterTheFileWasReplaced_IsNeverAcknowledged()
    {
        using var folder = new SqliteFolder();
        await using var store = folder.Open();
        await Saving(store).Should().NotThrowAsync();
        File.Delete(folder.File);
        await File.WriteAllBytesAsync(folder.File, []);

        (await Saving(store).Should().ThrowAsync<StoreException>()).Which.Problem.Should().Be(StoreProblem.Missing);
    }

    [Fact]
    public async Task Renew_OnAFullDisk_SaysThatItIsFullAndNotThatAnotherWorkerIsThere()
    {
        using var disk = new SmallDisk(megabytes: 4);
        await using var store = Open(disk.File);
        disk.Fill();
        var renew = async () => await store.RenewAsync(new NodeBeat(Guid.CreateVersion7(), "node", TimeSpan.FromSeconds(10)), default);

        (await renew.Should().ThrowAsync<StoreException>()).Which.Problem.Should().Be(StoreProblem.DiskFull);

        disk.Empty();
        await renew.Should().NotThrowAsync();
    }

    private static SqliteStore Open(string file) => new(new SqliteStoreOptions { ConnectionString = $"Data Source={file}" }, TimeProvider.System);

    private static Func<Task> Saving(SqliteStore store)
        => async () => await store.SaveDefinitionsAsync([new StoredDefinition("flow", "a", JsonSerializer.Serialize(new string('x', 1 << 20)))], default);
}
