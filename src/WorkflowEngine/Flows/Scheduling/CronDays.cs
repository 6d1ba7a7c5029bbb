using System.Globalization;

namespace WorkflowEngine;

/// <summary>
/// Which days are meant: by day of month, by day of week, or by either when both are restricted, as cron does it. Beyond the lists of values there are
/// <c>L</c> (the last day of the month), <c>L-3</c> (three days before it), <c>5L</c> (the last Friday) and <c>5#2</c> (the second Friday).
/// </summary>
internal sealed class CronDays
{
    private CronField _days;
    private CronField _weekdays;
    private bool _anyDay;
    private bool _anyWeekday;
    private int _beforeLast = -1;
    private int _lastWeekday = -1;
    private (int Weekday, int Which) _nth = (-1, 0);

    /// <summary>Null, or what is wrong.</summary>
    public static string? TryParse(string days, string weekdays, out CronDays parsed)
    {
        parsed = new CronDays { _anyDay = days[0] is '*' or '?', _anyWeekday = weekdays[0] is '*' or '?' };
        return parsed.ReadDays(days) ?? parsed.ReadWeekdays(weekdays);
    }

    public bool Has(DateTime day)
    {
        if (_anyDay || _anyWeekday)
        {
            return HasDay(day) && HasWeekday(day); // A star with a step restricts too, but together, as cron does it.
        }

        return HasDay(day) || HasWeekday(day);
    }

    private string? ReadDays(string text)
    {
        if (text.Equals("L", StringComparison.OrdinalIgnoreCase))
        {
            _beforeLast = 0;
            return null;
        }

        if (text.StartsWith("L-", StringComparison.OrdinalIgnoreCase) && CronUnit.TryNumber(text.AsSpan(2), out var before) && before <= 30)
        {
            _beforeLast = before;
            return null;
        }

        return CronField.TryParse(text, CronUnit.Day, out _days);
    }

    private string? ReadWeekdays(string text)
    {
        var unit = CronUnit.Weekday;
        if (text.Length > 1 && text[^1] is 'L' or 'l' && unit.TryValue(text[..^1], out var last))
        {
            _lastWeekday = unit.Wrap(last);
            return null;
        }

        if (text.Split('#') is [var name, var number] && unit.TryValue(name, out var weekday) && CronUnit.TryNumber(number, out var which) && which is >= 1 and <= 5)
        {
            _nth = (unit.Wrap(weekday), which);
            return null;
        }

        return CronField.TryParse(text, unit, out _weekdays);
    }

    private bool HasDay(DateTime day)
        => _beforeLast >= 0 ? day.Day == DateTime.DaysInMonth(day.Year, day.Month) - _beforeLast : _days.Has(day.Day);

    private bool HasWeekday(DateTime day)
    {
        var weekday = (int)day.DayOfWeek;
        return _lastWeekday >= 0 ? weekday == _lastWeekday && day.Day > DateTime.DaysInMonth(day.Year, day.Month) - 7
            : _nth.Weekday >= 0 ? weekday == _nth.Weekday && (day.Day + 6) / 7 == _nth.Which
            : _weekdays.Has(weekday);
    }
}

/// <summary>A unit of time in a cron expression: its name, its values, and their names.</summary>
internal sealed record CronUnit(string Name, int First, int Last, params string[] Names)
{
    public static CronUnit Second { get; } = new("second", 0, 59);

    public static CronUnit Minute { get; } = new("minute", 0, 59);

    public static CronUnit Hour { get; } = new("hour", 0, 23);

    public static CronUnit Day { get; } = new("day of the month", 1, 31);

    public static CronUnit Month { get; } = new("month", 1, 12, "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");

    /// <summary>Sunday is 0, and 7 too.</summary>
    public static CronUnit Weekday { get; } = new("day of the week", 0, 6, "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

    public string NamesHint => Names.Length == 0 ? string.Empty : $" or {Names[0]} to {Names[^1]}";

    private bool IsWeekday => ReferenceEquals(this, Weekday);

    public static bool TryNumber(ReadOnlySpan<char> text, out int number)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    public bool TryValue(string text, out int value)
    {
        value = Array.FindIndex(Names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (value >= 0)
        {
            value += First;
            return true;
        }

        return TryNumber(text, out value) && value >= First && value <= Last + (IsWeekday ? 1 : 0);
    }

    /// <summary>A value beyond the last begins anew: the hour 25 is 1, the weekday 7 is 0.</summary>
    public int Wrap(int value) => First + ((value - First) % (Last - First + 1));
}
