using System.Text;

namespace WorkflowEngine;

/// <summary>Appends to a buffer that is reused from transition to transition.</summary>
internal sealed class EventWriter
{
    private byte[] _buffer = new byte[96];
    private int _length;
    private string? _path;
    private long _time;

    public int Count { get; private set; }

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    public void Reset()
    {
        _length = 0;
        _path = null;
        Count = 0;
    }

    /// <summary>Names the node that commits these events, once for all of them, behind the last: the name, then its length. They are complete then.</summary>
    public void Sign(string node)
    {
        if (Count > 0)
        {
            var name = node.AsSpan(0, Math.Min(node.Length, EventCode.LongestNode));
            var length = Encoding.UTF8.GetByteCount(name);
            Room(length);
            _length += Encoding.UTF8.GetBytes(name, _buffer.AsSpan(_length));
            Byte((byte)length);
            _buffer[0] = EventCode.SignedForm;
        }
    }

    public void Job(EventKind kind, JobId job, long time, JobStatus from, JobStatus to, int attempt, EventNotes? notes)
    {
        Frame(kind, job, time, EventCode.Has.JobChange | (attempt > 0 ? EventCode.Has.Attempt : 0) | (notes is null ? 0 : EventCode.Has.Notes), path: null);
        Byte((byte)from);
        Byte((byte)to);
        Tail(attempt, notes);
    }

    public void Step(EventKind kind, JobId job, long time, string path, StepStatus from, StepStatus to, int attempt, EventNotes? notes)
    {
        var isImplied = EventCode.UsualChange(kind) is { } usual ? usual == (from, to) : from == to;
        Frame(kind, job, time, (isImplied ? 0 : EventCode.Has.StepChange) | (attempt > 0 ? EventCode.Has.Attempt : 0) | (notes is null ? 0 : EventCode.Has.Notes), path);
        if (!isImplied)
        {
            Byte((byte)from);
            Byte((byte)to);
        }

        Tail(attempt, notes);
    }

    public void Note(EventKind kind, JobId job, long time, string? path, EventNotes notes)
    {
        Frame(kind, job, time, EventCode.Has.Notes, path);
        Tail(0, notes);
    }

    private void Frame(EventKind kind, JobId job, long time, EventCode.Has has, string? path)
    {
        if (Count++ == 0)
        {
            Byte(EventCode.FormVersion);
            _time = EventCode.TimeOf(job);
        }

        has |= path is null ? 0 : ReferenceEquals(path, _path) ? EventCode.Has.SamePath : EventCode.Has.Path;
        Byte((byte)kind);
        Byte((byte)has);
        var difference = time - _time;
        Number((ulong)((difference << 1) ^ (difference >> 63)));
        _time = time;
        if ((has & EventCode.Has.Path) != 0)
        {
            Text(path);
            _path = path;
        }
    }

    private void Tail(int attempt, EventNotes? notes)
    {
        if (attempt > 0)
        {
            Number((uint)attempt);
        }

        if (notes is not null)
        {
            Text(notes.Actor);
            Text(notes.Reason);
            Text(notes.Message);
            Text(notes.Data?.GetRawText());
            Text(notes.Node);
        }
    }

    private void Byte(byte value)
    {
        Room(1);
        _buffer[_length++] = value;
    }

    private void Number(ulong value)
    {
        Room(10);
        while (value >= 0x80)
        {
            _buffer[_length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[_length++] = (byte)value;
    }

    private void Text(string? text)
    {
        if (text is null)
        {
            Byte(0);
            return;
        }

        var length = Encoding.UTF8.GetByteCount(text);
        Number((ulong)length + 1);
        Room(length);
        _length += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_length));
    }

    private void Room(int bytes)
    {
        if (_buffer.Length - _length < bytes)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
        }
    }
}
