using System.Text;

namespace WorkflowEngine.Cli;

/// <summary>Stderr that may be closed or full: what is said there is for people, and a job goes on when nobody listens.</summary>
internal sealed class QuietErrors(TextWriter errors) : TextWriter
{
    public override Encoding Encoding => errors.Encoding;

    public override void Write(char value) => Try(() => errors.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => errors.Write(buffer, index, count));

    public override void Write(string? value) => Try(() => errors.Write(value));

    public override void WriteLine(string? value) => Try(() => errors.WriteLine(value));

    public override Task WriteLineAsync(string? value)
    {
        WriteLine(value);
        return Task.CompletedTask;
    }

    public override Task WriteAsync(string? value)
    {
        Write(value);
        return Task.CompletedTask;
    }

    public override void Flush() => Try(errors.Flush);

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            // Nobody is there to be told.
        }
    }
}
