using System.Text;

namespace Quickstart.Report;

/// <summary>One bar of a chart.</summary>
/// <param name="Label">Plain text, encoded where it is drawn.</param>
/// <param name="Value">Not negative.</param>
/// <param name="Shown">The value for people.</param>
/// <param name="Color">A number of the palette in <c>report.css</c>.</param>
internal sealed record Bar(string Label, double Value, string Shown, int Color);

/// <summary>Inline SVG images.</summary>
internal static class Charts
{
    private const int Width = 500;

    /// <summary>Horizontal bars with the label to the left.</summary>
    public static string Bars(IReadOnlyList<Bar> bars, string title)
    {
        const int Row = 28, Left = 128, Right = 78;
        var svg = Open(bars.Count * Row, title);
        foreach (var (index, bar) in bars.Index())
        {
            var middle = (index * Row) + 18;
            svg.Append($"""<text x="0" y="{middle}">{Text.Html(Text.Tail(bar.Label, 18))}</text>""");
            Draw(svg, bar, Left, middle - 11, Width - Left - Right, Largest(bars));
            svg.Append($"""<text class="soft" x="{Width}" y="{middle}" text-anchor="end">{Text.Html(bar.Shown)}</text>""");
        }

        return Close(svg);
    }

    /// <summary>Horizontal bars with the label above, for labels as long as paths.</summary>
    public static string LabelledBars(IReadOnlyList<Bar> bars, string title)
    {
        const int Row = 40;
        var svg = Open(bars.Count * Row, title);
        foreach (var (index, bar) in bars.Index())
        {
            var top = index * Row;
            svg.Append($"""<text x="0" y="{top + 14}">{Text.Html(Text.Tail(bar.Label, 58))}<title>{Text.Html(bar.Label)}</title></text>""");
            svg.Append($"""<text class="soft" x="{Width}" y="{top + 14}" text-anchor="end">{Text.Html(bar.Shown)}</text>""");
            Draw(svg, bar, 0, top + 21, Width, Largest(bars), height: 8);
        }

        return Close(svg);
    }

    /// <summary>One bar cut into shares of the whole.</summary>
    public static string Shares(IReadOnlyList<Bar> bars, string title)
    {
        const int Wide = 2 * Width, Height = 18, Gap = 2;
        var whole = Math.Max(1, bars.Sum(bar => bar.Value));
        var svg = new StringBuilder($"""<svg viewBox="0 0 {Wide} {Height}" role="img" aria-label="{Text.Html(title)}">""");
        var x = 0.0;
        foreach (var bar in bars.Where(bar => bar.Value > 0))
        {
            var length = bar.Value / whole * Wide;
            svg.Append($"""<rect x="{Text.Point(x)}" y="0" width="{Text.Point(Math.Max(length - Gap, 0.5))}" height="{Height}" rx="3" fill="var(--c{bar.Color})"><title>{Text.Html(bar.Label)}: {Text.Html(bar.Shown)}</title></rect>""");
            x += length;
        }

        return Close(svg);
    }

    /// <summary>A filled curve over time.</summary>
    public static string Area(IReadOnlyList<double> values, double top, string title)
    {
        const int Wide = 2 * Width, Height = 110;
        var svg = new StringBuilder($"""<svg viewBox="0 0 {Wide} {Height + 4}" role="img" aria-label="{Text.Html(title)}">""");
        var step = (double)Wide / values.Count;
        var points = string.Concat(values.Select((value, index) =>
        {
            var y = Text.Point(Height - (Math.Min(value / top, 1) * (Height - 6)));
            return $" L{Text.Point(index * step)},{y} L{Text.Point((index + 1) * step)},{y}";
        }));
        svg.Append($"""<path d="M0,{Height}{points} L{Wide},{Height} Z" fill="var(--c0)" fill-opacity="0.22" stroke="var(--c0)" stroke-width="1.5" stroke-linejoin="round"/>""");
        svg.Append($"""<line class="axis" x1="0" y1="{Height}" x2="{Wide}" y2="{Height}"/>""");
        return Close(svg);
    }

    private static StringBuilder Open(int height, string title) => new($"""<svg viewBox="0 0 {Width} {height}" role="img" aria-label="{Text.Html(title)}">""");

    private static void Draw(StringBuilder svg, Bar bar, int x, int y, int width, double largest, int height = 14)
    {
        var length = bar.Value > 0 ? Math.Max(2, bar.Value / largest * width) : 0;
        svg.Append($"""<rect class="track" x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>""");
        svg.Append($"""<rect x="{x}" y="{y}" width="{Text.Point(length)}" height="{height}" rx="4" fill="var(--c{bar.Color})"><title>{Text.Html(bar.Label)}: {Text.Html(bar.Shown)}</title></rect>""");
    }

    private static double Largest(IReadOnlyList<Bar> bars) => Math.Max(1, bars.Max(bar => bar.Value));

    private static string Close(StringBuilder svg) => svg.Append("</svg>").ToString();
}
