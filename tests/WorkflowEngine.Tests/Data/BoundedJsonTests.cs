using System.Text.Encodings.Web;
using System.Text.Json;

namespace WorkflowEngine.Tests.Data;

/// <summary>A value is written into a bounded buffer: its size costs no memory beyond the bound.</summary>
public sealed class BoundedJsonTests
{
    private const int Limit = 1 << 20;

    public static TheoryData<string> LargeValues => ["many_small", "one_text", "one_text_with_escapes", "one_blob", "json"];

    [Theory]
    [MemberData(nameof(LargeValues))]
    public void ToElement_OfALargeValue_AllocatesNoMoreThanItsBound(string kind)
    {
        var value = Large(kind);
        WorkflowJson.ToElement(value.Length);
        var before = GC.GetAllocatedBytesForCurrentThread();

        FluentActions.Invoking(() => WorkflowJson.ToElement(value.Content, maxBytes: Limit)).Should().Throw<DataPacketException>().Which.Reason.Should().Be(Reasons.PacketTooLarge);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(6 * Limit);
    }

    [Fact]
    public void ToElement_OfTheSameWithoutABound_AllocatesItWhole()
    {
        var value = Large("one_text");
        var before = GC.GetAllocatedBytesForCurrentThread();

        WorkflowJson.ToElement(value.Content, maxBytes: long.MaxValue);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeGreaterThan(value.Length, "this is what the bound is for");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void ToElement_AtItsBound_IsTakenAndOneByteMoreIsNot(int more)
    {
        var text = new string('é', (Limit - 2) / 2) + new string('x', more);

        var write = () => WorkflowJson.ToElement(text, maxBytes: Limit);

        if (more == 0)
        {
            write().GetString().Should().Be(text);
        }
        else
        {
            write.Should().Throw<DataPacketException>();
        }
    }

    [Fact]
    public void ToElement_OfAValueWhoseMembersAreMadeOnTheWay_KeepsBothApart()
    {
        var element = WorkflowJson.ToElement(new Nested());

        element.GetRawText().Should().Be("""{"before":1,"inner":"[{\u0022type\u0022:\u0022data\u0022,\u0022content\u0022:{\u0022a\u0022:1},\u0022metadata\u0022:{}}]","after":2}""".Replace("\\u0022", "\\\"", StringComparison.Ordinal));
    }

    [Fact]
    public void ToElement_AfterARefusal_WritesTheNextValueWhole()
    {
        FluentActions.Invoking(() => WorkflowJson.ToElement(new[] { 1d, double.NaN })).Should().Throw<DataPacketException>();

        WorkflowJson.ToElement(new { A = "😀 \" é" }).GetProperty("a").GetString().Should().Be("😀 \" é");
    }

    [Fact]
    public void ToElement_WithOptionsOfTheUser_KeepsTheirEncoderAndNames()
    {
        var options = WorkflowJson.Create();
        options.Encoder = JavaScriptEncoder.Default;
        options.DictionaryKeyPolicy = JsonNamingPolicy.KebabCaseUpper;

        WorkflowJson.ToElement(new Dictionary<string, string> { ["someName"] = "é" }, options).GetRawText().Should().Be("""{"SOME-NAME":"\u00E9"}""");
    }

    private static (object Content, long Length) Large(string kind) => kind switch
    {
        "many_small" => (Enumerable.Repeat(new string('x', 1000), 1_000_000), 1_000_000_000),
        "one_text" => (new string('x', 20 * Limit), 20 * Limit),
        "one_text_with_escapes" => (new string('"', 20 * Limit), 20 * Limit),
        "one_blob" => (new byte[20 * Limit], 20 * Limit),
        _ => (JsonSerializer.SerializeToElement(new string('x', 20 * Limit)), 20 * Limit),
    };

    private sealed class Nested
    {
        public int Before => 1;

        public string Inner => DataPacket.Of(new { A = 1 }).ToJson();

        public int After => 2;
    }
}
