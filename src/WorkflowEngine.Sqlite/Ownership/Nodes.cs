using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>
/// The lives of worker processes and their leases (G3). One worker per file: when a process becomes the worker, every earlier life is dead, and its jobs are free at once (G5).
/// Everything here runs inside the writer's transaction: between the look and the change nobody else writes.
/// </summary>
internal static class Nodes
{
    /// <summary>How long the end of a life is remembered; one that wakes later is a new one, and owns nothing.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(7);

    /// <summary>False for a life that is over.</summary>
    public static bool Renew(SqliteConnection connection, NodeBeat beat, long now)
    {
        using var renew = Statement.Once(
            connection,
            "insert into nodes (incarnation, name, leased_until) values ($1, $2, $3) on conflict do update set leased_until = excluded.leased_until where over_at is null",
            Columns.Blob(beat.Incarnation),
            beat.Node,
            now + beat.LeaseDuration.Ticks);
        return renew.Run() > 0;
    }

    /// <summary>A clean stop: the jobs are free at once, without a strike. False when the life was over before.</summary>
    public static bool Stop(SqliteConnection connection, NodeBeat beat, long now)
    {
        var wasAlive = !IsOver(connection, beat.Incarnation);
        End(connection, beat.Incarnation, beat.Node, now);
        using var free = Statement.Once(connection, "update jobs set owner = null, claimable = (status < 4) where owner = $1", Columns.Blob(beat.Incarnation));
        free.Run();
        return wasAlive;
    }

    /// <summary>Declares dead every life but one: this process has become the worker, so no other can be alive. Also those that never gave a sign.</summary>
    public static void BuryAll(SqliteConnection connection, Guid but, long now)
    {
        using (var forget = Statement.Once(connection, "delete from nodes where over_at < $1", now - Remembered.Ticks))
        {
            forget.Run();
        }

        Bury(connection, but, now, "select incarnation from nodes where over_at is null union select owner from jobs where owner is not null");
    }

    /// <summary>Declares dead the lives whose lease is over, but for the one who asks.</summary>
    public static void BuryExpired(SqliteConnection connection, Guid but, long now)
        => Bury(connection, but, now, "select incarnation from nodes where over_at is null and leased_until <= $1", now);

    public static bool IsOver(SqliteConnection connection, Guid incarnation)
    {
        using var statement = Statement.Once(connection, "select 1 from nodes where incarnation = $1 and over_at is not null", Columns.Blob(incarnation));
        using var reader = statement.Query();
        return reader.Read();
    }

    public static bool AnyAlive(SqliteConnection connection)
    {
        using var statement = Statement.Once(connection, "select 1 from nodes where over_at is null");
        using var reader = statement.Query();
        return reader.Read();
    }

    public static List<string> Names(SqliteConnection connection)
    {
        using var statement = Statement.Once(connection, "select name from nodes where over_at is null order by incarnation");
        using var reader = statement.Query();
        var names = new List<string>();
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    /// <summary>The owner's name and lease, for who reads a job by itself.</summary>
    public static StoredJob Name(SqliteConnection connection, StoredJob job)
    {
        if (job.Owner is not { } owner)
        {
            return job;
        }

        using var statement = Statement.Once(connection, "select name, leased_until from nodes where incarnation = $1", Columns.Blob(owner));
        using var reader = statement.Query();
        return reader.Read() ? job with { Node = reader.GetString(0), LeasedUntil = new DateTimeOffset(reader.GetInt64(1), TimeSpan.Zero) } : job;
    }

    private static void Bury(SqliteConnection connection, Guid but, long now, string sql, params ReadOnlySpan<object?> values)
    {
        var dead = new List<Guid>();
        using (var statement = Statement.Once(connection, sql, values))
        using (var reader = statement.Query())
        {
            while (reader.Read())
            {
                dead.Add(Columns.Guid(reader, 0));
            }
        }

        foreach (var incarnation in dead.Where(found => found != but))
        {
            End(connection, incarnation, string.Empty, now);
            StrikeJobsOf(connection, Columns.Blob(incarnation), now);
        }
    }

    private static void End(SqliteConnection connection, Guid incarnation, string name, long now)
    {
        using var end = Statement.Once(
            connection,
            "insert into nodes (incarnation, name, leased_until, over_at) values ($1, $2, $3, $3) on conflict do update set over_at = excluded.over_at where over_at is null",
            Columns.Blob(incarnation),
            name,
            now);
        end.Run();
    }

    /// <summary>Each job of a dead life gets its strike; alone, when it was the only one that could run and the start of a body is durable (G4).</summary>
    private static void StrikeJobsOf(SqliteConnection connection, byte[] owner, long now)
    {
        var held = new List<(byte[] Id, JobStatus Status, bool HasRunning)>();
        using (var statement = Statement.Once(connection, "select id, status, exists (select 1 from steps where job_id = id and steps.status = $2) from jobs where owner = $1", owner, (int)StepStatus.Running))
        using (var reader = statement.Query())
        {
            while (reader.Read())
            {
                held.Add(((byte[])reader.GetValue(0), (JobStatus)reader.GetInt32(1), reader.GetInt32(2) != 0));
            }
        }

        var isAlone = held.Count(job => job.Status is JobStatus.Pending or JobStatus.Running or JobStatus.Paused) == 1;
        using var free = new Statement(connection, "update jobs set owner = null, claimable = $2, due_at = case when $3 > 0 then $3 else due_at end where id = $1", 3);
        foreach (var job in held)
        {
            var strikes = job.Status.IsTerminal() ? default : Strikes.Add(connection, job.Id, isAlone && job.HasRunning, now);
            free[1] = job.Id;
            free[2] = job.Status.IsTerminal() ? 0 : strikes.HeldUntil > 0 ? 2 : 1;
            free[3] = strikes.HeldUntil;
            free.Run();
        }
    }
}
