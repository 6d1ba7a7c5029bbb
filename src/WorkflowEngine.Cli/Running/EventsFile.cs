using System.Text.Encodings.Web;
using System.Text.Json;

namespace WorkflowEngine.Cli;

/// <summary>The events of one job, a line of JSON each; members that do not apply are absent. Truncated when it is opened.</summary>
internal sealed class EventsFile : IAsyncDisposable
{
    private readonly FileStream _file;
    private readonly MemoryStream _line = new();
    private readonly Utf8JsonWriter _json;

    private EventsFile(FileStream file)
    {
        _file = file;
        _json = new Utf8JsonWriter(_line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    /// <exception cref="UsageException">The file cannot be written.</exception>
    public static EventsFile Open(string path)
    {
        try
        {
            return new EventsFile(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 64 * 1024));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"--events: {path} cannot be written: {error.Message}");
        }
    }

    public void Write(JobEvent happened)
    {
        _line.SetLength(0);
        _json.Reset();
        EventJson.Write(_json, happened);
        _json.Flush();
        _line.WriteByte((byte)'\n');
        _file.Write(_line.GetBuffer(), 0, (int)_line.Length);
    }

    /// <summary>Makes what was written visible to readers.</summary>
    public void Flush() => _file.Flush();

    public async ValueTask DisposeAsync()
    {
        await _json.DisposeAsync();
        await _line.DisposeAsync();
        await _file.DisposeAsync();
    }
}
