using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Cli;

/// <summary>Where jobs are kept, as the user named it.</summary>
/// <param name="DatabaseFile">The SQLite file; null: memory.</param>
internal sealed record StoreAddress(string? DatabaseFile)
{
    private const string Sqlite = "sqlite:";

    public bool IsDurable => DatabaseFile is not null;

    /// <summary>The option, else <c>WF_STORE</c>, else <c>DATABASE_URL</c>, else memory.</summary>
    /// <exception cref="UsageException">It names a store that this version has not.</exception>
    public static StoreAddress Of(string? option)
    {
        (string? Value, string Source)[] places =
        [
            (option, "--store"),
            (Environment.GetEnvironmentVariable("WF_STORE"), "WF_STORE"),
            (Environment.GetEnvironmentVariable("DATABASE_URL"), "DATABASE_URL"),
        ];
        var (value, source) = places.FirstOrDefault(place => !string.IsNullOrEmpty(place.Value));
        if (value is null or "memory")
        {
            return new StoreAddress(DatabaseFile: null);
        }

        if (value.StartsWith(Sqlite, StringComparison.Ordinal) && value.Length > Sqlite.Length)
        {
            var path = Path.GetFullPath(value[Sqlite.Length..]);
            return Directory.Exists(path) ? throw new UsageException($"the store {path} (from {source}) is a folder; name a file in it.") : new StoreAddress(path);
        }

        var kind = value.Contains(':', StringComparison.Ordinal) ? value[..value.IndexOf(':', StringComparison.Ordinal)] : value;
        throw new UsageException($"the store '{kind}' (from {source}) is not in this version; use --store memory or --store sqlite:PATH.");
    }

    /// <exception cref="UsageException">The store is memory, where nothing outlives a command.</exception>
    public static StoreAddress Durable(string? option)
        => Of(option) is { IsDurable: true } address ? address : throw new UsageException("this needs a durable store: --store sqlite:PATH, or WF_STORE.");

    /// <summary>A durable store that is there already: asking about jobs makes no database.</summary>
    /// <exception cref="StoreException">There is no such file.</exception>
    public static StoreAddress Existing(string? option)
    {
        var address = Durable(option);
        return File.Exists(address.DatabaseFile) ? address : throw new StoreException($"there is no database {address.DatabaseFile}.", isTransient: false) { Problem = StoreProblem.Missing };
    }

    /// <summary>Large packets lie beside the file, or where the user wants them.</summary>
    public void UseOn(IWorkflowEngineBuilder engine, string? packets, bool migrates = true)
    {
        if (DatabaseFile is { } file)
        {
            engine.UseSqlite(new SqliteStoreOptions { ConnectionString = new DbConnectionStringBuilder { ["Data Source"] = file }.ConnectionString, AutoMigrate = migrates });
        }

        if ((packets ?? (IsDurable ? DatabaseFile + "-packets" : null)) is { } folder)
        {
            engine.UseFilePackets(Path.GetFullPath(folder));
        }
    }

    public override string ToString() => IsDurable ? Sqlite + DatabaseFile : "memory";
}
