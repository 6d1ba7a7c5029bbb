using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>The strikes of jobs (G4), in a table of their own: the row of a job that was never struck knows nothing of them.</summary>
internal static class Strikes
{
    public static JobStrikes Of(SqliteConnection connection, byte[] job)
    {
        using var statement = Statement.Once(connection, "select count, alone, held_until from strikes where job_id = $1", job);
        using var reader = statement.Query();
        return reader.Read() ? new JobStrikes(reader.GetInt32(0), reader.GetInt32(1), reader.GetInt64(2)) : default;
    }

    /// <summary>One strike more.</summary>
    public static JobStrikes Add(SqliteConnection connection, byte[] job, bool alone, long now)
    {
        var strikes = Of(connection, job).Struck(alone, now);
        using var keep = Statement.Once(
            connection,
            "insert into strikes (job_id, count, alone, held_until) values ($1, $2, $3, $4) on conflict do update set count = excluded.count, alone = excluded.alone, held_until = excluded.held_until",
            job,
            strikes.Count,
            strikes.Alone,
            strikes.HeldUntil);
        keep.Run();
        return strikes;
    }

    public static void Clear(SqliteConnection connection, byte[] job)
    {
        using var clear = Statement.Once(connection, "delete from strikes where job_id = $1", job);
        clear.Run();
    }
}
