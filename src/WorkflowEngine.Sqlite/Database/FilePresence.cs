using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace WorkflowEngine.Sqlite;

/// <summary>
/// Whether the files that SQLite writes to still have their names. SQLite does not look: to a file that was deleted, moved or replaced it goes on committing,
/// and nobody would ever read what was acknowledged.
/// </summary>
internal sealed class FilePresence(SqliteConnection connection, string path)
{
    private const int HasMoved = 20; // SQLITE_FCNTL_HAS_MOVED

    private readonly string _log = path + "-wal";

    /// <exception cref="StoreException">A file is gone.</exception>
    public void Check()
    {
        if (FileControl(connection.Handle!.DangerousGetHandle(), "main", HasMoved, out var hasMoved) == 0 && hasMoved != 0)
        {
            throw SqliteErrors.Gone(path);
        }

        if (!File.Exists(_log))
        {
            throw SqliteErrors.Gone(_log);
        }
    }

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control"), DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    private static extern int FileControl(nint database, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int operation, out int hasMoved);
}
