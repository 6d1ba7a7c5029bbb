using Microsoft.Data.Sqlite;

namespace WorkflowEngine.Sqlite;

/// <summary>A prepared statement with parameters <c>$1</c>, <c>$2</c>…, made once and run many times.</summary>
internal sealed class Statement : IDisposable
{
    private readonly SqliteCommand _command;

    public Statement(SqliteConnection connection, string sql, int parameters)
    {
        _command = connection.CreateCommand();
        _command.CommandText = sql;
        for (var i = 1; i <= parameters; i++)
        {
            _command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}", Value = DBNull.Value });
        }

        _command.Prepare();
    }

    /// <summary>Sets parameter <paramref name="number"/>, counted from 1.</summary>
    public object? this[int number]
    {
        set => _command.Parameters[number - 1].Value = value ?? DBNull.Value;
    }

    public int Run() => _command.ExecuteNonQuery();

    public SqliteDataReader Query() => _command.ExecuteReader();

    public void Dispose() => _command.Dispose();

    /// <summary>A statement that is run once.</summary>
    public static Statement Once(SqliteConnection connection, string sql, params ReadOnlySpan<object?> values)
    {
        var statement = new Statement(connection, sql, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            statement[i + 1] = values[i];
        }

        return statement;
    }
}
