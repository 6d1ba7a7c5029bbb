using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorkflowEngine.Tests.Data;

public sealed class PacketJsonTests
{
    [Fact]
    public void ToJson_StampedItem_HasTheFourMembers()
    {
        var time = new DateTimeOffset(2026, 3, 1, 8, 30, 0, TimeSpan.FromHours(1));
        var packet = DataPacket.From([DataItem.Of("article", new { Title = "ü" }, new { SourceType = "feed" }, time), DataItem.Of("data", 1)]).Stamped("fetch", default);

        packet.ToJson().Should().Be(
            """[{"type":"article","content":{"title":"ü"},"metadata":{"source_type":"feed"},"timestamp":"2026-03-01T08:30:00+01:00"},{"type":"data","content":1,"metadata":{}}]""");
    }

    [Theory]
    [InlineData("[]", "[]")]
    [InlineData("null", "[]")]
    [InlineData("7", """[{"type":"input","content":7,"metadata":{}}]""")]
    [InlineData("\"a\"", """[{"type":"input","content":"a","metadata":{}}]""")]
    [InlineData("{\"type\":\"a\",\"content\":1}", """[{"type":"input","content":{"type":"a","content":1},"metadata":{}}]""")]
    [InlineData("[1,null]", """[{"type":"input","content":1,"metadata":{}},{"type":"input","content":null,"metadata":{}}]""")]
    [InlineData("[{\"type\":\"a\",\"content\":null}]", """[{"type":"a","content":null,"metadata":{}}]""")]
    [InlineData("[{\"type\":\"a\",\"content\":1},2]", """[{"type":"input","content":{"type":"a","content":1},"metadata":{}},{"type":"input","content":2,"metadata":{}}]""")]
    [InlineData("[{\"type\":1,\"content\":1}]", """[{"type":"input","content":{"type":1,"content":1},"metadata":{}}]""")]
    [InlineData("[{\"type\":\"a\",\"content\":1,\"metadata\":null,\"timestamp\":\"2026-01-01T00:00:00Z\"}]", """[{"type":"a","content":1,"metadata":{},"timestamp":"2026-01-01T00:00:00+00:00"}]""")]
    public void Parse_AnyShape_FollowsTheInputRule(string json, string expected) => DataPacket.Parse(json).ToJson().Should().Be(expected);

    [Theory]
    [InlineData("", "cannot be read as JSON")]
    [InlineData("[1,]", "cannot be read as JSON")]
    [InlineData("[1] // x", "cannot be read as JSON")]
    [InlineData("{\"a\":1,\"a\":2}", "cannot be read as JSON*a")]
    [InlineData("{\"a\":1,\"\\u0061\":2}", "cannot be read as JSON*a")]
    [InlineData("[{\"type\":\"a\",\"content\":1},{\"type\":\"a\",\"content\":1,\"extra\":2}]", "Item 1 has the unknown member 'extra'")]
    [InlineData("[{\"type\":\"\",\"content\":1}]", "Item 0 has an empty type")]
    [InlineData("[{\"type\":\"a\",\"content\":1,\"metadata\":[]}]", "The metadata of item 0")]
    [InlineData("[{\"type\":\"a\",\"content\":1,\"timestamp\":\"2026-01-01T00:00:00\"}]", "The timestamp of item 0")]
    [InlineData("[{\"type\":\"a\",\"content\":1,\"timestamp\":5}]", "The timestamp of item 0")]
    [InlineData("[{\"type\":\"\\ud800\",\"content\":1}]", "cannot be read")]
    public void Parse_Malformed_IsRefusedAsInvalidInput(string json, string message)
        => Refusal(() => DataPacket.Parse(json)).Message.Should().Match($"*{message}*");

    [Theory]
    [InlineData(64, false)]
    [InlineData(65, true)]
    [InlineData(1_000_000, true)]
    public void Parse_DeepNesting_IsRefusedBeyond64(int depth, bool refused)
    {
        var parse = () => DataPacket.Parse(new string('[', depth) + new string(']', depth));

        if (refused)
        {
            Refusal(parse);
        }
        else
        {
            parse().Should().ContainSingle();
        }
    }

    [Fact]
    public void Parse_ItemThatClaimsAnOrigin_HasNone()
    {
        var item = DataPacket.Parse("""[{"type":"a","content":1,"origin":"admin","ordinal":3}]""")[0];

        item.Origin.Should().BeNull();
        item.Ordinal.Should().Be(0);
    }

    [Fact]
    public void FromInput_PacketItemOrItems_AreTakenAsTheyAre()
    {
        var item = DataItem.Of("a", 1);
        var packet = DataPacket.From([item]);

        DataPacket.FromInput(packet).Should().BeSameAs(packet);
        DataPacket.FromInput(item)[0].Should().BeSameAs(item);
        DataPacket.FromInput(new List<DataItem> { item })[0].Should().BeSameAs(item);
        DataPacket.FromInput(null).Should().BeSameAs(DataPacket.Empty);
    }

    [Fact]
    public void FromInput_OtherValues_FollowTheInputRule()
    {
        DataPacket.FromInput("[1]").ToJson().Should().Be("""[{"type":"input","content":"[1]","metadata":{}}]""");
        DataPacket.FromInput(new { UserName = "x" }).Get<JsonElement>().GetRawText().Should().Be("""{"user_name":"x"}""");
        DataPacket.FromInput(new[] { 1, 2 }).Should().HaveCount(2);
        DataPacket.FromInput(JsonNode.Parse("""[{"type":"a","content":1}]"""))[0].Type.Should().Be("a");
        DataPacket.FromInput(JsonElement.Parse("[]")).Should().BeEmpty();
    }

    [Fact]
    public void FromInput_ValueThatIsNoJson_IsRefused()
        => Refusal(() => DataPacket.FromInput(double.NaN)).Message.Should().Contain("Double");

    [Fact]
    public void Content_FromALenientParser_IsStrictJson()
    {
        using var document = JsonDocument.Parse("[1, /* one */ {\"a\":[2,],},]", new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });

        new DataItem("a", document.RootElement).Content.GetRawText().Should().Be("""[1,{"a":[2]}]""");
        DataItem.Of("a", document.RootElement).Content.GetRawText().Should().Be("""[1,{"a":[2]}]""");
        DataPacket.FromInput(document).Should().HaveCount(2);
    }

    [Fact]
    public void ToStored_ThenFromStored_GivesTheSamePacket()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var packet = new RandomJson(seed).Packet();

            var bytes = PacketJson.ToStored(packet);
            var read = PacketJson.FromStored(bytes);

            read.Select(Facts).Should().Equal(packet.Select(Facts), "seed {0} must round-trip", seed);
            PacketJson.ToStored(read).Should().Equal(bytes, "seed {0} must write the same bytes again", seed);
        }
    }

    [Fact]
    public void ToJson_ThenParse_GivesTheSamePacketWithoutOrigins()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var packet = new RandomJson(seed).Packet();

            var read = DataPacket.Parse(packet.ToJson());

            read.Select(item => Facts(item) with { Origin = null, Ordinal = 0 }).Should()
                .Equal(packet.Select(item => Facts(item) with { Origin = null, Ordinal = 0 }), "seed {0} must round-trip", seed);
        }
    }

    [Fact]
    public void FromStored_ContentThatOutsidersMayNotSend_RoundTrips()
    {
        var deep = JsonElement.Parse(new string('[', 500) + new string(']', 500), new JsonDocumentOptions { MaxDepth = 500 });
        var twice = JsonElement.Parse("""{"a":1,"a":2}""");

        var read = PacketJson.FromStored(PacketJson.ToStored(DataPacket.From([new DataItem("deep", deep), new DataItem("twice", twice)])));

        read.Select(item => item.Content.GetRawText()).Should().Equal(deep.GetRawText(), twice.GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[{\"type\":\"a\"}]")]
    [InlineData("[{\"type\":null,\"content\":1}]")]
    [InlineData("[{\"type\":\"a\",\"content\":1,\"origin\":\"x\"}]")]
    [InlineData("[{\"type\":\"a\",\"content\":1,\"timestamp\":\"x\"}]")]
    public void FromStored_OtherBytes_IsRetrievalFailure(string text)
        => new Action(() => PacketJson.FromStored(System.Text.Encoding.UTF8.GetBytes(text))).Should().Throw<DataPacketException>()
            .Which.Reason.Should().Be("data_retrieval_failed");

    [Fact]
    public void ToJson_OnManyThreadsWithLargeAndSmallPackets_NeverMixes()
        => Parallel.For(0, 200, i =>
        {
            var packet = DataPacket.Of(new string((char)('a' + (i % 26)), i % 7 == 0 ? 400_000 : i));
            DataPacket.Parse(packet.ToJson()).Get<string>().Should().Be(packet.Get<string>());
        });

    private static DataPacketException Refusal(Func<object> act)
    {
        var error = act.Should().Throw<DataPacketException>().Which;
        error.Reason.Should().Be("invalid_input");
        return error;
    }

    private static ItemFacts Facts(DataItem item)
        => new(item.Type, item.Content.GetRawText(), item.Metadata.GetRawText(), item.Timestamp, item.Timestamp.Offset, item.Origin, item.Ordinal);

    private sealed record ItemFacts(string Type, string Content, string Metadata, DateTimeOffset Timestamp, TimeSpan Offset, string? Origin, int Ordinal);
}
