namespace WorkflowEngine.Tests.Data;

public sealed class PacketConfinementTests : PacketFolder
{
    private const string Job = "01890000-0000-7000-8000-000000000000";
    private const string File1 = "01890000-0000-7000-8000-000000000001.json";

    [Theory]
    [InlineData("")]
    [InlineData("../secret.json")]
    [InlineData("../../" + File1)]
    [InlineData("news/../" + File1)]
    [InlineData("../" + Job + "/" + File1)]
    [InlineData("./" + Job + "/" + File1)]
    [InlineData("%2e%2e/" + Job + "/" + File1)]
    [InlineData("news/" + Job + "/%2e%2e%2f" + File1)]
    [InlineData("/etc/passwd")]
    [InlineData("/news/" + Job + "/" + File1)]
    [InlineData("C:\\news\\" + Job + "\\" + File1)]
    [InlineData("news\\" + Job + "\\" + File1)]
    [InlineData("news//" + Job + "/" + File1)]
    [InlineData("news/" + Job + "/" + File1 + "/")]
    [InlineData("news/" + Job + "/" + File1 + "\0")]
    [InlineData("news\0/" + Job + "/" + File1)]
    [InlineData("news/" + Job + "/01890000-0000-7000-8000-00000000000A.json")]
    [InlineData("news/" + Job + "/01890000-0000-7000-8000-000000000001.tmp")]
    [InlineData("news/{01890000-0000-7000-8000-000000000000}/" + File1)]
    [InlineData("CON/" + Job + "/" + File1)]
    [InlineData("~news~/" + Job + "/" + File1)]
    [InlineData("~~CON~/" + Job + "/" + File1)]
    [InlineData("nëws/" + Job + "/" + File1)]
    [InlineData("~/" + Job + "/" + File1)]
    public async Task RetrievePacket_HostileLocation_IsRefusedByItsShape(string location)
    {
        var reference = new PacketReference(location, 1, new string('a', 64));

        await ReadIsRefusedAsync(reference);
        await Store.Invoking(store => store.RetrievePacketAsync(reference).AsTask()).Should()
            .ThrowAsync<DataPacketException>("a file that only happens to be missing would not be a refusal").WithMessage("*is not a place of this packet store.");
    }

    [Fact]
    public async Task RetrievePacket_RealFileOutsideTheRoot_IsRefused()
    {
        var reference = await KeepAsync([1]);
        File.Copy(FileOf(reference), Path.Combine(Outside, File1));

        await ReadIsRefusedAsync(reference with { Location = "../" + File1 });
        await ReadIsRefusedAsync(reference with { Location = "news/../../" + File1 });
        await ReadIsRefusedAsync(reference with { Location = Path.Combine(Outside, File1) });
    }

    [Fact]
    public async Task RetrievePacket_EndlessLocation_IsRefused()
        => await ReadIsRefusedAsync(new PacketReference(new string('a', 10_240) + $"/{Job}/{File1}", 1, new string('a', 64)));

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("/a")]
    [InlineData("a\n")]
    [InlineData("-a")]
    [InlineData("~a~")]
    [InlineData("ä")]
    public async Task StorePacket_IllegalFlowId_IsRefused(string flowId)
    {
        var owner = NewOwner(flowId);

        await this.Invoking(test => test.KeepAsync([1], owner).AsTask()).Should().ThrowAsync<DataPacketException>();
        await Store.Invoking(store => store.CleanupJobAsync(owner).AsTask()).Should().ThrowAsync<DataPacketException>();
        Directory.EnumerateFileSystemEntries(Outside).Should().BeEmpty();
    }

    [Theory]
    [InlineData("a..b", "a..b")]
    [InlineData("a.", "~a.~")]
    [InlineData("a..", "~a..~")]
    [InlineData("CON", "~CON~")]
    [InlineData("nul.txt", "~nul.txt~")]
    [InlineData("Lpt1", "~Lpt1~")]
    [InlineData("console", "console")]
    [InlineData("com10", "com10")]
    public async Task StorePacket_OddButLegalFlowId_StaysBelowTheRoot(string flowId, string folder)
    {
        var owner = NewOwner(flowId);
        var reference = await KeepAsync([1], owner);

        reference.Location.Should().StartWith(folder + "/");
        (await Store.RetrievePacketAsync(reference)).Length.Should().Be(1);
        Directory.EnumerateFileSystemEntries(Outside).Should().Equal(Root);
        Age(Path.GetDirectoryName(FileOf(reference))!, TimeSpan.FromHours(1));
        (await Store.SweepAsync(found => new(found == owner), TimeSpan.Zero)).Should().Be(1, "the sweep must read the folder as the same job");
    }

    [Fact]
    public async Task Store_LinkInPlaceOfTheFlowFolder_IsNotFollowed()
    {
        Directory.CreateDirectory(Root);
        var elsewhere = Directory.CreateDirectory(Path.Combine(Outside, "elsewhere"));
        Directory.CreateSymbolicLink(Path.Combine(Root, "news"), elsewhere.FullName);

        await this.Invoking(test => test.KeepAsync([1]).AsTask()).Should().ThrowAsync<DataPacketException>();
        elsewhere.EnumerateFileSystemInfos().Should().BeEmpty();
    }

    [Fact]
    public async Task Store_LinkInPlaceOfTheJobFolder_IsNeitherReadNorCleanedNorSwept()
    {
        var reference = await KeepAsync([1]);
        var elsewhere = Path.Combine(Outside, "elsewhere");
        Directory.Move(JobFolder(Owner), elsewhere);
        Directory.CreateSymbolicLink(JobFolder(Owner), elsewhere);
        Age(elsewhere, TimeSpan.FromHours(1));

        await ReadIsRefusedAsync(reference);
        await Store.Invoking(store => store.CleanupJobAsync(Owner).AsTask()).Should().ThrowAsync<DataPacketException>();
        (await Store.SweepAsync(_ => new(true), TimeSpan.Zero)).Should().Be(0);
        Directory.GetFiles(elsewhere).Should().ContainSingle();
    }

    [Fact]
    public async Task RetrievePacket_LinkInPlaceOfTheFile_IsRefusedThoughItsBytesMatch()
    {
        var reference = await KeepAsync([1]);
        var elsewhere = Path.Combine(Outside, "elsewhere.json");
        File.Move(FileOf(reference), elsewhere);
        File.CreateSymbolicLink(FileOf(reference), elsewhere);

        await ReadIsRefusedAsync(reference);
    }

    [Fact]
    public async Task CleanupJob_LinkInsideTheJobFolder_RemovesTheLinkOnly()
    {
        await KeepAsync([1]);
        var elsewhere = Directory.CreateDirectory(Path.Combine(Outside, "elsewhere"));
        await File.WriteAllTextAsync(Path.Combine(elsewhere.FullName, "precious"), "");
        Directory.CreateSymbolicLink(Path.Combine(JobFolder(Owner), "link"), elsewhere.FullName);
        Age(JobFolder(Owner), TimeSpan.FromHours(1));

        (await Store.SweepAsync(_ => new(true), TimeSpan.Zero)).Should().Be(1);

        Directory.Exists(JobFolder(Owner)).Should().BeFalse();
        elsewhere.GetFiles().Should().ContainSingle();
    }

    [Fact]
    public async Task Store_RootReachedByALink_IsAllowed()
    {
        var real = Directory.CreateDirectory(Path.Combine(Outside, "disk"));
        Directory.CreateSymbolicLink(Root, real.FullName);

        var reference = await KeepAsync([1]);

        (await Store.RetrievePacketAsync(reference)).Length.Should().Be(1);
    }
}
