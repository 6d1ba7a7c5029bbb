using System.Globalization;

namespace WorkflowEngine;

/// <summary>The functions named like types. There are no conversions but these.</summary>
internal static class Conversions
{
    private const double TwoTo63 = 9223372036854775808d;
    private const int LongestShown = 40;

    // Digits of a fraction beyond a tenth of a microsecond are cut.
    private const int MostFractionDigits = 7;

    public static ExpressionValue ToInt(Evaluation evaluation, in ExpressionValue value, int column)
    {
        if (value.Type == ExpressionType.Double)
        {
            var real = Math.Truncate(value.Double);
            return real is < TwoTo63 and >= -TwoTo63 ? ExpressionValue.Of((long)real) : Unfit(value, "int", column);
        }

        return value.Type switch
        {
            ExpressionType.Int => value,
            ExpressionType.Timestamp => ExpressionValue.Of(new DateTimeOffset(value.Ticks, TimeSpan.Zero).ToUnixTimeSeconds()),
            ExpressionType.String when long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => ExpressionValue.Of(whole),
            _ => Unfit(value, "int", column),
        };
    }

    public static ExpressionValue ToDouble(Evaluation evaluation, in ExpressionValue value, int column) => value.Type switch
    {
        ExpressionType.Double => value,
        ExpressionType.Int => ExpressionValue.Of(value.Double),
        ExpressionType.String when TryReadDouble(value.Text, out var real) => ExpressionValue.Of(real),
        _ => Unfit(value, "double", column),
    };

    public static ExpressionValue ToText(Evaluation evaluation, in ExpressionValue value, int column) => value.Type switch
    {
        ExpressionType.String => value,
        ExpressionType.Null or ExpressionType.List or ExpressionType.Map => Unfit(value, "string", column),
        _ => ExpressionValue.Of(ValueJson.ToText(value)),
    };

    public static ExpressionValue ToBool(Evaluation evaluation, in ExpressionValue value, int column) => value.Type switch
    {
        ExpressionType.Bool => value,
        ExpressionType.String when value.Text is "true" or "True" or "TRUE" or "t" or "1" => ExpressionValue.Of(true),
        ExpressionType.String when value.Text is "false" or "False" or "FALSE" or "f" or "0" => ExpressionValue.Of(false),
        _ => Unfit(value, "bool", column),
    };

    /// <summary>From RFC 3339 with its offset, or from seconds since 1970.</summary>
    public static ExpressionValue ToTimestamp(Evaluation evaluation, in ExpressionValue value, int column) => value.Type switch
    {
        ExpressionType.Timestamp => value,
        ExpressionType.Int when value.Int is >= -62135596800 and <= 253402300799 => ExpressionValue.OfTimestamp(DateTimeOffset.FromUnixTimeSeconds(value.Int).UtcTicks),
        ExpressionType.String when TryReadTime(value.Text, out var time) => ExpressionValue.OfTimestamp(time.UtcTicks),
        _ => Unfit(value, "timestamp", column),
    };

    /// <summary>From any form that the flow document takes, with a minus sign in front if it is negative.</summary>
    public static ExpressionValue ToDuration(Evaluation evaluation, in ExpressionValue value, int column)
    {
        if (value.Type == ExpressionType.String)
        {
            var text = value.Text;
            var isNegative = text.StartsWith('-');
            return Duration.TryParse(isNegative ? text[1..] : text, out var length) ? ExpressionValue.OfDuration(isNegative ? -length.Ticks : length.Ticks) : Unfit(value, "duration", column);
        }

        return value.Type == ExpressionType.Duration ? value : Unfit(value, "duration", column);
    }

    private static bool TryReadDouble(string text, out double real)
        => double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out real) && double.IsFinite(real);

    private static bool TryReadTime(string text, out DateTimeOffset time)
    {
        time = default;
        var point = text.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0)
        {
            var end = text.AsSpan(point + 1).IndexOfAnyExceptInRange('0', '9');
            var digits = end < 0 ? text.Length - point - 1 : end;
            if (digits > MostFractionDigits)
            {
                text = text.Remove(point + 1 + MostFractionDigits, digits - MostFractionDigits);
            }
        }

        // Without an offset the time would mean something else on every machine.
        return (text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-'))
            && DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"], CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
    }

    private static ExpressionValue Unfit(ExpressionValue value, string target, int column) => value.IsFailure ? value : ExpressionValue.Failed(column, () =>
    {
        var shown = value.Type == ExpressionType.String ? $"the string {FlowProblems.Quote(value.Text[..Math.Min(value.Text.Length, LongestShown)])}" : value.Type.Phrase;
        var form = target switch
        {
            "timestamp" => "; write it as 2027-01-31T08:30:00Z",
            "duration" => $"; write {Duration.Forms}",
            _ => string.Empty,
        };
        return $"There is no {target} for {shown}{form}.";
    });
}
