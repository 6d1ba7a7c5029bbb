namespace WorkflowEngine.Tests.Data;

public sealed class PacketReferenceTests
{
    [Fact]
    public void TryParse_TextForm_GivesTheSameReference()
    {
        var reference = new PacketReference("flow/job/a:b.json", 12, new string('a', 64));

        PacketReference.TryParse(reference.ToString(), out var parsed).Should().BeTrue();
        parsed.Should().Be(reference);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("packet:1:short:x")]
    [InlineData("packet:-1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:x")]
    public void IsReference_OtherText_IsFalse(string? text) => PacketReference.IsReference(text).Should().BeFalse();
}
