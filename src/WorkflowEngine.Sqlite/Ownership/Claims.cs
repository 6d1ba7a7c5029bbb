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
        Nodes.BuryExpired(connection, request.Incarnation, now.UtcTicks);
        if (Nodes.IsOver(connection, request.Incarnation))
        {
            return new ClaimReply([], [], null, now);
        }

        using (var promote = Statement.Once(connection, "update jobs set claimable = 1 where claimable = 2 and due_at <= $1", now.UtcTicks))
        {
            promote.Run();
        }

        var owner = Columns.Blob(request.Incarnation);
        if (request.Job is { } one)
        {
            return new ClaimReply(Own(connection, owner, OneUnowned(connection, one)), [], NextDue(connection), now);
        }

        var chosen = new Dictionary<JobId, JobStrikes>();
        Forgotten(connection, request, owner, chosen);
        var allowance = request.Struck;
        Choose(
            connection,
            "select distinct i.job_id, j.flow_id, j.flow_version, s.count, s.alone, s.held_until from inbox i join jobs j on j.id = i.job_id left join strikes s on s.job_id = j.id where i.body is not null and j.owner is null",
            hasMail: true,
            slots: int.MaxValue);
        Choose(
            connection,
            $"select id, flow_id, flow_version, s.count, s.alone, s.held_until from jobs left join strikes s on s.job_id = id where claimable = 1 order by rank limit {MostCandidates}",
            hasMail: false,
            request.Slots);
        return new ClaimReply(Own(connection, owner, chosen), Inbox.OfOwner(connection, owner), NextDue(connection), now);

        void Choose(SqliteConnection connection, string sql, bool hasMail, int slots)
        {
            using var statement = Statement.Once(connection, slots > chosen.Count ? sql : "select 1 where 0");
            using var reader = statement.Query();
            while (chosen.Count < slots && reader.Read())
            {
                var strikes = reader.IsDBNull(3) ? default : new JobStrikes(reader.GetInt32(3), reader.GetInt32(4), reader.GetInt64(5));
                if (request.Flows.Contains(new FlowKey(reader.GetString(1), reader.GetString(2))) && (strikes.Count == 0 || allowance.Hands(ref strikes, hasMail, now.UtcTicks))
                    && chosen.TryAdd(new JobId(Columns.Guid(reader, 0)), strikes) && strikes.HeldUntil == 0)
                {
                    allowance = allowance.With(strikes.Count);
                }
            }
        }
    }

    /// <summary>Raises the epochs, and reads each job: one that cannot be read comes with its problem, and harms no other.</summary>
    private static List<StoredJob> Own(SqliteConnection connection, byte[] owner, Dictionary<JobId, JobStrikes> chosen)
    {
        var jobs = new List<StoredJob>(chosen.Count);
        using var take = new Statement(connection, "update jobs set owner = $1, epoch = epoch + 1, claimable = 0 where id = $2", 2);
        foreach (var (id, strikes) in chosen)
        {
            take[1] = owner;
            take[2] = Columns.Blob(id.Value);
            take.Run();
            jobs.Add(Damage.Load(connection, id) with { Strikes = strikes });
        }

        return jobs;
    }

    private static void Forgotten(SqliteConnection connection, ClaimRequest request, byte[] owner, Dictionary<JobId, JobStrikes> chosen)
    {
        if (request.Held is not { } held)
        {
            return;
        }

        using var statement = Statement.Once(connection, "select id from jobs where owner = $1", owner);
        using var reader = statement.Query();
        while (reader.Read())
        {
            if (new JobId(Columns.Guid(reader, 0)) is var id && !held.Contains(id))
            {
                chosen.Add(id, Strikes.Of(connection, Columns.Blob(id.Value)) with { HeldUntil = 0 });
            }
        }
    }

    /// <summary>Exactly this job, whatever holds it back: a person asks for it.</summary>
    private static Dictionary<JobId, JobStrikes> OneUnowned(SqliteConnection connection, JobId job)
    {
        var id = Columns.Blob(job.Value);
        using var statement = Statement.Once(
            connection,
            "select 1 from jobs where id = $1 and owner is null and (status < 4 or exists (select 1 from inbox where job_id = $1 and body is not null))",
            id);
        using var reader = statement.Query();
        return reader.Read() ? new() { [job] = Strikes.Of(connection, id) with { HeldUntil = 0 } } : [];
    }

    private static DateTimeOffset? NextDue(SqliteConnection connection)
    {
        using var statement = Statement.Once(connection, "select min(due_at) from jobs where claimable = 2");
        using var reader = statement.Query();
        return reader.Read() && !reader.IsDBNull(0) ? new DateTimeOffset(reader.GetInt64(0), TimeSpan.Zero) : null;
    }
}
