using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace WorkflowEngine.Crash;

/// <summary>Leaves lines in the ledger; a line is kept when its task has ended.</summary>
internal sealed class LedgerClient : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private readonly NetworkStream _stream;
    private readonly int _life;

    public LedgerClient(string socket, int life)
    {
        _life = life;
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        connection.Connect(new UnixDomainSocketEndPoint(socket));
        _stream = new NetworkStream(connection, ownsSocket: true);
        _ = ReadAcknowledgementsAsync();
    }

    public Task SignAsync(string name) => KeepAsync(new LedgerLine { Life = _life, Kind = name });

    public Task AcceptedAsync(JobId job, string flow, int number, bool existed)
        => KeepAsync(new LedgerLine { Life = _life, Kind = existed ? LedgerLine.Existed : LedgerLine.Accepted, Job = job.ToString(), Flow = flow, Number = number });

    public Task EffectAsync(LedgerLine effect) => KeepAsync(effect with { Life = _life, Kind = LedgerLine.Effect });

    public void Dispose() => _stream.Dispose();

    private Task KeepAsync(LedgerLine line)
    {
        var kept = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var bytes = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(line) + "\n");
        lock (_gate)
        {
            _waiting.Enqueue(kept);
            _stream.Write(bytes);
        }

        return kept.Task;
    }

    private async Task ReadAcknowledgementsAsync()
    {
        var buffer = new byte[1024];
        while (await _stream.ReadAsync(buffer) is var count and > 0)
        {
            for (var i = 0; i < count; i++)
            {
                lock (_gate)
                {
                    _waiting.Dequeue().SetResult();
                }
            }
        }
    }
}
