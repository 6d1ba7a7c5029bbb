namespace WorkflowEngine.Tests.Flows;

public sealed class DurationTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("30s", 30_000)]
    [InlineData("5m", 300_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("2d", 172_800_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("0s", 0)]
    [InlineData("01:02:03", 3_723_000)]
    [InlineData("1.00:00:00", 86_400_000)]
    [InlineData("PT30S", 30_000)]
    [InlineData("P1DT2H", 93_600_000)]
    [InlineData("P2W", 1_209_600_000)]
    public void Parse_EveryForm_GivesTheTime(string text, double milliseconds)
        => Duration.Parse(text).Should().Be(TimeSpan.FromMilliseconds(milliseconds));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("-00:00:05")]
    [InlineData("5m1h")]
    [InlineData("5m5m")]
    [InlineData("1h 30m")]
    [InlineData("30S")]
    [InlineData("P1Y")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("1..5s")]
    [InlineData("99999999999999999999d")]
    [InlineData("10675199d23h")]
    public void TryParse_OtherText_IsRefused(string? text) => Duration.TryParse(text, out _).Should().BeFalse();

    [Theory]
    [InlineData("500ms")]
    [InlineData("30s")]
    [InlineData("1h30m")]
    [InlineData("2d")]
    [InlineData("0s")]
    public void Format_OfParsed_IsTheShortForm(string text) => Duration.Format(Duration.Parse(text)).Should().Be(text);

    [Theory]
    [InlineData(1)]
    [InlineData(123_456_789)]
    [InlineData(864_000_000_001)]
    [InlineData(long.MaxValue)]
    public void Format_AnyTicks_ReadsBack(long ticks)
        => Duration.Parse(Duration.Format(TimeSpan.FromTicks(ticks))).Should().Be(TimeSpan.FromTicks(ticks));
}
