using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>The lives of worker processes. One worker per file: when one begins, every earlier one is dead, and its jobs are free at once (G5).</summary>
internal static class Nodes
{
    public static int Begin(SqliteConnection connection, NodeBeat beat, long now)
    {
        using var forget = Statement.Once(connection, "delete from nodes");
        forget.Run();
        using var add = Statement.Once(connection, "insert into nodes (incarnation, name, seen_at) values ($1, $2, $3)", Columns.Blob(beat.Incarnation), beat.Node, now);
        add.Run();
        using var free = Statement.Once(connection, "update jobs set owner = null, claimable = (status < 4) where owner is not null and owner <> $1", Columns.Blob(beat.Incarnation));
        return free.Run();
    }

    public static int Free(SqliteConnection connection, Guid incarnation)
    {
        using var forget = Statement.Once(connection, "delete from nodes where incarnation = $1", Columns.Blob(incarnation));
        forget.Run();
        using var free = Statement.Once(connection, "update jobs set owner = null, claimable = (status < 4) where owner = $1", Columns.Blob(incarnation));
        return free.Run();
    }

    public static List<string> Names(SqliteConnection connection)
    {
        using var statement = Statement.Once(connection, "select name from nodes");
        using var reader = statement.Query();
        var names = new List<string>();
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }
}
