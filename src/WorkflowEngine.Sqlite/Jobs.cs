using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>Reads and prunes job rows.</summary>
internal static class Jobs
{
    public const string Columns = "id, flow_id, flow_version, created_at, request_hash, options, parent, input, owner, epoch, version, status, due_at, started_at, completed_at, attempt, sequence, percentage, completed, total, paused, step_mode, output, data";

    public static StoredJob? Load(SqliteConnection connection, JobId id, JobParts parts)
    {
        StoredJob job;
        using (var statement = Statement.Once(connection, $"select {Columns} from jobs where id = $1", Sqlite.Columns.Blob(id.Value)))
        using (var reader = statement.Query())
        {
            if (!reader.Read())
            {
                return null;
            }

            job = Damage.Read(connection, reader);
        }

        return job with
        {
            Strikes = Sqlite.Strikes.Of(connection, Sqlite.Columns.Blob(id.Value)),
            Steps = parts.HasFlag(JobParts.Steps) ? Steps(connection, id) : [],
            Mail = parts.HasFlag(JobParts.Mail) ? Inbox.Untaken(connection, id) : [],
            Checkpoints = (parts & (JobParts.Checkpoints | JobParts.Snapshots)) != 0 ? Checkpoints.Of(connection, id, whole: parts.HasFlag(JobParts.Snapshots)) : [],
        };
    }

    public static StoredJob Read(SqliteDataReader reader)
    {
        var options = StoredForm.ReadOptions(Sqlite.Columns.Text(reader, 5));
        var parent = Sqlite.Columns.Text(reader, 6);
        var creation = new JobCreation
        {
            Id = new JobId(Sqlite.Columns.Guid(reader, 0)),
            FlowId = string.Intern(reader.GetString(1)),
            FlowVersion = string.Intern(reader.GetString(2)),
            CreatedAt = reader.GetInt64(3),
            RequestHash = Sqlite.Columns.Text(reader, 4),
            Options = options,
            Parent = parent is null ? null : new JobParent(JobId.Parse(parent[..36]), parent[37..]),
            Input = StoredForm.ReadSlot(Sqlite.Columns.Text(reader, 7)),
        };
        var head = new JobHead
        {
            Version = reader.GetInt64(10),
            Status = (JobStatus)reader.GetInt32(11),
            DueAt = reader.GetInt64(12),
            StartedAt = reader.GetInt64(13),
            CompletedAt = reader.GetInt64(14),
            Attempt = reader.GetInt32(15),
            Sequence = reader.GetInt64(16),
            Percentage = (float)reader.GetDouble(17),
            Completed = reader.GetInt32(18),
            Total = reader.GetInt32(19),
            Paused = reader.GetInt32(20) != 0,
            StepMode = reader.GetInt32(21) != 0,
            Output = StoredForm.ReadSlot(Sqlite.Columns.Text(reader, 22)),
            Data = StoredForm.ReadData(Sqlite.Columns.Text(reader, 23)),
        };
        return new StoredJob(creation, head, reader.GetInt32(9), reader.IsDBNull(8) ? null : Sqlite.Columns.Guid(reader, 8), [], []);
    }

    public static JobPage List(SqliteConnection connection, JobQuery query)
    {
        var limit = Math.Clamp(query.Limit, 1, 10_000);
        var (where, values) = Filter(query);
        values.Add(limit + 1);
        using var statement = Statement.Once(connection, $"select {Columns} from jobs where {where} order by id desc limit ${values.Count}", [.. values]);
        using var reader = statement.Query();
        var jobs = new List<StoredJob>();
        while (reader.Read())
        {
            jobs.Add(Damage.Read(connection, reader));
        }

        return jobs.Count <= limit ? new JobPage(jobs, null) : new JobPage(jobs[..limit], jobs[limit - 1].Creation.Id);
    }

    public static StoreOverview Overview(SqliteConnection connection, long now)
    {
        var counts = new Dictionary<JobStatus, long>();
        using (var statement = Statement.Once(connection, "select status, count(*) from jobs where status < 4 group by status"))
        using (var reader = statement.Query())
        {
            while (reader.Read())
            {
                counts[(JobStatus)reader.GetInt32(0)] = reader.GetInt64(1);
            }
        }

        using var queue = Statement.Once(connection, "select (select count(*) from jobs where claimable = 1) + (select count(*) from jobs where claimable = 2 and due_at <= $1)", now);
        using var depth = queue.Query();
        depth.Read();
        return new StoreOverview(counts, depth.GetInt64(0), Nodes.Names(connection));
    }

    public static IReadOnlyList<PacketOwner> Prune(SqliteConnection connection, PruneRequest request, long now)
    {
        const string ByAge = """
            select id, flow_id from jobs where status >= 4 and owner is null and retention is null and completed_at < $1
            union all select id, flow_id from jobs where status >= 4 and owner is null and retention is not null and completed_at + retention < $3
            limit $2
            """;
        const string ById = "select id, flow_id from jobs where status >= 4 and owner is null and id = $1 limit $2";
        var pruned = new List<PacketOwner>();
        using (var statement = request.Job is { } one
            ? Statement.Once(connection, ById, Sqlite.Columns.Blob(one.Value), request.Limit)
            : Statement.Once(connection, ByAge, request.CompletedBefore.UtcTicks, request.Limit, now))
        using (var reader = statement.Query())
        {
            while (reader.Read())
            {
                pruned.Add(new PacketOwner(reader.GetString(1), new JobId(Sqlite.Columns.Guid(reader, 0))));
            }
        }

        string[] deletions = ["delete from steps where job_id = $1", "delete from events where job_id = $1", "delete from inbox where job_id = $1", "delete from strikes where job_id = $1", "delete from checkpoints where job_id = $1", "delete from jobs where id = $1 and status >= 4"];
        foreach (var sql in deletions)
        {
            using var delete = new Statement(connection, sql, 1);
            foreach (var job in pruned)
            {
                delete[1] = Sqlite.Columns.Blob(job.Id.Value);
                delete.Run();
            }
        }

        return pruned;
    }

    public static List<StepRow> Steps(SqliteConnection connection, JobId id)
    {
        using var statement = Statement.Once(connection, "select path, position, status, no_items, attempt, started_at, completed_at, output, detail from steps where job_id = $1 order by position", Sqlite.Columns.Blob(id.Value));
        using var reader = statement.Query();
        var rows = new List<StepRow>();
        while (reader.Read())
        {
            rows.Add(new StepRow
            {
                Path = reader.GetString(0),
                Index = reader.GetInt32(1),
                Status = (StepStatus)reader.GetInt32(2),
                NoItems = reader.GetInt32(3) != 0,
                Attempt = reader.GetInt32(4),
                StartedAt = reader.GetInt64(5),
                CompletedAt = reader.GetInt64(6),
                Output = StoredForm.ReadSlot(Sqlite.Columns.Text(reader, 7)),
                Detail = StoredForm.ReadDetail(Sqlite.Columns.Text(reader, 8)),
            });
        }

        return rows;
    }

    private static (string Where, List<object?> Values) Filter(JobQuery query)
    {
        var where = new List<string> { "1 = 1" };
        var values = new List<object?>();
        void Add(string condition, object? value)
        {
            if (value is not null)
            {
                values.Add(value);
                where.Add(condition.Replace("?", $"${values.Count}", StringComparison.Ordinal));
            }
        }

        if (query.Statuses.Count > 0)
        {
            where.Add($"status in ({string.Join(',', query.Statuses.Select(status => (int)status))})");
        }

        Add("flow_id = ?", query.FlowId);
        Add("flow_version = ?", query.FlowVersion);
        Add("key = ?", query.Key);
        Add("tenant = ?", query.Tenant);
        Add("reason = ?", query.Reason);
        Add("exists (select 1 from json_each(options, '$.labels') where value = ?)", query.Label);
        Add("created_at >= ?", query.Since?.UtcTicks);
        Add("created_at < ?", query.Until?.UtcTicks);
        Add("id < ?", query.After is { } after ? Sqlite.Columns.Blob(after.Value) : null);
        return (string.Join(" and ", where), values);
    }
}
