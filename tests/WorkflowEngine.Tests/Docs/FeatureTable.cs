using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using WorkflowEngine.Tests.HouseRules;

namespace WorkflowEngine.Tests.Docs;

/// <summary>One row of docs/FEATURES.md.</summary>
internal sealed record FeatureRow(string Numbers, string Api, string Tests, string State);

/// <summary>docs/FEATURES.md, read, and what is wrong with it.</summary>
internal static partial class FeatureTable
{
    private static readonly Lazy<HashSet<string>> KnownTests = new(ReadTests);
    private static readonly Lazy<Dictionary<string, string>> KnownApi = new(ReadApi);

    /// <summary>How many promises each group has.</summary>
    public static IReadOnlyDictionary<string, int> Groups { get; }
        = new Dictionary<string, int>(StringComparer.Ordinal) { ["000"] = 55, ["001"] = 48, ["002"] = 57, ["003"] = 78, ["004"] = 54 };

    public static IReadOnlyList<FeatureRow> Read(string markdown) =>
    [
        .. markdown.Split('\n').Where(line => line.StartsWith("| 00", StringComparison.Ordinal))
            .Select(line => line.Trim().Trim('|').Split('|').Select(cell => cell.Trim()).ToArray())
            .Where(cells => cells[0].Contains('/', StringComparison.Ordinal))
            .Select(cells => cells.Length == 5 ? new FeatureRow(cells[0], cells[2], cells[3], cells[4]) : new FeatureRow(cells[0], string.Empty, string.Empty, "not five cells")),
    ];

    public static IEnumerable<string> Problems(IReadOnlyList<FeatureRow> rows)
        => Numbering(rows).Concat(rows.SelectMany(row => State(row).Concat(Missing(row)).Select(problem => $"{row.Numbers}: {problem}")));

    private static IEnumerable<string> Numbering(IReadOnlyList<FeatureRow> rows)
    {
        var malformed = rows.SelectMany(row => Cell(row)).Where(part => !Number().IsMatch(part)).Select(part => $"'{part}' is no number or range");
        var named = rows.SelectMany(row => Cell(row)).Where(part => Number().IsMatch(part)).SelectMany(Expand).ToLookup(number => number, StringComparer.Ordinal);
        var wanted = Groups.SelectMany(group => Enumerable.Range(1, group.Value).Select(number => $"{group.Key}/{number}")).ToHashSet(StringComparer.Ordinal);
        return malformed
            .Concat(wanted.Where(number => named[number].Count() != 1).Select(number => $"{number} stands in {named[number].Count()} rows"))
            .Concat(named.Where(number => !wanted.Contains(number.Key)).Select(number => $"there is no {number.Key}"));

        static string[] Cell(FeatureRow row) => row.Numbers.Split(',', StringSplitOptions.TrimEntries);
    }

    private static IEnumerable<string> Expand(string part)
    {
        var match = Number().Match(part);
        var first = int.Parse(match.Groups["first"].Value, CultureInfo.InvariantCulture);
        var last = match.Groups["last"].Success ? int.Parse(match.Groups["last"].Value, CultureInfo.InvariantCulture) : first;
        return Enumerable.Range(first, Math.Max(0, last - first + 1)).Select(number => $"{match.Groups["group"].Value}/{number}");
    }

    private static IEnumerable<string> State(FeatureRow row)
    {
        if (!LegalState().IsMatch(row.State))
        {
            yield return $"'{row.State}' is no state";
        }

        if (row.State == "tested" && !Quoted().IsMatch(row.Tests))
        {
            yield return "tested by nothing";
        }
    }

    private static IEnumerable<string> Missing(FeatureRow row)
    {
        foreach (var test in Names(row.Tests).Where(test => !KnownTests.Value.Contains(test)))
        {
            yield return $"there is no test {test}";
        }

        foreach (var member in Names(row.Api).Where(name => char.IsAsciiLetterUpper(name[0])))
        {
            var parts = member.Split('.');
            if (!KnownApi.Value.TryGetValue(parts[0], out var members) || (parts.Length == 2 && !Regex.IsMatch(members, $@"\b{parts[1]}\b", RegexOptions.None, TimeSpan.FromSeconds(1))))
            {
                yield return $"there is no {member} in the public API";
            }
        }
    }

    private static IEnumerable<string> Names(string cell) => Quoted().Matches(cell).Select(match => match.Groups["name"].Value);

    /// <summary>Every fact and theory below tests/ and of the store suite, as <c>Class.Method</c>.</summary>
    private static HashSet<string> ReadTests() =>
    [
        .. SourceTree.Find("tests", "*.cs").Concat(SourceTree.Find("src", "*.cs").Where(path => path.Contains("Testing.Conformance", StringComparison.Ordinal))).SelectMany(path => SourceFile.Parse(path, SourceTree.Read(path)).Syntax.DescendantNodes().OfType<MethodDeclarationSyntax>())
            .Where(method => method.AttributeLists.SelectMany(list => list.Attributes).Any(attribute => attribute.Name.ToString() is "Fact" or "Theory"))
            .Select(method => $"{((TypeDeclarationSyntax)method.Parent!).Identifier.Text}.{method.Identifier.Text}"),
    ];

    /// <summary>The public types by name, each with the text of its members.</summary>
    private static Dictionary<string, string> ReadApi()
    {
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        var type = string.Empty;
        foreach (var line in SourceTree.Find("src", "PublicApi.txt").SelectMany(path => SourceTree.Read(path).Split('\n')))
        {
            if (!line.StartsWith(' '))
            {
                type = TypeName().Match(line).Groups["name"].Value;
                types.TryAdd(type, string.Empty);
            }
            else
            {
                types[type] += line + "\n";
            }
        }

        return types;
    }

    [GeneratedRegex("^(?<group>00[0-4])/(?<first>[0-9]+)(-(?<last>[0-9]+))?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Number();

    [GeneratedRegex("^(tested|open: (durability|control flow|sessions|service)|decided: ([SG][0-9]+|§[0-9]+))$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LegalState();

    [GeneratedRegex("`(?<name>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\.(?<name>[A-Za-z]+)(<[^>]*>)?( :.*|\(.*)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TypeName();
}
