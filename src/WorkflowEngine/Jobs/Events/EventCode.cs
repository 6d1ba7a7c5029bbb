using System.Text;
using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>The kinds of event, by the byte they are stored as; the order is part of the stored form and is only ever added to.</summary>
internal enum EventKind : byte
{
    JobCreated,
    JobStarted,
    JobPaused,
    JobResumed,
    JobWaiting,
    JobRetried,
    JobCompleted,
    JobFailed,
    JobCancelled,
    StepQueued,
    StepStarted,
    StepProgress,
    StepRetrying,
    StepWaiting,
    StepCompleted,
    StepFailed,
    StepSkipped,
    StepBlocked,
    StepCancelled,
    CheckpointCreated,
    CheckpointRestored,
    VariableSet,
    CommandApplied,
    CommandRefused,
}

/// <summary>What some events carry besides the frame.</summary>
internal sealed record EventNotes(string? Actor = null, string? Reason = null, string? Message = null, JsonElement? Data = null, string? Node = null);

/// <summary>
/// The stored form of events: a version byte, then per event its kind, a byte of flags, the time as a signed difference in 100 ns to the event before
/// (for the first: to the job id's own millisecond), and only the members that apply. An event of the same step as the one before does not repeat the path.
/// </summary>
internal static class EventCode
{
    internal const byte FormVersion = 1;

    /// <summary>As version 1, and the name of the committing node behind the last event.</summary>
    internal const byte SignedForm = 2;

    /// <summary>In characters: as many never take more than the 255 bytes that can be counted.</summary>
    internal const int LongestNode = 80;

    private static readonly string[] Words = [.. Enum.GetNames<EventKind>().Select(Word)];

    [Flags]
    internal enum Has : byte
    {
        Path = 1,
        SamePath = 2,
        StepChange = 4,
        JobChange = 8,
        Attempt = 16,
        Notes = 32,
    }

    /// <summary>The change that a kind of event nearly always tells of; it is not written then.</summary>
    internal static (StepStatus From, StepStatus To)? UsualChange(EventKind kind) => kind switch
    {
        EventKind.StepStarted => (StepStatus.Pending, StepStatus.Running),
        EventKind.StepCompleted => (StepStatus.Running, StepStatus.Completed),
        _ => null,
    };

    public static string WordOf(EventKind kind) => Words[(int)kind];

    public static IReadOnlyList<JobEvent> Read(EventRow row)
    {
        try
        {
            return Decode(row);
        }
        catch (Exception error) when (error is IndexOutOfRangeException or ArgumentException or FormatException or JsonException)
        {
            throw new StoreException($"The events {row.FirstSequence}–{row.FirstSequence + row.Count - 1} of job {row.JobId} are damaged.", isTransient: false, error) { Problem = StoreProblem.Damaged };
        }
    }

    private static List<JobEvent> Decode(EventRow row)
    {
        if (row.Count > row.Bytes.Length)
        {
            throw new FormatException("There are fewer bytes than events.");
        }

        var events = new List<JobEvent>(row.Count);
        var bytes = row.Bytes.Span;
        string? node = null;
        if (bytes[0] == SignedForm)
        {
            var name = bytes.Slice(bytes.Length - 1 - bytes[^1], bytes[^1]);
            node = Encoding.UTF8.GetString(name);
            bytes = bytes[..^(name.Length + 1)];
        }
        else if (bytes[0] != FormVersion)
        {
            throw new FormatException("The form version is unknown.");
        }

        var reader = new Reader(bytes[1..]);

        string? path = null;
        var time = TimeOf(row.JobId);
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

            var (from, to) = ChangeOf(kind, has, ofStep, ref reader);
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
                Node = notes?.Node ?? node,
                Data = notes?.Data,
            });
        }

        return events;
    }

    private static (string? From, string? To) ChangeOf(EventKind kind, Has has, bool ofStep, ref Reader reader)
    {
        if ((has & Has.JobChange) != 0)
        {
            return (((JobStatus)reader.Byte()).ToWord(), ((JobStatus)reader.Byte()).ToWord());
        }

        var change = (has & Has.StepChange) != 0 ? ((StepStatus)reader.Byte(), (StepStatus)reader.Byte()) : ofStep ? UsualChange(kind) : null;
        return change is { } step && step.From != step.To ? (step.From.ToWord(), step.To.ToWord()) : (null, null);
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

    /// <summary>The millisecond that a job id carries, in UTC ticks.</summary>
    internal static long TimeOf(JobId job)
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
