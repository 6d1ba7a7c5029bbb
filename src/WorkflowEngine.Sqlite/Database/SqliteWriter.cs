using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>The one writing connection. Every write is one immediate transaction under one lock, so that SQLite never has two writers wait for each other in this process.</summary>
internal sealed class SqliteWriter : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;
    private readonly FilePresence _files;
    private readonly Transitions _transitions;
    private readonly WriteStatement _begin;
    private readonly WriteStatement _commit;
    private readonly WriteStatement _rollback;
    private readonly Statement _version;

    public SqliteWriter(SqliteConnection connection, string path)
    {
        _connection = connection;
        _files = new FilePresence(connection, path);
        _transitions = new Transitions(connection);
        _begin = new WriteStatement(connection, "begin immediate");
        _commit = new WriteStatement(connection, "commit");
        _rollback = new WriteStatement(connection, "rollback");
        _version = new Statement(connection, "pragma data_version", 0);
    }

    /// <summary>How many transactions were committed.</summary>
    public long Commits { get; private set; }

    /// <summary>Applies a batch in one transaction. True when a job became claimable.</summary>
    public bool Commit(ReadOnlySpan<JobTransition> batch, Span<CommitVerdict> verdicts, long now)
    {
        lock (_gate)
        {
            _begin.Run();
            try
            {
                var freed = false;
                for (var i = 0; i < batch.Length; i++)
                {
                    verdicts[i] = _transitions.Apply(batch[i], now, ref freed);
                }

                _files.Check();
                _commit.Run();
                Commits++;
                return freed;
            }
            catch
            {
                Rollback();
                throw;
            }
        }
    }

    /// <summary>Does some other writing in one transaction.</summary>
    public T Run<T>(Func<SqliteConnection, T> work)
    {
        lock (_gate)
        {
            _begin.Run();
            try
            {
                var result = work(_connection);
                _files.Check();
                _commit.Run();
                Commits++;
                return result;
            }
            catch
            {
                Rollback();
                throw;
            }
        }
    }

    /// <summary>A number that changes when another connection, usually another process's, has written (G5).</summary>
    public long ForeignWrites()
    {
        lock (_gate)
        {
            using var reader = _version.Query();
            return reader.Read() ? reader.GetInt64(0) : 0;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _transitions.Dispose();
            _begin.Dispose();
            _commit.Dispose();
            _rollback.Dispose();
            _version.Dispose();
            _connection.Dispose();
        }
    }

    private void Rollback()
    {
        try
        {
            _rollback.Run();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself already (disk full, input/output error).
        }
    }
}
