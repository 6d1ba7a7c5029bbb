using System.Reflection;
using Microsoft.Data.Sqlite;

namespace WorkflowEngine.Sqlite;

/// <summary>The database file: how connections to it are opened, its schema, and the lock that makes one process its worker.</summary>
internal sealed class SqliteFile : IDisposable
{
    private static readonly string[] NetworkFileSystems = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ncpfs"];

    private readonly SqliteStoreOptions _options;
    private readonly string _writing;
    private readonly string _reading;
    private readonly int _busyMilliseconds;
    private FileStream? _workerLock;

    static SqliteFile() => SQLitePCL.Batteries_V2.Init();

    public SqliteFile(SqliteStoreOptions options)
    {
        _options = options;
        var builder = new SqliteConnectionStringBuilder(options.ConnectionString);
        if (builder.DataSource.Length == 0 || builder.Mode == SqliteOpenMode.Memory || builder.DataSource == ":memory:")
        {
            throw new StoreException("The SQLite store needs a file: for example \"Data Source=workflow.db\". For jobs in memory use UseInMemory.", isTransient: false);
        }

        Path = Locate(builder.DataSource);
        builder.DataSource = Path;
        _busyMilliseconds = new SqliteConnectionStringBuilder().DefaultTimeout == builder.DefaultTimeout ? 5000 : builder.DefaultTimeout * 1000;
        builder.DefaultTimeout = 1;
        builder.Pooling = false;
        _writing = builder.ToString();

        // Two strings, since a pool is known by its string: a reader's connection, which refuses to write, must never become a writer's.
        builder.Pooling = true;
        builder.Cache = SqliteCacheMode.Private;
        builder.Mode = builder.Mode == SqliteOpenMode.ReadOnly ? builder.Mode : SqliteOpenMode.ReadWrite; // Where the file is gone, reading must not make another.
        _reading = builder.ToString();
        RefuseNetworkFileSystem();
    }

    public string Path { get; }

    /// <summary>The file itself: one database has one worker's lock and one packet folder, by whatever link it is named.</summary>
    public static string Locate(string dataSource)
    {
        var path = System.IO.Path.GetFullPath(dataSource);
        return new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
    }

    /// <summary>The writer's connection, on a file whose schema is the one that this version knows.</summary>
    /// <exception cref="StoreException">The file cannot be used; the message names it and what to do.</exception>
    public SqliteConnection OpenWriter()
    {
        if (!_options.AutoMigrate && !File.Exists(Path))
        {
            throw MissingSchema(0);
        }

        var connection = Open(_writing);
        try
        {
            Prepare(connection);
            return connection;
        }
        catch (Exception error)
        {
            connection.Dispose();
            if (error is SqliteException failure)
            {
                throw SqliteErrors.Wrap(failure, Path);
            }

            throw;
        }
    }

    /// <summary>Reads on a connection of its own, in one snapshot.</summary>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        using var connection = Open(_reading);
        Execute(connection, "pragma query_only = 1");
        using var transaction = connection.BeginTransaction(deferred: true);
        return read(connection);
    }

    /// <summary>Makes this process the file's worker. True the first time; false when it is already.</summary>
    /// <exception cref="StoreException">Another process is the worker.</exception>
    public bool TakeWorkerLock()
    {
        if (_workerLock is not null)
        {
            return false;
        }

        try
        {
            _workerLock = new FileStream(Path + "-worker.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw SqliteErrors.OfWorkerLock(error, Path, Holder());
        }
    }

    public void ReleaseWorkerLock()
    {
        _workerLock?.Dispose();
        _workerLock = null;
    }

    public void Dispose()
    {
        ReleaseWorkerLock();
        using var pooled = new SqliteConnection(_reading);
        SqliteConnection.ClearPool(pooled);
    }

    private string Holder()
    {
        try
        {
            return Read(Nodes.Names) is [var name, ..] ? $" (node {name})" : string.Empty;
        }
        catch (Exception error) when (error is SqliteException or StoreException)
        {
            return string.Empty; // The refusal matters more than who caused it.
        }
    }

    private SqliteConnection Open(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            Execute(connection, $"pragma busy_timeout = {_busyMilliseconds}");
            return connection;
        }
        catch (SqliteException error)
        {
            connection.Dispose();
            throw SqliteErrors.Wrap(error, Path);
        }
    }

    private void Prepare(SqliteConnection connection)
    {
        Execute(connection, "pragma page_size = 4096");

        // Turning a new file to the write-ahead log leaves a rollback journal behind for a moment. Were its end not on disk when the power goes, however much later, SQLite would
        // take it for hot and roll the whole file back to nothing: only "extra" synchronises the folder after it.
        Execute(connection, "pragma synchronous = extra");
        Execute(connection, "pragma journal_mode = wal");
        Execute(connection, _options.FullSynchronisation ? "pragma synchronous = full" : "pragma synchronous = normal");
        Execute(connection, "pragma cache_size = -65536");
        Execute(connection, "pragma wal_autocheckpoint = 4000");
        Execute(connection, "pragma mmap_size = 0");
        Migrate(connection);
    }

    private void Migrate(SqliteConnection connection)
    {
        var steps = Migrations();
        if (Version(connection) == steps.Count)
        {
            return; // Without the write lock: a worker at full load may leave no gap for it.
        }

        using var transaction = connection.BeginTransaction();
        var version = Version(connection);
        if (version > steps.Count)
        {
            throw new StoreException($"The database {Path} has schema {version}, newer than the {steps.Count} that this version knows. Use a newer version of WorkflowEngine.", isTransient: false) { Problem = StoreProblem.NewerSchema };
        }

        if (version < steps.Count && !_options.AutoMigrate)
        {
            throw MissingSchema(version);
        }

        if (version == 0 && Convert.ToInt64(Scalar(connection, "select count(*) from sqlite_master"), null) > 0)
        {
            throw new StoreException($"The database {Path} belongs to something else: it has tables, but not those of WorkflowEngine. Name another file.", isTransient: false) { Problem = StoreProblem.Foreign };
        }

        for (; version < steps.Count; version++)
        {
            Execute(connection, steps[version]);
        }

        Execute(connection, $"pragma user_version = {steps.Count}");
        transaction.Commit();
    }

    private static int Version(SqliteConnection connection) => Convert.ToInt32(Scalar(connection, "pragma user_version"), null);

    private StoreException MissingSchema(int version) => new(
        $"The database {Path} {(version == 0 ? "is empty" : $"has schema {version}")}; this version needs schema {Migrations().Count}. Run `wf migrate --store sqlite:{Path}`, or set AutoMigrate = true.",
        isTransient: false)
    { Problem = StoreProblem.OlderSchema };

    private static List<string> Migrations()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd();
        })];
    }

    /// <summary>SQLite's locks and shared memory do not hold over a network (sqlite.org/wal.html).</summary>
    private void RefuseNetworkFileSystem()
    {
        var folder = System.IO.Path.GetDirectoryName(Path)!;
        if (!Directory.Exists(folder))
        {
            throw new StoreException($"There is no folder {folder} for the database. Make it first.", isTransient: false) { Problem = StoreProblem.Missing };
        }

        if (!OperatingSystem.IsLinux() || !File.Exists("/proc/mounts"))
        {
            return;
        }

        var mount = File.ReadLines("/proc/mounts").Select(line => line.Split(' ')).Where(parts => parts.Length > 2 && IsBelow(folder, parts[1])).MaxBy(parts => parts[1].Length);
        if (mount is not null && NetworkFileSystems.Contains(mount[2]))
        {
            throw new StoreException($"{Path} lies on a network file system ({mount[2]}), where SQLite cannot keep its promises. Use a local disk, or PostgreSQL.", isTransient: false) { Problem = StoreProblem.Unsuitable };
        }
    }

    private static bool IsBelow(string folder, string mount) => mount == "/" || folder == mount || folder.StartsWith(mount + "/", StringComparison.Ordinal);

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
