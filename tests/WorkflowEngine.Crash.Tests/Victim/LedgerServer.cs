using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace WorkflowEngine.Crash;

/// <summary>
/// The effect ledger: a process of its own with a file of its own. A line is acknowledged only once it is on disk, so that what a victim did before it died is known
/// whatever became of the victim's store. Ends when its standard input does, that is with the process that started it.
/// </summary>
internal static class LedgerServer
{
    public static async Task RunAsync(string socket, string file)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(socket));
        listener.Listen(64);
        var lines = Channel.CreateUnbounded<(string Line, TaskCompletionSource Kept)>(new UnboundedChannelOptions { SingleReader = true });
        _ = AcceptAsync(listener, lines.Writer);
        _ = KeepAsync(file, lines.Reader);
        Console.WriteLine("listening");
        while (await Console.In.ReadLineAsync() is not null)
        {
        }
    }

    private static async Task AcceptAsync(Socket listener, ChannelWriter<(string, TaskCompletionSource)> lines)
    {
        while (true)
        {
            _ = ServeAsync(await listener.AcceptAsync(), lines);
        }
    }

    /// <summary>Acknowledges in the order of arrival. What arrived whole counts, even when its sender is dead by then.</summary>
    private static async Task ServeAsync(Socket client, ChannelWriter<(string, TaskCompletionSource)> lines)
    {
        using var stream = new NetworkStream(client, ownsSocket: true);
        var pending = Channel.CreateUnbounded<Task>(new UnboundedChannelOptions { SingleReader = true });
        var replying = ReplyAsync(stream, pending.Reader);
        var reader = new LineReader(stream);
        while (await reader.ReadAsync() is { } line)
        {
            var kept = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            pending.Writer.TryWrite(kept.Task);
            lines.TryWrite((line, kept));
        }

        pending.Writer.Complete();
        await replying;
    }

    private static async Task ReplyAsync(NetworkStream stream, ChannelReader<Task> pending)
    {
        await foreach (var kept in pending.ReadAllAsync())
        {
            await kept;
            try
            {
                await stream.WriteAsync("\n"u8.ToArray());
            }
            catch (IOException)
            {
                // The victim is dead.
            }
        }
    }

    /// <summary>Whatever has arrived meanwhile shares one flush.</summary>
    private static async Task KeepAsync(string path, ChannelReader<(string Line, TaskCompletionSource Kept)> lines)
    {
        await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        var batch = new List<(string Line, TaskCompletionSource Kept)>();
        while (await lines.WaitToReadAsync())
        {
            var text = new StringBuilder();
            while (batch.Count < 1000 && lines.TryRead(out var line))
            {
                batch.Add(line);
                text.Append(Stopwatch.GetTimestamp()).Append(' ').Append(line.Line).Append('\n');
            }

            await file.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()));
            file.Flush(flushToDisk: true);
            await Console.Out.WriteAsync(text);
            await Console.Out.FlushAsync();
            batch.ForEach(kept => kept.Kept.SetResult());
            batch.Clear();
        }
    }

    /// <summary>Whole lines only: what a dying process wrote half is nothing.</summary>
    private sealed class LineReader(Stream stream)
    {
        private readonly byte[] _buffer = new byte[16 * 1024];
        private readonly ArrayBufferWriter<byte> _line = new();
        private int _start;
        private int _end;

        public async Task<string?> ReadAsync()
        {
            while (true)
            {
                var length = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start) - _start;
                if (length >= 0)
                {
                    _line.Write(_buffer.AsSpan(_start, length));
                    _start += length + 1;
                    var line = Encoding.UTF8.GetString(_line.WrittenSpan);
                    _line.Clear();
                    return line;
                }

                _line.Write(_buffer.AsSpan(_start, _end - _start));
                _start = 0;
                _end = await ReceiveAsync();
                if (_end == 0)
                {
                    return null;
                }
            }
        }

        private async Task<int> ReceiveAsync()
        {
            try
            {
                return await stream.ReadAsync(_buffer);
            }
            catch (IOException)
            {
                return 0;
            }
        }
    }
}
