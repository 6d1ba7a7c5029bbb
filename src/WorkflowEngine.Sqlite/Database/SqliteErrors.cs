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

    /// <summary>Why a file could not be made or written, as an operating system says it.</summary>
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    public static StoreException Wrap(Exception error, string path) => error is SqliteException failure
        ? Wrap(failure, path)
        : new StoreException($"The store {path} cannot do this: {error.Message}", isTransient: false, error);

    /// <summary>The worker's lock file could not be taken.</summary>
    /// <param name="error">Why.</param>
    /// <param name="path">The database.</param>
    /// <param name="holder">Who has it, as words to append; empty when nobody knows.</param>
    public static StoreException OfWorkerLock(Exception error, string path, string holder) => error switch
    {
        UnauthorizedAccessException or IOException { HResult: ReadOnlyFileSystem } => Make(
            $"The worker's lock {path}-worker.lock cannot be written. Make the file and its folder writable for this user.", StoreProblem.ReadOnly, isTransient: false, error),
        IOException { HResult: NoSpace or WindowsDiskFull } => DiskFull(path, error),
        DirectoryNotFoundException => Make($"The folder of {path} is gone. Put it back, or start anew.", StoreProblem.Missing, isTransient: true, error),
        _ => Make($"Another process is the worker of {path}{holder}. One worker process per file: end it, or start this one with RunJobs = false.", StoreProblem.WorkerElsewhere, isTransient: false, error),
    };

    /// <summary>What SQLite itself does not notice: it goes on writing to a file that has no name any more, and nobody would ever read it.</summary>
    public static StoreException Gone(string file)
        => new($"{file} is gone while it is in use. Put it back, and work goes on by itself; else end this process and restore a backup.", isTransient: true) { Problem = StoreProblem.Missing };

    private static StoreException Wrap(SqliteException error, string path) => error.SqliteErrorCode switch
    {
        Busy or Locked => Make($"The database {path} is locked by another process. It is tried again.", StoreProblem.Locked, isTransient: true, error),
        Full => DiskFull(path, error),
        IoError when error.SqliteExtendedErrorCode == IoShortRead => Damaged(error, path),
        IoError => Make($"The disk that holds {path} failed ({error.Message}). It is tried again.", StoreProblem.Unavailable, isTransient: true, error),
        ReadOnly => Make($"The database {path} is read-only. Make the file and its folder writable; work goes on by itself.", StoreProblem.ReadOnly, isTransient: true, error),
        Corrupt or NotADatabase => Damaged(error, path),
        CannotOpen when !Directory.Exists(Path.GetDirectoryName(path)) || !File.Exists(path) => Make(
            $"The database {path} cannot be opened: does its folder exist, and is it writable?", StoreProblem.Missing, isTransient: false, error),
        CannotOpen => Make($"The database {path} cannot be opened. Make the file and its folder readable and writable for this user.", StoreProblem.ReadOnly, isTransient: false, error),
        _ => Make($"The database {path} failed: {error.Message}", StoreProblem.Unavailable, isTransient: false, error),
    };

    private static StoreException DiskFull(string path, Exception error)
        => Make($"The disk that holds {path} is full. Free some space; work goes on by itself.", StoreProblem.DiskFull, isTransient: true, error);

    private static StoreException Damaged(SqliteException error, string path)
        => Make($"The file {path} is damaged or no database. Stop every process that uses it and restore a backup; without one, save what can be read with `sqlite3 {path} .recover | sqlite3 NEW_FILE`.", StoreProblem.Damaged, isTransient: false, error);

    private static StoreException Make(string message, StoreProblem problem, bool isTransient, Exception error) => new(message, isTransient, error) { Problem = problem };
}
