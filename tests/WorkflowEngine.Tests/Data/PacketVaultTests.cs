namespace WorkflowEngine.Tests.Data;

public sealed class PacketVaultTests : PacketFolder
{
    private PacketVault Vault => new(Store, inlinePacketBytes: 1000, maxPacketBytes: 5000);

    [Fact]
    public async Task Keep_SmallPacket_StaysInlineAtOnce()
    {
        var packet = DataPacket.Of("x");

        var kept = Vault.KeepAsync(Owner, "step", packet);

        kept.IsCompletedSuccessfully.Should().BeTrue();
        var loaded = Vault.LoadAsync(await kept);
        loaded.IsCompletedSuccessfully.Should().BeTrue();
        (await loaded).Should().BeSameAs(packet);
        Directory.Exists(Root).Should().BeFalse();
    }

    [Fact]
    public async Task Keep_LargePacket_GoesToTheStoreAndComesBackWhole()
    {
        var packet = DataPacket.Of(new string('x', 2000)).Stamped("fetch", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

        var slot = await Vault.KeepAsync(Owner, "fetch", packet);

        slot.Packet.Should().BeNull();
        slot.Reference!.Location.Should().StartWith("news/");
        var read = await Vault.LoadAsync(slot);
        read.ToJson().Should().Be(packet.ToJson());
        read[0].Origin.Should().Be("fetch");
    }

    [Fact]
    public async Task Keep_PacketAboveTheLimit_IsRefusedWithSizeAndLimit()
    {
        var packet = DataPacket.Of(new string('x', 6000));

        var refusal = (await Vault.Invoking(vault => vault.KeepAsync(Owner, "fetch", packet).AsTask()).Should().ThrowAsync<DataPacketException>()).Which;

        refusal.Reason.Should().Be("packet_too_large");
        refusal.Message.Should().Contain(packet.StoredBytes.ToString()).And.Contain("5000");
    }

    [Fact]
    public async Task Load_OfNothing_IsTheEmptyPacket() => (await Vault.LoadAsync(default)).Should().BeSameAs(DataPacket.Empty);
}
