using System.Globalization;

namespace Quickstart.Report;

/// <summary>The report: one HTML page that needs nothing from outside.</summary>
internal static class ReportPage
{
    private const int ColorsOfLanguages = 9;
    private const int ColorOfTheRest = 9;
    private const int ColorOfFolders = 9;

    private static readonly Lazy<string> Style = new(() =>
    {
        using var css = new StreamReader(typeof(ReportPage).Assembly.GetManifestResourceStream("report.css")!);
        return css.ReadToEnd();
    });

    public static string Render(FolderSummary summary, DateTimeOffset now)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(summary.Folder)) is { Length: > 0 } last ? last : summary.Folder;
        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{Text.Html(name)} – folder report</title>
            <style>
            {Style.Value}</style>
            </head>
            <body>
            <main>
            <header>
            <h1>{Text.Html(name)}</h1>
            <p>{Text.Html(summary.Folder)} · {now.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture)}</p>
            </header>
            {Tiles(summary)}
            {Languages(summary)}
            {Files(summary)}
            {Unread(summary)}
            {Engine(summary.Activity)}
            <footer>Written by the WorkflowEngine quickstart. SHA-256 tells equal files; lines are counted in text files only; links, hidden folders and build output are left out.</footer>
            </main>
            </body>
            </html>

            """;
    }

    private static string Tiles(FolderSummary summary)
    {
        (string Value, string Label)[] tiles =
        [
            (Text.Number(summary.Files), summary.Files == 1 ? "file" : "files"),
            (Text.Size(summary.Bytes), "in all"),
            (Text.Number(summary.Lines), "lines of text"),
            (Text.Number(summary.Languages.Count), summary.Languages.Count == 1 ? "language or format" : "languages and formats"),
            (Text.Size(summary.WastedBytes), "in duplicates"),
        ];
        return $"""<div class="tiles">{string.Concat(tiles.Select(tile => $"""<div class="tile"><b>{tile.Value}</b><span>{tile.Label}</span></div>"""))}</div>""";
    }

    private static string Languages(FolderSummary summary)
    {
        if (summary.Files == 0)
        {
            return """<section><p class="empty">There is no file to report on in this folder.</p></section>""";
        }

        var shown = WithTheRest(summary.Languages);
        var bytes = shown.Select((language, color) => new Bar(language.Name, language.Bytes, Text.Size(language.Bytes), color)).ToList();
        var lines = shown.Select((language, color) => new Bar(language.Name, language.Lines, Text.Number(language.Lines), color)).Where(bar => bar.Value > 0).OrderByDescending(bar => bar.Value).ToList();
        var legend = string.Concat(bytes.Select(bar => $"""<li><i style="background:var(--c{bar.Color})"></i>{Text.Html(bar.Label)}<span>{Text.Percent(bar.Value, summary.Bytes)}</span></li>"""));
        return $"""
            <section><h2>What it is made of</h2>{Charts.Shares(bytes, "Share of each language in all bytes")}<ul class="legend">{legend}</ul></section>
            <div class="pair">
            <section><h2>Bytes per language</h2>{Charts.Bars(bytes, "Bytes per language")}</section>
            <section><h2>Lines per language</h2>{(lines.Count > 0 ? Charts.Bars(lines, "Lines per language") : """<p class="empty">No text files.</p>""")}</section>
            </div>
            """;
    }

    private static List<LanguageTotal> WithTheRest(IReadOnlyList<LanguageTotal> languages)
    {
        var rest = languages.Skip(ColorsOfLanguages).ToList();
        return rest.Count == 0
            ? [.. languages]
            : [.. languages.Take(ColorsOfLanguages), new LanguageTotal($"{rest.Count} more", rest.Sum(language => language.Files), rest.Sum(language => language.Bytes), rest.Sum(language => language.Lines))];
    }

    private static string Files(FolderSummary summary)
    {
        if (summary.Files == 0)
        {
            return string.Empty;
        }

        var colors = summary.Languages.Take(ColorsOfLanguages).Index().ToDictionary(pair => pair.Item.Name, pair => pair.Index);
        var largest = summary.Largest.Select(file => new Bar(file.Path, file.Bytes, Text.Size(file.Bytes), colors.GetValueOrDefault(file.Language, ColorOfTheRest))).ToList();
        var folders = summary.Folders.Select(folder => new Bar(folder.Path, folder.Bytes, $"{Text.Count(folder.Files, "file")}, {Text.Size(folder.Bytes)}", ColorOfFolders)).ToList();
        return $"""
            <div class="pair">
            <section><h2>Largest files</h2>{Charts.LabelledBars(largest, "Largest files")}</section>
            <section><h2>Largest folders</h2>{Charts.LabelledBars(folders, "Largest folders")}</section>
            </div>
            <section><h2>Duplicates<small>{Text.Count(summary.DuplicateGroups, "group")}, {Text.Size(summary.WastedBytes)} to spare</small></h2>{Duplicates(summary)}</section>
            """;
    }

    private static string Duplicates(FolderSummary summary)
    {
        var rows = summary.Duplicates.Select(group =>
        {
            var paths = string.Concat(group.Paths.Select(path => $"<li>{Text.Html(path)}</li>"));
            var more = group.Count > group.Paths.Count ? $"""<li class="soft">and {Text.Number(group.Count - group.Paths.Count)} more</li>""" : string.Empty;
            return $"""<tr><td><ul>{paths}{more}</ul><code class="soft">{group.Sha256[..12]}</code></td><td class="number">{Text.Number(group.Count)} × {Text.Size(group.Bytes)}</td></tr>""";
        });
        return summary.Duplicates.Count == 0
            ? """<p class="empty">No two files have the same content.</p>"""
            : $"""<table><tr><th>Files with the same content</th><th class="number">Copies</th></tr>{string.Concat(rows)}</table>""";
    }

    private static string Unread(FolderSummary summary)
    {
        if (summary.UnreadCount == 0)
        {
            return string.Empty;
        }

        var rows = string.Concat(summary.Unread.Select(path => $"<tr><td>{Text.Html(path.Path)}</td><td>{Text.Html(path.Why)}</td></tr>"));
        var more = summary.UnreadCount > summary.Unread.Count ? $"""<tr><td class="soft" colspan="2">and {Text.Number(summary.UnreadCount - summary.Unread.Count)} more</td></tr>""" : string.Empty;
        return $"""<section class="warning"><h2>Not read<small>{Text.Number(summary.UnreadCount)}</small></h2><table><tr><th>Path</th><th>Why</th></tr>{rows}{more}</table></section>""";
    }

    private static string Engine(Activity activity)
    {
        if (activity.Steps == 0)
        {
            return string.Empty;
        }

        var seconds = activity.Seconds.ToString(activity.Seconds < 10 ? "0.00" : "0.0", CultureInfo.InvariantCulture);
        var facts = $"{Text.Count(activity.Steps, "step")} in {seconds} s, at most {Text.Number(activity.Peak)} at once";
        return $"""<section><h2>Steps running at the same time<small>{facts}</small></h2>{Charts.Area(activity.Running, Math.Max(1, activity.Peak), facts)}</section>""";
    }
}
