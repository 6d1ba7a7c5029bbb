using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>Definitions by kind and name.</summary>
internal static class Definitions
{
    public static int Save(SqliteConnection connection, IReadOnlyList<StoredDefinition> definitions)
    {
        using var statement = new Statement(connection, "insert into definitions (kind, name, body) values ($1, $2, $3) on conflict do update set body = excluded.body", 3);
        foreach (var definition in definitions)
        {
            statement[1] = definition.Kind;
            statement[2] = definition.Name;
            statement[3] = definition.Body;
            statement.Run();
        }

        return definitions.Count;
    }

    public static IReadOnlyList<StoredDefinition> Find(SqliteConnection connection, string kind, string? name)
    {
        using var statement = Statement.Once(connection, "select name, body from definitions where kind = $1 and ($2 is null or name = $2) order by name", kind, name);
        using var reader = statement.Query();
        var found = new List<StoredDefinition>();
        while (reader.Read())
        {
            found.Add(new StoredDefinition(kind, reader.GetString(0), reader.GetString(1)));
        }

        return found;
    }
}
