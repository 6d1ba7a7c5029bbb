using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>Hands runnable jobs to the worker: those that are due by rank, those with mail, and those that it owns without knowing it (G3, G7).</summary>
internal static class Claims
{
    /// <summary>How many candidates are looked at for one claim: enough to pass by flows that this node cannot run.</summary>
    private const int MostCandidates = 10_000;

    public static ClaimReply Take(SqliteConnection connection, ClaimRequest request, DateTimeOffset now)
    {
        using (var promote = Statement.Once(connection, "update jobs set claimable = 1 where claimable = 2 and due_at <= $1", now.UtcTicks))
        {
            promote.Run();
        }

        var owner = Columns.Blob(request.Incarnation);
        var chosen = request.Job is { } one ? OneUnowned(connection, one) : Runnable(connection, request, owner);
        var jobs = new List<StoredJob>(chosen.Count);
        using var take = new Statement(connection, "update jobs set owner = $1, epoch = epoch + 1, claimable = 0 where id = $2", 2);
        foreach (var id in chosen.Distinct())
        {
            take[1] = owner;
            take[2] = Columns.Blob(id.Value);
            take.Run();
            jobs.Add(Jobs.Load(connection, id, JobParts.Steps | JobParts.Mail)!);
        }

        return new ClaimReply(jobs, request.Job is null ? Inbox.OfOwner(connection, owner) : [], NextDue(connection), now);
    }

    private static List<JobId> Runnable(SqliteConnection connection, ClaimRequest request, byte[] owner)
    {
        var chosen = Forgotten(connection, request, owner);
        chosen.AddRange(WithMail(connection, request));
        if (request.Slots > chosen.Count)
        {
            chosen.AddRange(Due(connection, request, request.Slots - chosen.Count));
        }

        return chosen;
    }

    private static List<JobId> OneUnowned(SqliteConnection connection, JobId job)
    {
        using var statement = Statement.Once(
            connection,
            "select id from jobs where id = $1 and owner is null and (status < 4 or exists (select 1 from inbox where job_id = $1 and body is not null))",
            Columns.Blob(job.Value));
        return Ids(statement);
    }

    private static List<JobId> Forgotten(SqliteConnection connection, ClaimRequest request, byte[] owner)
    {
        if (request.Held is not { } held)
        {
            return [];
        }

        using var statement = Statement.Once(connection, "select id from jobs where owner = $1", owner);
        return [.. Ids(statement).Where(id => !held.Contains(id))];
    }

    private static List<JobId> WithMail(SqliteConnection connection, ClaimRequest request)
    {
        using var statement = Statement.Once(
            connection,
            "select distinct i.job_id, j.flow_id, j.flow_version from inbox i join jobs j on j.id = i.job_id where i.body is not null and j.owner is null");
        return Runnable(statement, request, int.MaxValue);
    }

    private static List<JobId> Due(SqliteConnection connection, ClaimRequest request, int slots)
    {
        using var statement = Statement.Once(connection, "select id, flow_id, flow_version from jobs where claimable = 1 order by rank limit $1", MostCandidates);
        return Runnable(statement, request, slots);
    }

    /// <summary>Those whose flow version the node can run (S1).</summary>
    private static List<JobId> Runnable(Statement statement, ClaimRequest request, int slots)
    {
        using var reader = statement.Query();
        var ids = new List<JobId>();
        while (ids.Count < slots && reader.Read())
        {
            if (request.Flows.Contains(new FlowKey(reader.GetString(1), reader.GetString(2))))
            {
                ids.Add(new JobId(Columns.Guid(reader, 0)));
            }
        }

        return ids;
    }

    private static DateTimeOffset? NextDue(SqliteConnection connection)
    {
        using var statement = Statement.Once(connection, "select min(due_at) from jobs where claimable = 2");
        using var reader = statement.Query();
        return reader.Read() && !reader.IsDBNull(0) ? new DateTimeOffset(reader.GetInt64(0), TimeSpan.Zero) : null;
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
}
