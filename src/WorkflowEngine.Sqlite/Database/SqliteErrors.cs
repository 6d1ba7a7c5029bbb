using Microsoft.Data.Sqlite;

namespace WorkflowEngine.Sqlite;

/// <summary>SQLite's error codes as store errors that name the file and what to do.</summary>
internal static class SqliteErrors
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int IoError = 10;
    private const int IoShortRead = 522;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    public static StoreException Wrap(Exception error, string path) => error is SqliteException failure
        ? Wrap(failure, path)
        : new StoreException($"The store {path} cannot do this: {error.Message}", isTransient: false, error);

    private static StoreException Wrap(SqliteException error, string path) => error.SqliteErrorCode switch
    {
        Busy or Locked => new StoreException($"The database {path} is locked by another process. It is tried again.", isTransient: true, error),
        Full => new StoreException($"The disk that holds {path} is full. Free some space; work goes on by itself.", isTransient: true, error),
        IoError when error.SqliteExtendedErrorCode == IoShortRead => Damaged(error, path),
        IoError => new StoreException($"The disk that holds {path} failed ({error.Message}). It is tried again.", isTransient: true, error),
        ReadOnly => new StoreException($"The database {path} is read-only. Make the file and its folder writable; work goes on by itself.", isTransient: true, error),
        Corrupt or NotADatabase => Damaged(error, path),
        CannotOpen => new StoreException($"The database {path} cannot be opened: does its folder exist, and is it writable?", isTransient: false, error),
        _ => new StoreException($"The database {path} failed: {error.Message}", isTransient: false, error),
    };

    private static StoreException Damaged(SqliteException error, string path)
        => new($"The file {path} is damaged or no database. Restore it from a backup, or run `wf doctor --store sqlite:{path}`.", isTransient: false, error);
}
