using System.Globalization;
using System.Net;

namespace Quickstart.Report;

/// <summary>Values as people read them, safe to stand in HTML.</summary>
internal static class Text
{
    private static readonly string[] Units = ["bytes", "KB", "MB", "GB", "TB", "PB"];

    /// <summary>Everything that came from a file system goes through here. Control characters, which names may hold, show as a box.</summary>
    public static string Html(string text) => WebUtility.HtmlEncode(string.Concat(text.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter)));

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>In units of 1024, with three digits at most.</summary>
    public static string Size(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1000 && unit < Units.Length - 1; unit++)
        {
            value /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:G3} {(bytes == 1 ? "byte" : Units[unit])}");
    }

    /// <summary>A coordinate or length in an SVG image.</summary>
    public static string Point(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    public static string Percent(double part, double whole) => part <= 0 ? "0 %" : part / whole < 0.001 ? "< 0.1 %" : string.Create(CultureInfo.InvariantCulture, $"{100 * part / whole:0.#} %");

    public static string Count(long number, string singular, string? plural = null) => $"{Number(number)} {(number == 1 ? singular : plural ?? singular + "s")}";

    /// <summary>The end of a long path says more than its beginning.</summary>
    public static string Tail(string path, int letters)
    {
        if (path.Length <= letters)
        {
            return path;
        }

        var cut = path.Length - letters + 1;
        return "…" + path[(char.IsLowSurrogate(path[cut]) ? cut + 1 : cut)..];
    }
}
