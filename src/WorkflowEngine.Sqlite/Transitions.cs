using System.Buffers;
using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>Writes transitions: guarded by owner, epoch and version in the statement itself (G3).</summary>
internal sealed class Transitions : IDisposable
{
    private const int LargestTextKept = 256 * 1024;

    private readonly SqliteConnection _connection;
    private readonly WriteStatement _insert;
    private readonly WriteStatement _advance;
    private readonly WriteStatement _update;
    private readonly WriteStatement _step;
    private readonly WriteStatement _event;
    private readonly WriteStatement _take;
    private readonly Statement _over;
    private ArrayBufferWriter<byte> _text = new();

    public Transitions(SqliteConnection connection)
    {
        _connection = connection;
        _insert = new WriteStatement(connection, """
            insert into jobs (id, attempt, sequence, started_at, percentage, completed, total, paused, step_mode, reason, output, data, version, owner, epoch, status, due_at, completed_at, claimable,
                flow_id, flow_version, created_at, priority, tenant, key, request_hash, options, parent, input, retention, rank)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, max(?22, ?17) - ?23 * 100000000)
            on conflict do nothing
            """);

        // Most transitions of a running job change nothing that an index holds. SQLite rewrites the index entries of every column that is set, changed or not, so these name none.
        _advance = new WriteStatement(connection, """
            update jobs set attempt = ?2, sequence = ?3, started_at = ?4, percentage = ?5, completed = ?6, total = ?7, paused = ?8, step_mode = ?9, reason = ?10, output = ?11, data = ?12, version = ?13
            where id = ?1 and owner = ?14 and epoch = ?15 and version = ?13 - 1 and status = ?16 and due_at = 0
            """);
        _update = new WriteStatement(connection, """
            update jobs set attempt = ?2, sequence = ?3, started_at = ?4, percentage = ?5, completed = ?6, total = ?7, paused = ?8, step_mode = ?9, reason = ?10, output = ?11, data = ?12, version = ?13,
                owner = ?14, status = ?16, due_at = ?17, completed_at = ?18, claimable = ?19, rank = max(created_at, ?17) - priority * 100000000
            where id = ?1 and owner = ?20 and epoch = ?15 and version = ?13 - 1
            """);
        _step = new WriteStatement(connection, """
            insert into steps (job_id, position, path, status, no_items, attempt, started_at, completed_at, output, detail) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            on conflict do update set path = excluded.path, status = excluded.status, no_items = excluded.no_items, attempt = excluded.attempt, started_at = excluded.started_at,
                completed_at = excluded.completed_at, output = excluded.output, detail = excluded.detail
            """);
        _event = new WriteStatement(connection, "insert into events (job_id, first_sequence, count, bytes) values (?1, ?2, ?3, ?4)");
        _take = new WriteStatement(connection, "update inbox set body = null where job_id = ?1 and id = ?2");
        _over = new Statement(connection, "select 1 from nodes where incarnation = $1 and over_at is not null", 1);
    }

    public CommitVerdict Apply(JobTransition transition, long now, ref bool freed)
    {
        if (transition.Creation is not null && transition.Incarnation != Guid.Empty && IsOver(transition.Incarnation))
        {
            return new CommitVerdict(CommitResult.Stale); // Nobody would ever look after a job of a life that is over (G3).
        }

        var isOwned = !transition.Releases && !transition.Head.Status.IsTerminal() && transition.Incarnation != Guid.Empty;
        var claimable = isOwned ? 0 : Claimable(transition.Head);
        if (ValueLimit.Refuse(transition, SqliteStore.MaxValueBytes) is { } refused && IsNext(transition))
        {
            return refused;
        }

        var isWritten = transition.Creation is { } creation ? Insert(transition, creation, isOwned, claimable)
            : (isOwned && Advance(transition)) || Update(transition, isOwned, claimable);
        if (!isWritten)
        {
            return Explain(transition);
        }

        freed |= claimable != 0;
        WriteSteps(transition);
        if (transition.Events.Count > 0)
        {
            _event.Begin(transition.Id);
            _event.Add(transition.Events.FirstSequence);
            _event.Add(transition.Events.Count);
            _event.AddBlob(transition.Events.Bytes.Span);
            _event.Run();
        }

        if (transition.Strikes == StrikeChange.Cleared)
        {
            Strikes.Clear(_connection, Columns.Blob(transition.Id.Value));
        }
        else if (transition.Strikes == StrikeChange.Added)
        {
            Strikes.Add(_connection, Columns.Blob(transition.Id.Value), alone: true, now);
        }

        foreach (var message in transition.Taken)
        {
            _take.Begin(transition.Id);
            _take.Add(message);
            _take.Run();
        }

        foreach (var checkpoint in transition.Checkpoints)
        {
            Checkpoints.Add(_connection, transition.Id, checkpoint);
        }

        return new CommitVerdict(CommitResult.Committed);
    }

    public void Dispose()
    {
        _insert.Dispose();
        _advance.Dispose();
        _update.Dispose();
        _step.Dispose();
        _event.Dispose();
        _take.Dispose();
        _over.Dispose();
    }

    /// <summary>0: no; 1: now; 2: when due. Mail makes an unowned job claimable whatever this says (G7).</summary>
    private static int Claimable(in JobHead head)
        => head.Status.IsTerminal() ? 0 : head.DueAt > 0 ? 2 : head.Status is JobStatus.Pending or JobStatus.Running ? 1 : 0;

    private bool IsOver(Guid incarnation)
    {
        _over[1] = Columns.Blob(incarnation);
        using var reader = _over.Query();
        return reader.Read();
    }

    private bool Insert(JobTransition transition, JobCreation creation, bool isOwned, int claimable)
    {
        AddProgress(_insert, transition);
        AddPlace(_insert, transition, isOwned, claimable);
        _insert.AddText(creation.FlowId);
        _insert.AddText(creation.FlowVersion);
        _insert.Add(creation.CreatedAt);
        _insert.Add(creation.Priority);
        _insert.AddText(creation.Tenant);
        _insert.AddText(creation.Key);
        _insert.AddText(creation.RequestHash);
        _insert.AddText(StoredForm.Write(creation.Options));
        _insert.AddText(creation.Parent is { } parent ? $"{parent.Id}/{parent.StepPath}" : null);
        AddSlot(_insert, creation.Input);
        if (creation.Options?.Retention is { } retention)
        {
            _insert.Add(retention.Ticks);
        }
        else
        {
            _insert.AddNull();
        }

        return _insert.Run() > 0;
    }

    /// <summary>Within the same status, with the same owner, and nothing due: false when the job's row says otherwise, whatever the reason.</summary>
    private bool Advance(JobTransition transition)
    {
        if (transition.Head.DueAt > 0)
        {
            return false;
        }

        AddProgress(_advance, transition);
        _advance.Add(transition.Incarnation);
        _advance.Add(transition.Epoch);
        _advance.Add((int)transition.Head.Status);
        return _advance.Run() > 0;
    }

    private bool Update(JobTransition transition, bool isOwned, int claimable)
    {
        AddProgress(_update, transition);
        AddPlace(_update, transition, isOwned, claimable);
        _update.Add(transition.Incarnation);
        return _update.Run() > 0;
    }

    /// <summary>Whether the guard of an update would hold; a creation has none.</summary>
    private bool IsNext(JobTransition transition)
    {
        if (transition.Creation is not null)
        {
            return true;
        }

        using var found = Statement.Once(
            _connection,
            "select 1 from jobs where id = $1 and owner = $2 and epoch = $3 and version = $4",
            Columns.Blob(transition.Id.Value),
            Columns.Blob(transition.Incarnation),
            transition.Epoch,
            transition.Head.Version - 1);
        using var reader = found.Query();
        return reader.Read();
    }

    private void AddProgress(WriteStatement statement, JobTransition transition)
    {
        var head = transition.Head;
        statement.Begin(transition.Id);
        statement.Add(head.Attempt);
        statement.Add(head.Sequence);
        statement.Add(head.StartedAt);
        statement.Add((double)head.Percentage);
        statement.Add(head.Completed);
        statement.Add(head.Total);
        statement.Add(head.Paused);
        statement.Add(head.StepMode);
        statement.AddText(head.Data?.Reason);
        AddSlot(statement, head.Output);
        AddText(statement, StoredForm.Write(head.Data, EmptyText()));
        statement.Add(head.Version);
    }

    private static void AddPlace(WriteStatement statement, JobTransition transition, bool isOwned, int claimable)
    {
        if (isOwned)
        {
            statement.Add(transition.Incarnation);
        }
        else
        {
            statement.AddNull();
        }

        statement.Add(transition.Epoch);
        statement.Add((int)transition.Head.Status);
        statement.Add(transition.Head.DueAt);
        statement.Add(transition.Head.CompletedAt);
        statement.Add(claimable);
    }

    private void WriteSteps(JobTransition transition)
    {
        foreach (ref readonly var row in transition.Steps)
        {
            _step.Begin(transition.Id);
            _step.Add(row.Index);
            _step.AddText(row.Path);
            _step.Add((int)row.Status);
            _step.Add(row.NoItems);
            _step.Add(row.Attempt);
            _step.Add(row.StartedAt);
            _step.Add(row.CompletedAt);
            AddSlot(_step, row.Output);
            AddText(_step, StoredForm.Write(row.Detail, EmptyText()));
            _step.Run();
        }
    }

    private void AddSlot(WriteStatement statement, PacketSlot slot) => AddText(statement, StoredForm.Write(slot, EmptyText()));

    private ArrayBufferWriter<byte> EmptyText()
    {
        _text = _text.Capacity > LargestTextKept ? new() : _text;
        _text.ResetWrittenCount();
        return _text;
    }

    private void AddText(WriteStatement statement, bool isSomething)
    {
        if (isSomething)
        {
            statement.AddText(_text.WrittenSpan);
        }
        else
        {
            statement.AddNull();
        }
    }

    /// <summary>The guard refused: told apart by what is there now.</summary>
    private CommitVerdict Explain(JobTransition transition)
    {
        using (var found = Statement.Once(_connection, "select version, epoch, owner from jobs where id = $1", Columns.Blob(transition.Id.Value)))
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
