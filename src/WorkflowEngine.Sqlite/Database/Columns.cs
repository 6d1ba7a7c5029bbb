using Microsoft.Data.Sqlite;

namespace WorkflowEngine.Sqlite;

/// <summary>How values lie in columns.</summary>
internal static class Columns
{
    /// <summary>Big-endian, so that version-7 ids sort by time and young jobs' rows lie together.</summary>
    public static byte[] Blob(Guid value)
    {
        var bytes = new byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return bytes;
    }

    public static Guid Guid(SqliteDataReader reader, int column) => new((byte[])reader.GetValue(column), bigEndian: true);

    public static string? Text(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
