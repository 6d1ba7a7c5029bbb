using System.Globalization;

namespace WorkflowEngine.Tests.Flows.Scheduling;

/// <summary>Times that crontab(5) and the test tables of well-known cron libraries agree on, and both changes of the clocks.</summary>
public sealed class CronExpressionTests
{
    [Theory]
    [InlineData("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")]
    [InlineData("* * * * * *", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01Z")]
    [InlineData("*/15 * * * * *", "2026-01-01T00:00:16Z", "2026-01-01T00:00:30Z")]
    [InlineData("5 0 * 8 *", "2026-01-01T00:00:00Z", "2026-08-01T00:05:00Z")]
    [InlineData("15 14 1 * *", "2026-01-01T14:15:00Z", "2026-02-01T14:15:00Z")]
    [InlineData("0 22 * * 1-5", "2026-01-02T22:00:00Z", "2026-01-05T22:00:00Z")]
    [InlineData("23 0-20/2 * * *", "2026-01-01T20:24:00Z", "2026-01-02T00:23:00Z")]
    [InlineData("5 4 * * sun", "2026-01-01T00:00:00Z", "2026-01-04T04:05:00Z")]
    [InlineData("5 4 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T04:05:00Z")]
    [InlineData("0 0,12 1 */2 *", "2026-01-01T12:00:00Z", "2026-03-01T00:00:00Z")]
    [InlineData("0 4 8-14 * *", "2026-01-14T04:00:00Z", "2026-02-08T04:00:00Z")]
    [InlineData("0 0 1,15 * 3", "2026-01-01T00:00:00Z", "2026-01-07T00:00:00Z")]
    [InlineData("30 4 1,15 * 5", "2026-01-09T04:30:00Z", "2026-01-15T04:30:00Z")]
    [InlineData("0 0 */2 * 1", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z")]
    [InlineData("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 29 2 MON", "2026-03-01T00:00:00Z", "2027-02-01T00:00:00Z")]
    [InlineData("0 0 L * *", "2026-02-01T00:00:00Z", "2026-02-28T00:00:00Z")]
    [InlineData("0 0 L-1 * ?", "2028-02-01T00:00:00Z", "2028-02-28T00:00:00Z")]
    [InlineData("0 0 * * 5L", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z")]
    [InlineData("0 0 * * MON#2", "2026-01-01T00:00:00Z", "2026-01-12T00:00:00Z")]
    [InlineData("0 0 * * FRI-MON", "2026-01-05T00:00:00Z", "2026-01-09T00:00:00Z")]
    [InlineData("0 22-2 * * *", "2026-01-01T02:00:00Z", "2026-01-01T22:00:00Z")]
    [InlineData("40/10 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:40:00Z")]
    [InlineData("@daily", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("@Hourly", "2026-12-31T23:30:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z")]
    [InlineData("@monthly", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")]
    [InlineData("@yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    public void Next_InUniversalTime_IsTheNextMatch(string text, string after, string expected)
        => Next(text, after, TimeZoneInfo.Utc).Should().Be(At(expected));

    [Theory] // Berlin goes from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25 October.
    [InlineData("30 2 * * *", "2026-03-28T12:00:00+01:00", "2026-03-29T03:00:00+02:00")]
    [InlineData("30 2 * * *", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00")]
    [InlineData("0 3 * * *", "2026-03-28T12:00:00+01:00", "2026-03-29T03:00:00+02:00")]
    [InlineData("*/30 * * * *", "2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00")]
    [InlineData("*/30 * * * *", "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00")]
    [InlineData("30 2 * * *", "2026-10-24T12:00:00+02:00", "2026-10-25T02:30:00+02:00")]
    [InlineData("30 2 * * *", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00")]
    [InlineData("30 2 * * *", "2026-10-25T02:15:00+01:00", "2026-10-26T02:30:00+01:00")]
    [InlineData("*/30 * * * *", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00")]
    [InlineData("*/30 * * * *", "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00")]
    [InlineData("0 * * * *", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00")]
    [InlineData("0 6 * * *", "2026-10-24T06:00:00+02:00", "2026-10-25T06:00:00+01:00")]
    public void Next_WhenTheClocksChange_HappensOnce(string text, string after, string expected)
        => Next(text, after, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")).Should().Be(At(expected));

    [Fact]
    public void Next_OverTwoYears_IsWhatCountingEveryMinuteFinds()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");
        foreach (var text in new[] { "*/20 1-3 * * *", "7 * * * *", "0 0 1 */3 *", "10 2 * 3,11 0" })
        {
            CronExpression.TryParse(text, out var cron, out _).Should().BeTrue();
            var end = At("2028-01-01T00:00:00Z");
            for (DateTimeOffset? at = At("2026-01-01T00:00:00Z"); at < end;)
            {
                var next = cron!.Next(at.Value, zone);
                next.Should().BeAfter(at.Value, "{0} after {1:O}", text, at);
                at = next;
            }

            // Each day has as many matches as the clock shows on it; only the two changes differ.
            var days = Enumerable.Range(0, 60).Select(day => At("2026-05-01T00:00:00-04:00").AddDays(day));
            foreach (var day in days)
            {
                var counted = Enumerable.Range(0, 24 * 60).Count(minute => cron!.Next(day.AddMinutes(minute).AddSeconds(-1), zone) == day.AddMinutes(minute));
                var walked = 0;
                for (var at = cron!.Next(day.AddSeconds(-1), zone); at < day.AddDays(1); at = cron.Next(at.Value, zone))
                {
                    walked++;
                }

                walked.Should().Be(counted, "{0} on {1:O}", text, day);
            }
        }
    }

    [Theory]
    [InlineData("", "0 fields")]
    [InlineData("* * * *", "4 fields")]
    [InlineData("* * * * * * *", "7 fields")]
    [InlineData("60 * * * *", "'60' is no minute")]
    [InlineData("* 24 * * *", "'24' is no hour")]
    [InlineData("* * 0 * *", "'0' is no day of the month")]
    [InlineData("* * * 13 *", "'13' is no month")]
    [InlineData("* * * * 8", "'8' is no day of the week")]
    [InlineData("*/0 * * * *", "'*/0' is no minute")]
    [InlineData("1,,2 * * * *", "'1,,2' is no minute")]
    [InlineData("-1 * * * *", "'-1' is no minute")]
    [InlineData("* * * * MON#6", "'MON#6' is no day of the week")]
    [InlineData("* * * FOO *", "'FOO' is no month: 1 to 12 or JAN to DEC")]
    [InlineData("0 0 31 2 *", "a day that never comes")]
    [InlineData("@sometimes", "1 fields")]
    public void TryParse_OfWhatIsNoCron_SaysWhichField(string text, string says)
    {
        CronExpression.TryParse(text, out var cron, out var problem).Should().BeFalse();
        cron.Should().BeNull();
        problem.Should().Contain(says);
    }

    private static DateTimeOffset? Next(string text, string after, TimeZoneInfo zone)
    {
        CronExpression.TryParse(text, out var cron, out var problem).Should().BeTrue(problem);
        return cron!.Next(At(after), zone);
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
