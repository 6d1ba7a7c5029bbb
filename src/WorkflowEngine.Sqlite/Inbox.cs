using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>Commands for jobs: insert-only, keyed by job and command; appending never touches the job's row (G7).</summary>
internal static class Inbox
{
    public static SendVerdict Add(SqliteConnection connection, JobMessage message)
    {
        var job = Columns.Blob(message.JobId.Value);
        using (var known = Statement.Once(connection, "select 1 from inbox where job_id = $1 and id = $2", job, Columns.Blob(message.Id)))
        using (var reader = known.Query())
        {
            if (reader.Read())
            {
                return SendVerdict.Duplicate;
            }
        }

        JobStatus status;
        using (var find = Statement.Once(connection, "select status from jobs where id = $1", job))
        using (var reader = find.Query())
        {
            if (!reader.Read())
            {
                return SendVerdict.NoSuchJob;
            }

            status = (JobStatus)reader.GetInt32(0);
        }

        using var insert = Statement.Once(
            connection,
            "insert into inbox (job_id, id, position, body) values ($1, $2, (select coalesce(max(position), 0) + 1 from inbox where job_id = $1), $3)",
            job,
            Columns.Blob(message.Id),
            StoredForm.Write(message));
        insert.Run();
        return status.IsTerminal() && !(message.Reopens && status == JobStatus.Failed) ? SendVerdict.Terminal : SendVerdict.Accepted;
    }

    public static List<JobMessage> Untaken(SqliteConnection connection, JobId id)
    {
        using var statement = Statement.Once(connection, "select body from inbox where job_id = $1 and body is not null order by position", Columns.Blob(id.Value));
        return Read(statement);
    }

    /// <summary>The untaken messages of a job that cannot be read: their ids, so that they can be refused.</summary>
    public static List<JobMessage> Outlines(SqliteConnection connection, JobId id)
    {
        using var statement = Statement.Once(connection, "select id from inbox where job_id = $1 and body is not null order by position", Columns.Blob(id.Value));
        using var reader = statement.Query();
        var messages = new List<JobMessage>();
        while (reader.Read())
        {
            messages.Add(new JobMessage { Id = Columns.Guid(reader, 0), JobId = id, Action = "unread" });
        }

        return messages;
    }

    public static List<JobMessage> OfOwner(SqliteConnection connection, byte[] owner)
    {
        using var statement = Statement.Once(
            connection,
            "select i.body from inbox i join jobs j on j.id = i.job_id where i.body is not null and j.owner = $1 order by i.job_id, i.position",
            owner);
        return Read(statement, passesDamaged: true); // The next claim of that job says what is wrong with it; the others' mail must come through.
    }

    private static List<JobMessage> Read(Statement statement, bool passesDamaged = false)
    {
        using var reader = statement.Query();
        var messages = new List<JobMessage>();
        while (reader.Read())
        {
            try
            {
                messages.Add(StoredForm.ReadMessage(reader.GetString(0)));
            }
            catch (StoreException) when (passesDamaged)
            {
            }
        }

        return messages;
    }
}
