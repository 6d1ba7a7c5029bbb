using WorkflowEngine.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Storage;

/// <summary>A folder with one SQLite store in it, gone after the test.</summary>
internal sealed class SqliteFolder : IDisposable
{
    public SqliteFolder() => Folder = Directory.CreateTempSubdirectory("sqlite-store-").FullName;

    public string Folder { get; }

    public string File => Path.Combine(Folder, "workflow.db");

    public SqliteStore Open(bool autoMigrate = true, string more = "") => new(new SqliteStoreOptions { ConnectionString = $"Data Source={File};{more}", AutoMigrate = autoMigrate }, TimeProvider.System);

    public ValueTask<IJobStore> OpenAsync() => new(Open());

    public async ValueTask<IJobStore> ReopenAsync(IJobStore store)
    {
        await ((SqliteStore)store).DisposeAsync();
        return Open();
    }

    public async ValueTask CloseAsync(IJobStore store)
    {
        await ((SqliteStore)store).DisposeAsync();
        Dispose();
    }

    public void Dispose()
    {
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
