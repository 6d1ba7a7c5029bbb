using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace WorkflowEngine;

/// <summary>
/// A cron expression: five fields as in <c>crontab(5)</c>, six with seconds in front, or a nickname such as <c>@daily</c>. As there, when day of month and day of week are both
/// restricted, a day that matches either is meant. Around a change of the clocks: what falls into the hour that is left out happens right after it; what falls into the hour
/// that comes twice happens once, unless the time is an interval (<c>*</c>, a range or a step in seconds, minutes or hours): then it goes on through both.
/// </summary>
internal sealed class CronExpression
{
    /// <summary>The 29th of February on a given day of the week comes back within 40 years, whatever the century.</summary>
    private const int FarthestYears = 40;

    private static readonly Dictionary<string, string> Nicknames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
        ["@monthly"] = "0 0 1 * *",
        ["@weekly"] = "0 0 * * 0",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@hourly"] = "0 * * * *",
        ["@every_minute"] = "* * * * *",
        ["@every_second"] = "* * * * * *",
    };

    private readonly CronField _seconds;
    private readonly CronField _minutes;
    private readonly CronField _hours;
    private readonly CronField _months;
    private readonly CronDays _days;

    private CronExpression(CronField seconds, CronField minutes, CronField hours, CronField months, CronDays days)
        => (_seconds, _minutes, _hours, _months, _days) = (seconds, minutes, hours, months, days);

    /// <summary>What to write, for messages.</summary>
    public static string Forms => $"five fields (minute hour day month weekday), six with seconds in front, or {string.Join(", ", Nicknames.Keys)}";

    private bool IsInterval => _seconds.IsInterval || _minutes.IsInterval || _hours.IsInterval;

    /// <summary>Reads an expression; otherwise <paramref name="problem"/> says what is wrong with which field.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out CronExpression? cron, [NotNullWhen(false)] out string? problem)
    {
        cron = null;
        var fields = (text is not null && Nicknames.TryGetValue(text.Trim(), out var meant) ? meant : text ?? string.Empty)
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length is not (5 or 6))
        {
            problem = $"A cron expression has {Forms}; this has {fields.Length} fields.";
            return false;
        }

        var first = fields.Length - 5;
        CronField minutes = default, hours = default, months = default;
        CronDays? days = null;
        problem = CronField.TryParse(first == 0 ? "0" : fields[0], CronUnit.Second, out var seconds)
            ?? CronField.TryParse(fields[first], CronUnit.Minute, out minutes)
            ?? CronField.TryParse(fields[first + 1], CronUnit.Hour, out hours)
            ?? CronField.TryParse(fields[first + 3], CronUnit.Month, out months)
            ?? CronDays.TryParse(fields[first + 2], fields[first + 4], out days);
        if (problem is not null)
        {
            return false;
        }

        var read = new CronExpression(seconds, minutes, hours, months, days!);
        if (read.NextOnTheWall(new DateTime(1999, 12, 31)) is null)
        {
            problem = "The cron expression names a day that never comes.";
            return false;
        }

        cron = read;
        return true;
    }

    /// <summary>The first time after <paramref name="after"/>; null when there is none within 40 years.</summary>
    public DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone)
    {
        var wall = TimeZoneInfo.ConvertTime(after, zone).DateTime;
        if (zone.IsAmbiguousTime(wall))
        {
            // What the wall showed since the overlap began may be still to come for the second time.
            var offsets = zone.GetAmbiguousTimeOffsets(wall);
            wall -= offsets.Max() - offsets.Min();
        }

        DateTimeOffset? best = null;
        for (var next = NextOnTheWall(wall.AddTicks(-1)); next is { } shown; next = NextOnTheWall(shown))
        {
            var (early, late) = Instants(shown, zone);
            if (best <= early)
            {
                break; // Early instants only grow from here on, and a late one is later still.
            }

            var at = early > after ? early : IsInterval && late > after ? late : (DateTimeOffset?)null;
            best = at is null || best <= at ? best : at;
        }

        return best;
    }

    /// <summary>When the wall shows a time: once; twice, in the hour that comes twice; or, in the hour that is left out, never, and the end of that hour counts instead.</summary>
    private static (DateTimeOffset Early, DateTimeOffset Late) Instants(DateTime wall, TimeZoneInfo zone)
    {
        if (zone.IsAmbiguousTime(wall))
        {
            var offsets = zone.GetAmbiguousTimeOffsets(wall);
            return (new DateTimeOffset(wall, offsets.Max()), new DateTimeOffset(wall, offsets.Min()));
        }

        while (zone.IsInvalidTime(wall))
        {
            wall = new DateTime(wall.Ticks - (wall.Ticks % TimeSpan.TicksPerMinute)).AddMinutes(1); // Clocks change on the minute.
        }

        var only = new DateTimeOffset(wall, zone.GetUtcOffset(wall));
        return (only, only);
    }

    /// <summary>The first time after <paramref name="after"/> that the wall shows and the fields name.</summary>
    private DateTime? NextOnTheWall(DateTime after)
    {
        var from = after.AddTicks(TimeSpan.TicksPerSecond - (after.Ticks % TimeSpan.TicksPerSecond));
        var last = from.Year + FarthestYears;
        for (var day = from.Date; day.Year <= last; day = day.AddDays(1))
        {
            if (!_months.Has(day.Month))
            {
                day = new DateTime(day.Year, day.Month, DateTime.DaysInMonth(day.Year, day.Month));
            }
            else if (_days.Has(day) && TryFindTime(day == from.Date ? from.TimeOfDay : TimeSpan.Zero, out var time))
            {
                return day + time;
            }

            if (day >= DateTime.MaxValue.Date)
            {
                break;
            }
        }

        return null;
    }

    private bool TryFindTime(TimeSpan from, out TimeSpan found)
    {
        for (var hour = _hours.From(from.Hours); hour >= 0; hour = _hours.From(hour + 1))
        {
            var minutes = hour > from.Hours ? 0 : from.Minutes;
            for (var minute = _minutes.From(minutes); minute >= 0; minute = _minutes.From(minute + 1))
            {
                var second = _seconds.From(hour > from.Hours || minute > from.Minutes ? 0 : from.Seconds);
                if (second >= 0)
                {
                    found = new TimeSpan(hour, minute, second);
                    return true;
                }
            }
        }

        found = default;
        return false;
    }
}

/// <summary>Which values of one unit of time are meant, as a set of bits.</summary>
/// <param name="Bits">Bit n: the value n.</param>
/// <param name="IsInterval">Written with <c>*</c>, a range or a step.</param>
internal readonly record struct CronField(ulong Bits, bool IsInterval)
{
    public bool Has(int value) => (Bits >> value & 1) != 0;

    /// <summary>The first value from <paramref name="value"/> on; -1: none.</summary>
    public int From(int value)
    {
        var rest = value > 63 ? 0 : Bits >> value;
        return rest == 0 ? -1 : value + BitOperations.TrailingZeroCount(rest);
    }

    /// <summary>Reads a list of values, ranges and steps; null, or what is wrong.</summary>
    public static string? TryParse(string text, CronUnit unit, out CronField field)
    {
        var (bits, isInterval) = (0UL, false);
        foreach (var part in text.Split(','))
        {
            if (!TryParsePart(part, unit, ref bits, ref isInterval))
            {
                field = default;
                return $"'{text}' is no {unit.Name}: {unit.First} to {unit.Last}{unit.NamesHint}, *, ranges such as {unit.First}-{unit.Last}, steps such as */2, and lists of these.";
            }
        }

        field = new CronField(bits, isInterval);
        return null;
    }

    private static bool TryParsePart(string part, CronUnit unit, ref ulong bits, ref bool isInterval)
    {
        var (range, step) = (part, 1);
        var slash = part.IndexOf('/');
        if (slash >= 0)
        {
            range = part[..slash];
            if (!CronUnit.TryNumber(part.AsSpan(slash + 1), out step) || step < 1)
            {
                return false;
            }
        }

        var (first, last) = (unit.First, unit.Last);
        var ends = range.Split('-');
        var isAll = range is "*" or "?";
        if (!isAll)
        {
            if (ends.Length > 2 || !unit.TryValue(ends[0], out first) || !unit.TryValue(ends[^1], out last))
            {
                return false;
            }

            last = ends.Length == 1 && slash >= 0 ? unit.Last : last; // `5/15` goes from 5 to the end.
        }

        isInterval |= isAll || ends.Length == 2 || slash >= 0;
        var span = last >= first ? last - first : last - first + unit.Last - unit.First + 1; // `FRI-MON` and `22-2` go around.
        for (long i = 0; i <= span; i += step)
        {
            bits |= 1UL << unit.Wrap(first + (int)i);
        }

        return true;
    }
}
