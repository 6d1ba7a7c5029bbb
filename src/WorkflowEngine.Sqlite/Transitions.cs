using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>Writes transitions: guarded by owner, epoch and version in the statement itself (G3).</summary>
internal sealed class Transitions : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Statement _insert;
    private readonly Statement _update;
    private readonly Statement _step;
    private readonly Statement _event;
    private readonly Statement _take;

    public Transitions(SqliteConnection connection)
    {
        _connection = connection;
        _insert = new Statement(connection, $"""
            insert into jobs (id, flow_id, flow_version, created_at, priority, tenant, key, request_hash, options, parent, input, retention,
                owner, epoch, claimable, version, status, due_at, started_at, completed_at, attempt, sequence, percentage, completed, total, paused, step_mode, reason, output, data, rank)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, max($4, $18) - $5 * 100000000)
            on conflict do nothing
            """, 30);
        _update = new Statement(connection, """
            update jobs set owner = $1, epoch = $2, claimable = $3, version = $4, status = $5, due_at = $6, started_at = $7, completed_at = $8, attempt = $9, sequence = $10,
                percentage = $11, completed = $12, total = $13, paused = $14, step_mode = $15, reason = $16, output = $17, data = $18,
                rank = max(created_at, $6) - priority * 100000000
            where id = $19 and owner = $20 and epoch = $2 and version = $4 - 1
            """, 20);
        _step = new Statement(connection, """
            insert into steps (job_id, position, path, status, no_items, attempt, started_at, completed_at, output, detail) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            on conflict do update set status = excluded.status, no_items = excluded.no_items, attempt = excluded.attempt, started_at = excluded.started_at,
                completed_at = excluded.completed_at, output = excluded.output, detail = excluded.detail
            """, 10);
        _event = new Statement(connection, "insert into events (job_id, first_sequence, count, bytes) values ($1, $2, $3, $4)", 4);
        _take = new Statement(connection, "update inbox set body = null where job_id = $1 and id = $2", 2);
    }

    public CommitVerdict Apply(JobTransition transition, ref bool freed)
    {
        var id = Columns.Blob(transition.Id.Value);
        var head = transition.Head;
        var isOwned = !transition.Releases && !head.Status.IsTerminal() && transition.Incarnation != Guid.Empty;
        var claimable = isOwned ? 0 : Claimable(head);
        var statement = transition.Creation is null ? _update : _insert;
        var first = transition.Creation is { } creation ? BindCreation(creation) : 1;
        BindHead(statement, first, transition, isOwned, claimable);
        if (transition.Creation is null)
        {
            _update[19] = id;
            _update[20] = Columns.Blob(transition.Incarnation);
        }

        if (statement.Run() == 0)
        {
            return Explain(transition, id);
        }

        freed |= claimable != 0;
        WriteSteps(transition, id);
        if (transition.Events.Count > 0)
        {
            _event[1] = id;
            _event[2] = transition.Events.FirstSequence;
            _event[3] = transition.Events.Count;
            _event[4] = transition.Events.Bytes.ToArray();
            _event.Run();
        }

        foreach (var message in transition.Taken)
        {
            _take[1] = id;
            _take[2] = Columns.Blob(message);
            _take.Run();
        }

        foreach (var checkpoint in transition.Checkpoints)
        {
            Checkpoints.Add(_connection, id, checkpoint);
        }

        return new CommitVerdict(CommitResult.Committed);
    }

    public void Dispose()
    {
        _insert.Dispose();
        _update.Dispose();
        _step.Dispose();
        _event.Dispose();
        _take.Dispose();
    }

    /// <summary>0: no; 1: now; 2: when due. Mail makes an unowned job claimable whatever this says (G7).</summary>
    private static int Claimable(in JobHead head)
        => head.Status.IsTerminal() ? 0 : head.DueAt > 0 ? 2 : head.Status is JobStatus.Pending or JobStatus.Running ? 1 : 0;

    private int BindCreation(JobCreation creation)
    {
        _insert[1] = Columns.Blob(creation.Id.Value);
        _insert[2] = creation.FlowId;
        _insert[3] = creation.FlowVersion;
        _insert[4] = creation.CreatedAt;
        _insert[5] = creation.Priority;
        _insert[6] = creation.Tenant;
        _insert[7] = creation.Key;
        _insert[8] = creation.RequestHash;
        _insert[9] = StoredForm.Write(creation.Options);
        _insert[10] = creation.Parent is { } parent ? $"{parent.Id}/{parent.StepPath}" : null;
        _insert[11] = StoredForm.Write(creation.Input);
        _insert[12] = creation.Options?.Retention?.Ticks;
        return 13;
    }

    private static void BindHead(Statement statement, int first, JobTransition transition, bool isOwned, int claimable)
    {
        var head = transition.Head;
        statement[first] = isOwned ? Columns.Blob(transition.Incarnation) : null;
        statement[first + 1] = transition.Incarnation == Guid.Empty ? 0 : transition.Epoch;
        statement[first + 2] = claimable;
        statement[first + 3] = head.Version;
        statement[first + 4] = (int)head.Status;
        statement[first + 5] = head.DueAt;
        statement[first + 6] = head.StartedAt;
        statement[first + 7] = head.CompletedAt;
        statement[first + 8] = head.Attempt;
        statement[first + 9] = head.Sequence;
        statement[first + 10] = (double)head.Percentage;
        statement[first + 11] = head.Completed;
        statement[first + 12] = head.Total;
        statement[first + 13] = head.Paused ? 1 : 0;
        statement[first + 14] = head.StepMode ? 1 : 0;
        statement[first + 15] = head.Data?.Reason;
        statement[first + 16] = StoredForm.Write(head.Output);
        statement[first + 17] = StoredForm.Write(head.Data);
    }

    private void WriteSteps(JobTransition transition, byte[] id)
    {
        foreach (ref readonly var row in transition.Steps)
        {
            _step[1] = id;
            _step[2] = row.Index;
            _step[3] = row.Path;
            _step[4] = (int)row.Status;
            _step[5] = row.NoItems ? 1 : 0;
            _step[6] = row.Attempt;
            _step[7] = row.StartedAt;
            _step[8] = row.CompletedAt;
            _step[9] = StoredForm.Write(row.Output);
            _step[10] = StoredForm.Write(row.Detail);
            _step.Run();
        }
    }

    /// <summary>The guard refused: told apart by what is there now.</summary>
    private CommitVerdict Explain(JobTransition transition, byte[] id)
    {
        using (var found = Statement.Once(_connection, "select version, epoch, owner from jobs where id = $1", id))
        using (var reader = found.Query())
        {
            if (reader.Read())
            {
                // A creation made the job, however far it has come since. The transition that gave the job up left it unowned, at the same epoch.
                var isOurs = transition.Creation is not null
                    || (reader.GetInt64(0) == transition.Head.Version && reader.GetInt32(1) == transition.Epoch && (reader.IsDBNull(2) || Columns.Guid(reader, 2) == transition.Incarnation));
                return new CommitVerdict(isOurs ? CommitResult.AlreadyCommitted : CommitResult.Stale);
            }
        }

        if (transition.Creation is { Key: { } key } creation)
        {
            using var holder = Statement.Once(_connection, $"select {Jobs.Columns} from jobs where coalesce(tenant, '') = $1 and flow_id = $2 and key = $3", creation.Tenant ?? string.Empty, creation.FlowId, key);
            using var reader = holder.Query();
            if (reader.Read())
            {
                return new CommitVerdict(CommitResult.KeyTaken, Jobs.Read(reader).Creation);
            }
        }

        return new CommitVerdict(CommitResult.Stale);
    }
}
