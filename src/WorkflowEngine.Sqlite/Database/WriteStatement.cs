using System.Buffers;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace WorkflowEngine.Sqlite;

/// <summary>
/// A statement of the commit path, on SQLite's own interface: values are bound in order from where they lie, without a parameter object, a box or a string each.
/// </summary>
internal sealed class WriteStatement : IDisposable
{
    private const int LongestOnStack = 256;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private int _bound;

    /// <param name="connection">The writer's.</param>
    /// <param name="sql">With parameters <c>?1</c>, <c>?2</c>…</param>
    public WriteStatement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        var result = raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement);
        SqliteException.ThrowExceptionForRC(result, _database);
    }

    /// <summary>Starts over with the job's id as <c>?1</c>, whatever an earlier failure left bound.</summary>
    public void Begin(JobId job)
    {
        _bound = 0;
        Add(job.Value);
    }

    public void Add(long value) => Check(raw.sqlite3_bind_int64(_statement, ++_bound, value));

    public void Add(double value) => Check(raw.sqlite3_bind_double(_statement, ++_bound, value));

    public void Add(bool value) => Add(value ? 1L : 0L);

    public void AddNull() => Check(raw.sqlite3_bind_null(_statement, ++_bound));

    /// <summary>Big-endian, so that version-7 ids sort by time and young jobs' rows lie together.</summary>
    public void Add(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        AddBlob(bytes);
    }

    public void AddBlob(ReadOnlySpan<byte> value) => Check(raw.sqlite3_bind_blob(_statement, ++_bound, value));

    /// <summary>An empty span has no address, and SQLite takes text without an address for null.</summary>
    public void AddText(ReadOnlySpan<byte> utf8)
        => Check(utf8.IsEmpty ? raw.sqlite3_bind_text(_statement, ++_bound, string.Empty) : raw.sqlite3_bind_text(_statement, ++_bound, utf8));

    public void AddText(string? text)
    {
        if (text is null)
        {
            AddNull();
            return;
        }

        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        var rented = most > LongestOnStack ? ArrayPool<byte>.Shared.Rent(most) : null;
        var bytes = rented ?? stackalloc byte[LongestOnStack];
        AddText(bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Runs with what was added. The number of rows that were changed.</summary>
    /// <exception cref="SqliteException">SQLite refused.</exception>
    public int Run()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_DONE)
        {
            raw.sqlite3_reset(_statement);
            return raw.sqlite3_changes(_database);
        }

        // What went wrong is asked before the reset.
        var error = Error(result);
        raw.sqlite3_reset(_statement);
        throw error;
    }

    public void Dispose() => _statement.Dispose();

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            throw Error(result);
        }
    }

    private SqliteException Error(int result) => new(raw.sqlite3_errmsg(_database).utf8_to_string(), result, raw.sqlite3_extended_errcode(_database));
}
