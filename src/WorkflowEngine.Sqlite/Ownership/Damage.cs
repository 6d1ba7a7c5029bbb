using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>Rows whose text cannot be read: what can be told of such a job without reading it, so that a claim hands it out with its problem and goes on (G4).</summary>
internal static class Damage
{
    /// <summary>The job for its new owner, whole or with its problem.</summary>
    public static StoredJob Load(SqliteConnection connection, JobId id)
    {
        try
        {
            var job = Jobs.Load(connection, id, JobParts.Steps | JobParts.Mail)!;
            return job.Problem is not null || job.Head.Data?.Damaged is null ? job : job with { Problem = "Its data could not be read, and is kept as it is." };
        }
        catch (Exception error) when (error is not SqliteException)
        {
            return Outline(connection, id, error.Message);
        }
    }

    /// <summary>A row as it is, or, if it cannot be read, as far as it can be.</summary>
    public static StoredJob Read(SqliteConnection connection, SqliteDataReader row)
    {
        try
        {
            return Jobs.Read(row);
        }
        catch (Exception error) when (error is not SqliteException)
        {
            return Outline(connection, new JobId(Columns.Guid(row, 0)), error.Message);
        }
    }

    /// <summary>Numbers, names and the ids of its messages. The text of its data is carried along, so that writing the row again loses nothing.</summary>
    private static StoredJob Outline(SqliteConnection connection, JobId id, string problem)
    {
        using var statement = Statement.Once(
            connection,
            "select flow_id, flow_version, created_at, owner, epoch, version, status, due_at, started_at, completed_at, attempt, sequence, percentage, completed, total, paused, step_mode, data from jobs where id = $1",
            Columns.Blob(id.Value));
        using var reader = statement.Query();
        reader.Read();
        var creation = new JobCreation { Id = id, FlowId = reader.GetString(0), FlowVersion = reader.GetString(1), CreatedAt = reader.GetInt64(2) };
        var head = new JobHead
        {
            Version = reader.GetInt64(5),
            Status = (JobStatus)reader.GetInt32(6),
            DueAt = reader.GetInt64(7),
            StartedAt = reader.GetInt64(8),
            CompletedAt = reader.GetInt64(9),
            Attempt = reader.GetInt32(10),
            Sequence = reader.GetInt64(11),
            Percentage = (float)reader.GetDouble(12),
            Completed = reader.GetInt32(13),
            Total = reader.GetInt32(14),
            Paused = reader.GetInt32(15) != 0,
            StepMode = reader.GetInt32(16) != 0,
            Data = Data(Columns.Text(reader, 17)),
        };
        return new StoredJob(creation, head, reader.GetInt32(4), reader.IsDBNull(3) ? null : Columns.Guid(reader, 3), [], Inbox.Outlines(connection, id)) { Problem = problem };
    }

    private static JobData? Data(string? text)
    {
        try
        {
            return StoredForm.ReadData(text);
        }
        catch (StoreException)
        {
            return new JobData { Damaged = text };
        }
    }
}
