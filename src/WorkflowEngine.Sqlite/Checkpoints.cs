using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>Immutable copies of jobs (S26), beside the job and gone with it.</summary>
internal static class Checkpoints
{
    public static void Add(SqliteConnection connection, JobId job, StoredCheckpoint checkpoint)
    {
        using var insert = Statement.Once(
            connection,
            "insert into checkpoints (job_id, id, created_at, description, status, percentage, body) select $1, $2, $3, $4, $5, $6, $7 where not exists (select 1 from checkpoints where job_id = $1 and id = $2)",
            Columns.Blob(job.Value),
            checkpoint.Id,
            checkpoint.CreatedAt,
            checkpoint.Description,
            (int)checkpoint.Status,
            (double)checkpoint.Percentage,
            StoredForm.Write(checkpoint.Snapshot!));
        insert.Run();
    }

    public static List<StoredCheckpoint> Of(SqliteConnection connection, JobId id, bool whole)
    {
        using var statement = Statement.Once(
            connection,
            $"select id, created_at, description, status, percentage, {(whole ? "body" : "null")} from checkpoints where job_id = $1 order by created_at, id",
            Columns.Blob(id.Value));
        using var reader = statement.Query();
        var checkpoints = new List<StoredCheckpoint>();
        while (reader.Read())
        {
            var body = Columns.Text(reader, 5);
            checkpoints.Add(new StoredCheckpoint(reader.GetString(0), reader.GetInt64(1), Columns.Text(reader, 2), (JobStatus)reader.GetInt32(3), (float)reader.GetDouble(4))
            {
                Snapshot = body is null ? null : StoredForm.ReadSnapshot(body),
            });
        }

        return checkpoints;
    }
}
