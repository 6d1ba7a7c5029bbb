using System.Text;
using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>What some events carry besides the frame.</summary>
internal sealed record EventNotes(string? Actor = null, string? Reason = null, string? Message = null, JsonElement? Data = null, string? Node = null);

/// <summary>
/// The stored form of events: a version byte, then per event its kind, a byte of flags, the time as a signed difference in 100 ns to the event before
/// (for the first: to the job id's own millisecond), and only the members that apply. An event of the same step as the one before does not repeat the path.
/// </summary>
internal static class EventCode
{
    private const byte FormVersion = 1;

    private static readonly string[] Words = [.. Enum.GetNames<EventKind>().Select(Word)];

    [Flags]
    private enum Has : byte
    {
        Path = 1,
        SamePath = 2,
        StepChange = 4,
        JobChange = 8,
        Attempt = 16,
        Notes = 32,
    }

    public static string WordOf(EventKind kind) => Words[(int)kind];

    public static long EpochOf(JobId job) => IdTime(job);

    public static IReadOnlyList<JobEvent> Read(EventRow row)
    {
        try
        {
            return Decode(row);
        }
        catch (Exception error) when (error is IndexOutOfRangeException or ArgumentException or FormatException or JsonException)
        {
            throw new StoreException($"The events {row.FirstSequence}–{row.FirstSequence + row.Count - 1} of job {row.JobId} are damaged.", isTransient: false, error);
        }
    }

    /// <summary>Appends to a buffer that is reused from transition to transition.</summary>
    internal sealed class Writer
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

        public void Job(EventKind kind, JobId job, long time, JobStatus from, JobStatus to, int attempt, EventNotes? notes)
        {
            Frame(kind, job, time, Has.JobChange | (attempt > 0 ? Has.Attempt : 0) | (notes is null ? 0 : Has.Notes), path: null);
            Byte((byte)from);
            Byte((byte)to);
            Tail(attempt, notes);
        }

        public void Step(EventKind kind, JobId job, long time, string path, StepStatus from, StepStatus to, int attempt, EventNotes? notes)
        {
            Frame(kind, job, time, (from == to ? 0 : Has.StepChange) | (attempt > 0 ? Has.Attempt : 0) | (notes is null ? 0 : Has.Notes), path);
            if (from != to)
            {
                Byte((byte)from);
                Byte((byte)to);
            }

            Tail(attempt, notes);
        }

        public void Note(EventKind kind, JobId job, long time, string? path, EventNotes notes)
        {
            Frame(kind, job, time, Has.Notes, path);
            Tail(0, notes);
        }

        private void Frame(EventKind kind, JobId job, long time, Has has, string? path)
        {
            if (Count++ == 0)
            {
                Byte(FormVersion);
                _time = IdTime(job);
            }

            has |= path is null ? 0 : ReferenceEquals(path, _path) ? Has.SamePath : Has.Path;
            Byte((byte)kind);
            Byte((byte)has);
            var difference = time - _time;
            Number((ulong)((difference << 1) ^ (difference >> 63)));
            _time = time;
            if ((has & Has.Path) != 0)
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

    private static List<JobEvent> Decode(EventRow row)
    {
        if (row.Count > row.Bytes.Length)
        {
            throw new FormatException("There are fewer bytes than events.");
        }

        var events = new List<JobEvent>(row.Count);
        var reader = new Reader(row.Bytes.Span);
        if (reader.Byte() != FormVersion)
        {
            throw new FormatException("The form version is unknown.");
        }

        string? path = null;
        var time = IdTime(row.JobId);
        for (var i = 0; i < row.Count; i++)
        {
            var kind = (EventKind)reader.Byte();
            var has = (Has)reader.Byte();
            var zigzag = reader.Number();
            time += (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
            path = (has & Has.Path) != 0 ? reader.Text() : path;
            var ofStep = (has & (Has.Path | Has.SamePath)) != 0;
            if (ofStep && path is null)
            {
                throw new FormatException("The path of a step is missing.");
            }

            string? from = null, to = null;
            if ((has & Has.JobChange) != 0)
            {
                (from, to) = (reader.Status<JobStatus>().ToWord(), reader.Status<JobStatus>().ToWord());
            }
            else if ((has & Has.StepChange) != 0)
            {
                (from, to) = (reader.Status<StepStatus>().ToWord(), reader.Status<StepStatus>().ToWord());
            }

            int? attempt = (has & Has.Attempt) != 0 ? (int)reader.Number() : null;
            var notes = (has & Has.Notes) != 0 ? reader.Notes() : null;
            events.Add(new JobEvent(row.FirstSequence + i, WordOf(kind), new DateTimeOffset(time, TimeSpan.Zero), row.JobId, row.FlowId)
            {
                StepPath = ofStep ? path : null,
                StepId = ofStep ? path![(path!.LastIndexOf('.') + 1)..] : null,
                From = kind == EventKind.JobCreated ? null : from,
                To = to,
                Attempt = attempt,
                Actor = notes?.Actor,
                Reason = notes?.Reason,
                Message = notes?.Message,
                Node = notes?.Node,
                Data = notes?.Data,
            });
        }

        return events;
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _position;

        public byte Byte() => _bytes[_position++];

        public T Status<T>() where T : struct, Enum
            => (T)(object)(int)Byte() is var status && Enum.IsDefined(status) ? status : throw new FormatException("A status is unknown.");

        public ulong Number()
        {
            ulong value = 0;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var next = Byte();
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }

            throw new FormatException("A number has no end.");
        }

        public string? Text()
        {
            var written = Number(); // 0 stands for null, everything else is one more than the length.
            if (written == 0)
            {
                return null;
            }

            var length = (int)Math.Min(written - 1, int.MaxValue);
            var text = Encoding.UTF8.GetString(_bytes.Slice(_position, length));
            _position += length;
            return text;
        }

        public EventNotes Notes()
        {
            var (actor, reason, message, data, node) = (Text(), Text(), Text(), Text(), Text());
            return new EventNotes(actor, reason, message, data is null ? default(JsonElement?) : JsonElement.Parse(data), node);
        }
    }

    private static long IdTime(JobId job)
    {
        // The first 48 bits of a version-7 GUID are milliseconds since 1970 (RFC 9562 §5.7).
        Span<byte> bytes = stackalloc byte[16];
        job.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        long milliseconds = 0;
        for (var i = 0; i < 6; i++)
        {
            milliseconds = (milliseconds << 8) | bytes[i];
        }

        return DateTime.UnixEpoch.Ticks + (milliseconds * TimeSpan.TicksPerMillisecond);
    }

    private static string Word(string name)
    {
        var split = name.AsSpan(1).IndexOfAnyInRange('A', 'Z') + 1;
        return $"{name[..split].ToLowerInvariant()}.{name[split..].ToLowerInvariant()}";
    }
}
