using System.Security.Cryptography;

namespace WorkflowEngine.Tests.Data;

public sealed class FilePacketStoreTests : PacketFolder
{
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3_000_000)]
    public async Task StorePacket_ThenRetrieve_GivesTheSameBytes(int length)
    {
        var content = Bytes(1, length);

        var reference = await KeepAsync(content);

        reference.Length.Should().Be(length);
        reference.Checksum.Should().Be(Convert.ToHexStringLower(SHA256.HashData(content)));
        reference.Location.Should().MatchRegex($"^news/{Owner.Id}/[0-9a-f-]{{36}}\\.json$");
        (await Store.RetrievePacketAsync(reference)).ToArray().Should().Equal(content);
        Directory.GetFiles(JobFolder(Owner)).Should().Equal(FileOf(reference));
    }

    [Fact]
    public async Task StorePacket_SameContentTwice_MakesTwoPlaces()
        => (await KeepAsync([1])).Location.Should().NotBe((await KeepAsync([1])).Location);

    [Fact]
    public void Constructor_BeforeTheFirstWrite_MakesNoFolder() => Directory.Exists(Root).Should().BeFalse();

    [Fact]
    public async Task StorePacket_OnUnix_IsReadableByTheOwnUserOnly()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no mode bits; rights are inherited from the root.");
#pragma warning disable CA1416 // Guarded by the skip above.
        var reference = await KeepAsync([1]);

        File.GetUnixFileMode(FileOf(reference)).Should().Be(OwnFile);
        foreach (var folder in new[] { Root, Path.GetDirectoryName(JobFolder(Owner))!, JobFolder(Owner) })
        {
            File.GetUnixFileMode(folder).Should().Be(OwnFile | UnixFileMode.UserExecute);
        }
#pragma warning restore CA1416
    }

    [Fact]
    public async Task StorePacket_HundredAtOnce_KeepsEveryOne()
    {
        var owners = Enumerable.Range(0, 5).Select(i => NewOwner($"flow{i}")).ToArray();
        var references = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => KeepAsync(Bytes(i, 1000 + i), owners[i % 5]).AsTask()));

        references.Select(reference => reference.Location).Should().OnlyHaveUniqueItems();
        for (var i = 0; i < 100; i++)
        {
            (await Store.RetrievePacketAsync(references[i])).ToArray().Should().Equal(Bytes(i, 1000 + i));
        }
    }

    [Fact]
    public async Task StorePacket_WhereTheRootIsAFile_IsAnIOException()
    {
        await File.WriteAllTextAsync(Root, "in the way");

        await this.Invoking(test => test.KeepAsync([1]).AsTask()).Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task StorePacket_CancelledWhileWriting_LeavesNoFile()
    {
        using var source = new CancellationTokenSource();
        var store = new FilePacketStore(Root, new CancellingTime(source));

        await store.Invoking(s => s.StorePacketAsync(Owner, "step", Bytes(1, 1000), source.Token).AsTask()).Should().ThrowAsync<OperationCanceledException>();

        Directory.Exists(JobFolder(Owner)).Should().BeTrue("the attempt had begun");
        Directory.GetFiles(Root, "*", SearchOption.AllDirectories).Should().BeEmpty();
    }

    [Fact]
    public async Task RetrievePacket_Missing_NamesTheFile()
    {
        var reference = await KeepAsync([1]);
        File.Delete(FileOf(reference));

        (await Store.Invoking(store => store.RetrievePacketAsync(reference).AsTask()).Should().ThrowAsync<DataPacketException>())
            .Which.Message.Should().Contain(reference.Location);
    }

    [Fact]
    public async Task RetrievePacket_AfterAnyOfThousandMutations_IsRefused()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            var content = Bytes(seed, random.Next(1, 3000));
            var reference = await KeepAsync(content);
            var neighbour = await KeepAsync(Bytes(-1 - seed, random.Next(2) == 0 ? content.Length : 500));
            var changed = Mutate(random, reference, neighbour, content);

            await ReadIsRefusedAsync(reference, $"seed {seed} ({changed}) changed the file");
            if (changed != "swap")
            {
                (await Store.RetrievePacketAsync(neighbour)).Length.Should().Be((int)neighbour.Length, "seed {0} left the neighbour alone", seed);
            }
        }
    }

    [Fact]
    public async Task CleanupJob_WithKeep_RemovesAllButThose()
    {
        var kept = await KeepAsync([1]);
        var gone = await KeepAsync([2]);
        var other = await KeepAsync([3], NewOwner("news"));
        await File.WriteAllTextAsync(Path.Combine(JobFolder(Owner), "x.tmp"), "left by a crash");

        await Store.CleanupJobAsync(Owner, [kept, other]);

        Directory.GetFiles(JobFolder(Owner)).Should().Equal(FileOf(kept));
        await ReadIsRefusedAsync(gone);
        File.Exists(FileOf(other)).Should().BeTrue();
    }

    [Fact]
    public async Task CleanupJob_WithoutKeep_RemovesTheFolderAndMayBeRepeated()
    {
        await KeepAsync([1]);

        await Store.CleanupJobAsync(Owner);
        await Store.CleanupJobAsync(Owner);

        Directory.Exists(JobFolder(Owner)).Should().BeFalse();
        await KeepAsync([2]);
    }

    [Fact]
    public async Task Sweep_OldFolderOfAGoneJob_IsRemovedAndTheRestStays()
    {
        var live = NewOwner("news");
        var young = NewOwner("mail.");
        var gonePacket = await KeepAsync([1]);
        var livePacket = await KeepAsync([2], live);
        var youngPacket = await KeepAsync([3], young);
        Age(JobFolder(Owner), TimeSpan.FromHours(2));
        Age(JobFolder(live), TimeSpan.FromHours(2));
        Directory.CreateDirectory(Path.Combine(Root, "news", "not-a-job"));
        Age(Path.Combine(Root, "news", "not-a-job"), TimeSpan.FromHours(2));

        (await Store.SweepAsync(owner => new(owner != live), TimeSpan.FromHours(1))).Should().Be(1);

        await ReadIsRefusedAsync(gonePacket);
        (await Store.RetrievePacketAsync(livePacket)).Length.Should().Be(1);
        (await Store.RetrievePacketAsync(youngPacket)).Length.Should().Be(1);
        Directory.Exists(Path.Combine(Root, "news", "not-a-job")).Should().BeTrue();
    }

    [Fact]
    public async Task Sweep_UnfinishedFileInALiveJob_GoesOnceItIsOld()
    {
        var reference = await KeepAsync([1]);
        var old = Path.Combine(JobFolder(Owner), "old.tmp");
        var young = Path.Combine(JobFolder(Owner), "young.tmp");
        await File.WriteAllTextAsync(old, "");
        await File.WriteAllTextAsync(young, "");
        Age(FileOf(reference), TimeSpan.FromHours(2));
        Age(old, TimeSpan.FromHours(2));

        (await Store.SweepAsync(_ => new(false), TimeSpan.FromHours(1))).Should().Be(1);

        Directory.GetFiles(JobFolder(Owner)).Should().BeEquivalentTo(FileOf(reference), young);
    }

    [Fact]
    public async Task Sweep_BeforeTheFirstWrite_RemovesNothing()
        => (await Store.SweepAsync(_ => new(true), TimeSpan.Zero)).Should().Be(0);

    private string Mutate(Random random, PacketReference reference, PacketReference neighbour, byte[] content)
    {
        var file = FileOf(reference);
        switch (random.Next(5))
        {
            case 0:
                File.WriteAllBytes(file, content[..random.Next(content.Length)]);
                return "truncate";
            case 1:
                File.WriteAllBytes(file, []);
                return "zero length";
            case 2:
                File.Move(file, file + ".away");
                File.Move(FileOf(neighbour), file);
                File.Move(file + ".away", FileOf(neighbour));
                return "swap";
            case 3:
                File.WriteAllBytes(file, [.. content, (byte)random.Next(256)]);
                return "append";
            default:
                content[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(file, content);
                return "bit flip";
        }
    }

    /// <summary>Cancels when the store asks for the time, which is after it has begun and before it writes.</summary>
    private sealed class CancellingTime(CancellationTokenSource source) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow()
        {
            source.Cancel();
            return base.GetUtcNow();
        }
    }
}
