using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>Reads event rows.</summary>
internal static class Events
{
    public static EventPage Read(SqliteConnection connection, EventQuery query)
    {
        if (query.Job is not { } job)
        {
            throw new StoreException("The SQLite store keeps no common event stream; watch live instead.", isTransient: false);
        }

        using var statement = Statement.Once(
            connection,
            "select e.first_sequence, e.count, e.bytes, j.flow_id from events e join jobs j on j.id = e.job_id where e.job_id = $1 and e.first_sequence + e.count > $2 + 1 order by e.first_sequence limit $3",
            Columns.Blob(job.Value),
            query.After,
            query.Limit);
        using var reader = statement.Query();
        var rows = new List<EventRow>();
        while (reader.Read())
        {
            rows.Add(new EventRow(job, reader.GetString(3), reader.GetInt64(0), reader.GetInt32(1), (byte[])reader.GetValue(2)));
        }

        return new EventPage(rows, query.After);
    }
}
