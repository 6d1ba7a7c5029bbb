using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>What only the file itself shows: damaged pages, rows of no job, and columns that contradict one another.</summary>
internal static class Inspection
{
    private const string Orphans = "where job_id not in (select id from jobs)";

    /// <summary>Each selects one row per offence, a job's id first. The repairs lose nothing: they give jobs back to the queue, and remove what belongs to nothing.</summary>
    private static readonly Check[] Checks =
    [
        new(
            "unknown_owner",
            "is owned by a process that the store does not know",
            "select id from jobs where owner is not null and owner not in (select incarnation from nodes where over_at is null)",
            "update jobs set owner = null, claimable = (status < 4) where owner is not null and owner not in (select incarnation from nodes where over_at is null)"),
        new(
            "ended_but_claimable",
            "has ended and stands in the queue",
            "select id from jobs where status >= 4 and claimable <> 0",
            "update jobs set claimable = 0 where status >= 4 and claimable <> 0"),
        new(
            "owned_but_claimable",
            "is owned and stands in the queue",
            "select id from jobs where status < 4 and owner is not null and claimable <> 0",
            "update jobs set claimable = 0 where status < 4 and owner is not null and claimable <> 0"),
        new(
            "forgotten",
            "could run, but stands in no queue",
            "select id from jobs where owner is null and claimable = 0 and (status in (0, 1) or (status in (2, 3) and due_at > 0))",
            "update jobs set claimable = iif(due_at > 0, 2, 1) where owner is null and claimable = 0 and (status in (0, 1) or (status in (2, 3) and due_at > 0))"),
        new("orphan_steps", "has step rows, but is not there", $"select distinct job_id from steps {Orphans}", $"delete from steps {Orphans}"),
        new("orphan_events", "has events, but is not there", $"select distinct job_id from events {Orphans}", $"delete from events {Orphans}"),
        new("orphan_checkpoints", "has checkpoints, but is not there", $"select distinct job_id from checkpoints {Orphans}", $"delete from checkpoints {Orphans}"),
        new("orphan_mail", "has mail, but is not there", $"select distinct job_id from inbox {Orphans}", $"delete from inbox {Orphans}"),
    ];

    public static List<StoreFinding> Look(SqliteConnection connection)
        => [.. Damage(connection), .. Checks.SelectMany(check => Ids(connection, check.Find).Select(id => new StoreFinding(check.Code, check.Message, id)))];

    /// <summary>In the writer's transaction. Damage that lies in an index alone goes when the index is built anew.</summary>
    public static List<StoreFinding> Repair(SqliteConnection connection)
    {
        var damage = Damage(connection);
        if (damage.Count > 0)
        {
            SqliteFile.Execute(connection, "reindex");
            var left = Damage(connection).Select(finding => finding.Message).ToHashSet(StringComparer.Ordinal);
            damage = damage.ConvertAll(finding => finding with { IsRepaired = !left.Contains(finding.Message) });
        }

        foreach (var check in Checks)
        {
            var found = Ids(connection, check.Find);
            if (found.Count > 0)
            {
                SqliteFile.Execute(connection, check.Repair);
                damage.AddRange(found.Select(id => new StoreFinding(check.Code, check.Message, id) { IsRepaired = true }));
            }
        }

        return damage;
    }

    public static List<JobId> ListIds(SqliteConnection connection, JobId? after, int limit)
    {
        using var statement = Statement.Once(connection, "select id from jobs where id > $1 order by id limit $2", after is { } id ? Columns.Blob(id.Value) : Array.Empty<byte>(), limit);
        return Ids(statement);
    }

    private static List<StoreFinding> Damage(SqliteConnection connection)
    {
        using var statement = Statement.Once(connection, "pragma integrity_check(20)");
        using var reader = statement.Query();
        var findings = new List<StoreFinding>();
        while (reader.Read())
        {
            if (reader.GetString(0) is not "ok" and var problem)
            {
                findings.Add(new StoreFinding("file_damaged", problem) { Advice = "Restore the file from a backup, or copy what is readable with `sqlite3 FILE .recover`." });
            }
        }

        return findings;
    }

    private static List<JobId> Ids(SqliteConnection connection, string sql)
    {
        using var statement = Statement.Once(connection, sql);
        return Ids(statement);
    }

    private static List<JobId> Ids(Statement statement)
    {
        using var reader = statement.Query();
        var ids = new List<JobId>();
        while (reader.Read())
        {
            ids.Add(new JobId(Columns.Guid(reader, 0)));
        }

        return ids;
    }

    private sealed record Check(string Code, string Message, string Find, string Repair);
}
