using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Jobs;

/// <summary>The stored form of events: what is written comes back, and what is damaged is said to be.</summary>
public sealed class EventCodeTests
{
    private static readonly JobId Job = JobId.New(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private static readonly string?[] Texts = [null, "", "a", "ä😀\0\n", new string('x', 300)];
    private static readonly string[] Paths = ["a", "each[3].resize", "long-" + new string('p', 120)];

    private sealed record Written(EventKind Kind, int Form, int From, int To, int Attempt, long Time, int Path, EventNotes? Notes);

    private static readonly Gen<EventNotes?> NotesOf =
        from has in Gen.Elements(true, true, false)
        from actor in Gen.Elements(Texts)
        from reason in Gen.Elements(Texts)
        from message in Gen.Elements(Texts)
        from node in Gen.Elements(Texts)
        from data in Gen.Elements(null, "{}", "{\"percentage\":12.5}", "[1,\"ü\"]", "null")
        select has ? new EventNotes(actor, reason, message, data is null ? null : JsonElement.Parse(data), node) : null;

    private static readonly Gen<Written> WrittenOf =
        from kind in Gen.Elements(Enum.GetValues<EventKind>())
        from form in Gen.Choose(0, 2)
        from @from in Gen.Choose(0, 7)
        from to in Gen.Choose(0, 7)
        from attempt in Gen.Elements(0, 1, 2, 127, 128, 1000)
        from time in Gen.Choose(-1_000_000, int.MaxValue)
        from path in Gen.Choose(0, 2)
        from notes in NotesOf
        let isChange = kind is EventKind.StepStarted or EventKind.StepCompleted // These always tell of a change of a step.
        select new Written(kind, isChange ? 1 : form, @from, isChange && @from == to ? (to + 1) % 8 : to, attempt, time * 1000L, path, notes);

    private static Arbitrary<Written[]> Rows { get; } = Arb.From(Gen.Choose(1, 30).SelectMany(count => WrittenOf.ArrayOf(count)));

    [Fact]
    public void Read_OfWhatWasWritten_GivesItBack()
        => Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(Rows, static written =>
        {
            var events = RowOf(written).Read();
            return events.Count == written.Length && events.Zip(written).Select((pair, at) => IsSame(pair.First, pair.Second, at)).All(same => same);
        }));

    [Fact]
    public void Read_OfDamagedBytes_ThrowsStoreExceptionOrReads()
    {
        var damages = from written in Rows.Generator
                      from flips in Gen.Choose(1, 4).SelectMany(count => Gen.Choose(0, int.MaxValue).ArrayOf(count))
                      from cut in Gen.Choose(0, 3)
                      select (written, flips, cut);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(20_000), Prop.ForAll(Arb.From(damages), static damage =>
        {
            var row = RowOf(damage.written);
            var bytes = row.Bytes.ToArray();
            foreach (var flip in damage.flips)
            {
                bytes[flip % bytes.Length] ^= (byte)(1 + (flip >> 8) % 255);
            }

            return ReadsOrIsDamaged(row with { Bytes = damage.cut == 0 ? bytes.AsMemory(0, damage.flips[0] % bytes.Length) : bytes });
        }));
    }

    [Fact]
    public void Read_OfNoise_ThrowsStoreExceptionOrReads()
        => Check.One(Config.QuickThrowOnFailure.WithMaxTest(20_000), Prop.ForAll(Arb.From(Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf()), static bytes
            => ReadsOrIsDamaged(new EventRow(Job, "flow", 1, 1 + (bytes.Length % 5), bytes)) && ReadsOrIsDamaged(new EventRow(Job, "flow", 1, 1 + (bytes.Length % 5), (byte[])[1, .. bytes]))));

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    public void Read_WithImpossibleCount_ThrowsStoreException(int count)
    {
        var read = () => (RowOf([new Written(EventKind.JobStarted, 0, 0, 1, 1, 0, 0, null)]) with { Count = count }).Read();

        read.Should().Throw<StoreException>().Which.IsTransient.Should().BeFalse();
    }

    private static bool ReadsOrIsDamaged(EventRow row)
    {
        try
        {
            return row.Read().Count == row.Count;
        }
        catch (StoreException error)
        {
            return !error.IsTransient;
        }
    }

    private static EventRow RowOf(IReadOnlyList<Written> written)
    {
        var writer = new EventWriter();
        foreach (var one in written)
        {
            var time = EventCode.TimeOf(Job) + one.Time;
            switch (one.Form)
            {
                case 0:
                    writer.Job(one.Kind, Job, time, (JobStatus)one.From, (JobStatus)one.To, one.Attempt, one.Notes);
                    break;
                case 1:
                    writer.Step(one.Kind, Job, time, Paths[one.Path], (StepStatus)one.From, (StepStatus)one.To, one.Attempt, one.Notes);
                    break;
                default:
                    writer.Note(one.Kind, Job, time, one.Path == 0 ? null : Paths[one.Path], one.Notes ?? new EventNotes());
                    break;
            }
        }

        return new EventRow(Job, "flow", 5, writer.Count, writer.Written.ToArray());
    }

    private static bool IsSame(JobEvent read, Written written, int at)
    {
        var path = written.Form == 0 || (written.Form == 2 && written.Path == 0) ? null : Paths[written.Path];
        var (from, to) = written.Form switch
        {
            0 => (((JobStatus)written.From).ToWord(), ((JobStatus)written.To).ToWord()),
            1 when written.From != written.To => (((StepStatus)written.From).ToWord(), ((StepStatus)written.To).ToWord()),
            _ => (null, (string?)null),
        };
        return read.Sequence == 5 + at
            && read.Type == EventCode.WordOf(written.Kind)
            && read.Timestamp.UtcTicks == EventCode.TimeOf(Job) + written.Time
            && (read.StepPath, read.To, read.From) == (path, to, written.Kind == EventKind.JobCreated ? null : from)
            && read.StepId == path?[(path.LastIndexOf('.') + 1)..]
            && read.Attempt == (written.Form == 2 || written.Attempt == 0 ? null : written.Attempt)
            && (read.Actor, read.Reason, read.Message, read.Node) == (written.Notes?.Actor, written.Notes?.Reason, written.Notes?.Message, written.Notes?.Node)
            && read.Data?.GetRawText() == written.Notes?.Data?.GetRawText();
    }
}
