using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Storage;

/// <summary>
/// Files that are not what was written (R15): what opens shows a prefix of what was committed, whole transitions only; what cannot be trusted is refused; wrong data is never shown.
/// <c>DAMAGE_LONG=1</c> cuts at every 512 bytes of the whole log and flips every byte of the header.
/// </summary>
public sealed class DamagedFileTests : IDisposable
{
    private const int Versions = 60;
    private const int Sector = 512;

    private static readonly Guid Owner = new("00000000-0000-0000-0000-000000000001");
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("DAMAGE_LONG") == "1";

    private readonly SqliteFolder _written = new();
    private readonly SqliteFolder _damaged = new();
    private readonly JobId _job = JobId.New(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public void Dispose()
    {
        _written.Dispose();
        _damaged.Dispose();
    }

    [Fact]
    public async Task Log_CutAtEverySector_GivesAPrefixOfWhatWasCommitted()
    {
        await WriteAsync();
        var log = await File.ReadAllBytesAsync(_written.File + "-wal");
        var first = IsLong ? 0 : Math.Max(0, log.Length - (64 * 1024));
        var seen = new List<long>();
        for (var length = first; length <= log.Length; length += Sector)
        {
            await LayOutAsync(log.AsMemory(0, length));
            seen.Add(await VersionAsync());
        }

        seen.Should().BeInAscendingOrder("a longer log holds more, never something else");
        seen[^1].Should().BeInRange(Versions - 1, Versions);
        seen.Distinct().Count().Should().BeGreaterThan(3, "the cuts fell into several commits");
        await LayOutAsync(log);
        (await VersionAsync()).Should().Be(Versions, "the whole log is the control");
    }

    [Fact]
    public async Task Log_WithAFlippedBit_EndsWhereTheDamageBegins()
    {
        await WriteAsync();
        var log = await File.ReadAllBytesAsync(_written.File + "-wal");
        var random = new Random(15);
        for (var round = 0; round < (IsLong ? 1000 : 60); round++)
        {
            var damaged = log.ToArray();
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            await LayOutAsync(damaged);
            (await VersionAsync()).Should().BeInRange(-1, Versions);
        }
    }

    [Fact]
    public async Task Header_WithAFlippedByte_IsRefusedOrHarmless()
    {
        await WriteAsync();
        await CheckpointAsync();
        var header = await File.ReadAllBytesAsync(_written.File);
        var (refused, opened) = (0, 0);
        for (var at = 0; at < 100; at += IsLong ? 1 : 3)
        {
            var damaged = header.ToArray();
            damaged[at] ^= 0xFF;
            await File.WriteAllBytesAsync(_damaged.File, damaged);
            File.Delete(_damaged.File + "-wal");
            File.Delete(_damaged.File + "-shm");
            if (await TryVersionAsync() is { } version)
            {
                version.Should().Be(Versions, $"byte {at} of the header was flipped and the file opened");
                opened++;
            }
            else
            {
                refused++;
            }
        }

        (refused > 0 && opened > 0).Should().BeTrue($"{refused} were refused, {opened} opened: some header bytes are counters that say nothing about the data");
    }

    [Fact]
    public async Task SharedMemory_Removed_IsMadeAnew()
    {
        await WriteAsync();
        await LayOutAsync(await File.ReadAllBytesAsync(_written.File + "-wal"));
        await File.WriteAllBytesAsync(_damaged.File + "-shm", new byte[32768]);
        (await VersionAsync(keepsSharedMemory: true)).Should().Be(Versions);

        File.Delete(_damaged.File + "-shm");
        (await VersionAsync()).Should().Be(Versions);
    }

    [Fact]
    public async Task Log_Deleted_GivesTheStateOfTheLastCheckpoint()
    {
        await WriteAsync();
        await LayOutAsync(ReadOnlyMemory<byte>.Empty);
        File.Delete(_damaged.File + "-wal");

        (await VersionAsync()).Should().BeInRange(-1, Versions - 1, "the rest was in the log; what is left is whole");
    }

    /// <summary>One job, committed version by version; the files are copied before the store closes, as a crash leaves them.</summary>
    private async Task WriteAsync()
    {
        var crashed = new SqliteFolder();
        await using (var store = crashed.Open())
        {
            var verdicts = new CommitVerdict[1];
            for (var version = 1; version <= Versions; version++)
            {
                await store.CommitAsync(new[] { Transition(version) }, verdicts, default);
                verdicts[0].Result.Should().Be(CommitResult.Committed);
            }

            File.Copy(crashed.File, _written.File, overwrite: true);
            File.Copy(crashed.File + "-wal", _written.File + "-wal", overwrite: true);
        }

        crashed.Dispose();
    }

    private async Task CheckpointAsync()
    {
        await using var store = _written.Open();
    }

    private async Task LayOutAsync(ReadOnlyMemory<byte> log)
    {
        File.Delete(_damaged.File + "-shm");
        File.Copy(_written.File, _damaged.File, overwrite: true);
        await File.WriteAllBytesAsync(_damaged.File + "-wal", log.ToArray());
    }

    private async Task<long?> TryVersionAsync()
    {
        try
        {
            return await VersionAsync();
        }
        catch (StoreException error)
        {
            error.Message.Should().Contain(_damaged.File);
            return null;
        }
    }

    /// <summary>The version of the job; -1: not there. Whatever is there must be whole: the head, a step and an event for every version.</summary>
    private async Task<long> VersionAsync(bool keepsSharedMemory = false)
    {
        if (!keepsSharedMemory)
        {
            File.Delete(_damaged.File + "-shm");
        }

        await using var store = _damaged.Open();
        if (await store.LoadAsync(_job, JobParts.Steps, default) is not { } job)
        {
            return -1;
        }

        var version = job.Head.Version;
        job.Head.Sequence.Should().Be(version);
        job.Steps.Select(step => (step.Index, step.Attempt)).Should().Equal(Enumerable.Range(1, (int)version).Select(at => (at, at)));
        var events = await store.ReadEventsAsync(new EventQuery(_job, 0), default);
        events.Rows.Select(row => row.FirstSequence).Should().Equal(Enumerable.Range(1, (int)version).Select(at => (long)at));
        return version;
    }

    private JobTransition Transition(int version) => new TransitionBuilder
    {
        Id = _job,
        Incarnation = Owner,
        Epoch = 1,
        Creation = version > 1 ? null : new JobCreation { Id = _job, FlowId = "flow", FlowVersion = "1", CreatedAt = 1 },
        Head = new JobHead { Version = version, Sequence = version, Status = JobStatus.Running },
        Steps = [new StepRow { Path = $"s{version}", Index = version, Attempt = version, Status = StepStatus.Completed, Output = new PacketSlot(DataPacket.Of(new string('x', version * 20))) }],
        Events = new EventRow(_job, "flow", version, 1, new byte[] { 1 }),
    }.Build();
}
