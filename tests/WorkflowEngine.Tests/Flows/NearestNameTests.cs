namespace WorkflowEngine.Tests.Flows;

public sealed class NearestNameTests
{
    private static readonly string[] Known = ["fetch", "summarize", "publish", "id"];

    [Theory]
    [InlineData("fetsh", "fetch")]
    [InlineData("Fetch", "fetch")]
    [InlineData("sumarise", "summarize")]
    [InlineData("ids", "id")]
    [InlineData("fecth", "fetch")]
    public void Find_SmallSlip_GivesTheName(string word, string expected) => NearestName.Find(word, Known).Should().Be(expected);

    [Theory]
    [InlineData("delay")]
    [InlineData("")]
    [InlineData(null)]
    public void Find_NothingNear_IsNull(string? word) => NearestName.Find(word, Known).Should().BeNull();

    [Fact]
    public void Find_HugeWord_IsNull() => NearestName.Find(new string('a', 1_000_000), [new string('a', 1_000_000)]).Should().BeNull();
}
