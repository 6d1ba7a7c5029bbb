using System.Buffers;
using System.Globalization;
using System.Text;

namespace WorkflowEngine;

/// <summary>
/// Durations as people write them: <c>500ms</c>, <c>30s</c>, <c>1h30m</c>, <c>2d</c>, <c>hh:mm:ss</c> (also <c>d.hh:mm:ss</c> and fractions of a second), ISO 8601 as <c>PT30S</c>.
/// Never negative; years and months are refused, because they have no fixed length.
/// </summary>
internal static class Duration
{
    /// <summary>What to write, for messages.</summary>
    public const string Forms = "500ms, 30s, 5m, 1h30m, 2d, hh:mm:ss or ISO 8601 such as PT30S";

    private const int LongestText = 64;

    // Beyond this many characters an amount leaves the range of TimeSpan anyway.
    private const int LongestAmount = 20;

    private static readonly SearchValues<char> AmountLetters = SearchValues.Create("0123456789.");

    private static readonly (string Unit, long Ticks)[] Units =
    [
        ("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond), ("ms", TimeSpan.TicksPerMillisecond),
    ];

    private static readonly (string Unit, long Ticks)[] IsoDateUnits = [("W", 7 * TimeSpan.TicksPerDay), ("D", TimeSpan.TicksPerDay)];

    private static readonly (string Unit, long Ticks)[] IsoTimeUnits = [("H", TimeSpan.TicksPerHour), ("M", TimeSpan.TicksPerMinute), ("S", TimeSpan.TicksPerSecond)];

    /// <exception cref="FormatException">The text has none of the forms.</exception>
    public static TimeSpan Parse(string text)
        => TryParse(text, out var duration) ? duration : throw new FormatException($"'{text}' is no duration; write {Forms}.");

    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        var rest = text.AsSpan().Trim();
        if (rest.IsEmpty || rest.Length > LongestText)
        {
            return false;
        }

        if (rest.Contains(':'))
        {
            return TryParseClock(rest, out duration);
        }

        decimal ticks = 0;
        var isRead = rest[0] == 'P' ? TryAddIso(rest[1..], ref ticks) : TryAdd(rest, Units, ref ticks);
        if (!isRead || ticks > TimeSpan.MaxValue.Ticks)
        {
            return false;
        }

        duration = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    /// <summary>The shortest form that reads back to the same value.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration < TimeSpan.Zero || duration.Ticks % TimeSpan.TicksPerMillisecond != 0)
        {
            return duration.ToString("c", CultureInfo.InvariantCulture);
        }

        if (duration == TimeSpan.Zero)
        {
            return "0s";
        }

        var text = new StringBuilder();
        var rest = duration.Ticks;
        foreach (var (unit, ticks) in Units)
        {
            if (rest >= ticks)
            {
                text.Append(rest / ticks).Append(unit);
                rest %= ticks;
            }
        }

        return text.ToString();
    }

    private static bool TryParseClock(ReadOnlySpan<char> text, out TimeSpan duration)
        => TimeSpan.TryParseExact(text, ["h\\:mm\\:ss", "hh\\:mm\\:ss", "h\\:mm\\:ss\\.FFFFFFF", "c"], CultureInfo.InvariantCulture, out duration) && duration >= TimeSpan.Zero;

    private static bool TryAddIso(ReadOnlySpan<char> text, ref decimal ticks)
    {
        var time = text.IndexOf('T');
        return time < 0
            ? TryAdd(text, IsoDateUnits, ref ticks)
            : (time == 0 || TryAdd(text[..time], IsoDateUnits, ref ticks)) && TryAdd(text[(time + 1)..], IsoTimeUnits, ref ticks);
    }

    /// <summary>Adds amounts with units, each unit at most once and in descending order; at least one.</summary>
    private static bool TryAdd(ReadOnlySpan<char> text, ReadOnlySpan<(string Unit, long Ticks)> units, ref decimal ticks)
    {
        if (text.IsEmpty)
        {
            return false;
        }

        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExcept(AmountLetters);
            if (digits is <= 0 or > LongestAmount || !decimal.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
            {
                return false;
            }

            var letters = text[digits..].IndexOfAny(AmountLetters);
            var unit = letters < 0 ? text[digits..] : text.Slice(digits, letters);
            var position = PositionOf(unit, units);
            if (position < 0 || amount > TimeSpan.MaxValue.Ticks / units[position].Ticks)
            {
                return false;
            }

            ticks += amount * units[position].Ticks;
            units = units[(position + 1)..];
            text = text[(digits + unit.Length)..];
        }

        return true;
    }

    private static int PositionOf(ReadOnlySpan<char> unit, ReadOnlySpan<(string Unit, long Ticks)> units)
    {
        for (var position = 0; position < units.Length; position++)
        {
            if (unit.SequenceEqual(units[position].Unit))
            {
                return position;
            }
        }

        return -1;
    }
}
