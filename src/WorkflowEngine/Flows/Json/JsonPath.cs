using System.Buffers;

namespace WorkflowEngine;

/// <summary>Paths of diagnostics: <c>$.steps[2].retry["odd name"]</c>.</summary>
internal static class JsonPath
{
    public const string Root = "$";

    private const int LongestSegment = 64;

    private static readonly SearchValues<char> PlainLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-$");

    /// <summary>A member's segment; long names are cut, which only makes a diagnostic less exact.</summary>
    public static string Member(string name)
    {
        if (name.Length is > 0 and <= LongestSegment && !name.AsSpan().ContainsAnyExcept(PlainLetters))
        {
            return $".{name}";
        }

        var shown = name.Length <= LongestSegment ? name : string.Concat(name.AsSpan(0, LongestSegment), "…");
        return $"[\"{shown.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings("\\n")}\"]";
    }

    public static string Element(int index) => $"[{index}]";

    /// <summary>The path itself and every path above it, without the root.</summary>
    public static IEnumerable<string> Ancestors(string path)
    {
        var end = 1;
        while (end < path.Length)
        {
            end += SegmentLength(path.AsSpan(end));
            yield return path[..end];
        }
    }

    /// <summary>The segments behind the root, as <see cref="Member"/> and <see cref="Element"/> write them.</summary>
    public static IEnumerable<string> Segments(string path)
    {
        var start = 1;
        while (start < path.Length)
        {
            var length = SegmentLength(path.AsSpan(start));
            yield return path.Substring(start, length);
            start += length;
        }
    }

    private static int SegmentLength(ReadOnlySpan<char> rest)
    {
        if (!rest.StartsWith("[\""))
        {
            var next = rest[1..].IndexOfAny('.', '[');
            return next < 0 ? rest.Length : next + 1;
        }

        for (var position = 2; position + 1 < rest.Length; position++)
        {
            if (rest[position] == '\\')
            {
                position++;
            }
            else if (rest[position] == '"')
            {
                return position + 2;
            }
        }

        return rest.Length;
    }
}
