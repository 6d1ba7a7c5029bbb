using System.Globalization;

namespace WorkflowEngine;

/// <summary>A piece of a text: plain, or a look-up.</summary>
/// <param name="Text">The plain text; empty for a look-up.</param>
/// <param name="Lookup">The path; null for plain text.</param>
internal readonly record struct TemplatePart(string Text, IReadOnlyList<string>? Lookup);

/// <summary>Cuts one text into plain parts and look-ups. Reports with the column, 1 being the text's first character, and goes on behind the mistake.</summary>
internal sealed class TemplateText(string text, string path, List<FlowDiagnostic> diagnostics)
{
    public const string Open = "{{";

    private const string Close = "}}";
    private const int MostSegments = 32;

    private static readonly string[] Roots = ["input", "inputs", "steps", "variables", "engine_data", "secrets", "job", "loop", "signal", "error"];
    private static readonly string[] JobNames = ["id", "flow_id", "key", "trigger", "attempt", "tenant", "scheduled_at"];
    private static readonly string[] LoopNames = ["item", "index", "total", "first", "last"];
    private static readonly string[] StepNames = ["output", "status", "port", "error"];

    private int _position;

    public List<TemplatePart> Parse()
    {
        var parts = new List<TemplatePart>();
        while (_position < text.Length)
        {
            var open = text.IndexOf(Open, _position, StringComparison.Ordinal);
            if (open != _position)
            {
                var end = open < 0 ? text.Length : open;
                parts.Add(new TemplatePart(text[_position..end], null));
                _position = end;
                continue;
            }

            _position += Open.Length;
            if (ParseLookup(open) is { } lookup)
            {
                parts.Add(new TemplatePart(string.Empty, lookup));
            }
        }

        return parts;
    }

    /// <summary>Reads up to and with the closing braces; null, with a diagnostic, when there is no look-up between them.</summary>
    private List<string>? ParseLookup(int open)
    {
        SkipBlanks();
        var start = _position;
        var segments = new List<string>();
        var isLookup = ReadName(segments) && segments[0] is not ("true" or "false" or "null") && ReadSegments(segments);
        SkipBlanks();
        if (isLookup && text.AsSpan(_position).StartsWith(Close))
        {
            _position += Close.Length;
            return Check(segments, start) ? segments : null;
        }

        ReportWhatStandsHere(open, start);
        var close = text.IndexOf(Close, _position, StringComparison.Ordinal);
        _position = close < 0 ? text.Length : close + Close.Length;
        return null;
    }

    private bool ReadSegments(List<string> segments)
    {
        while (_position < text.Length)
        {
            var isRead = text[_position] switch
            {
                '.' => Advance() && ReadName(segments),
                '[' => Advance() && ReadIndex(segments),
                _ => (bool?)null,
            };
            if (isRead is not true)
            {
                return isRead is null;
            }
        }

        return true;
    }

    private bool ReadName(List<string> segments)
    {
        var end = _position;
        while (end < text.Length && (text[end] == '_' || char.IsAsciiLetter(text[end]) || (end > _position && char.IsAsciiDigit(text[end]))))
        {
            end++;
        }

        return Take(segments, end);
    }

    /// <summary>Behind the bracket: a whole number or a quoted name, and the closing bracket.</summary>
    private bool ReadIndex(List<string> segments)
    {
        SkipBlanks();
        if (_position < text.Length && text[_position] is '"' or '\'')
        {
            var end = text.IndexOf(text[_position], _position + 1);
            _position++;
            if (end < 0 || !Take(segments, end))
            {
                return false;
            }

            _position++;
        }
        else
        {
            var end = _position;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            if (!int.TryParse(text.AsSpan(_position, end - _position), NumberStyles.None, CultureInfo.InvariantCulture, out _) || !Take(segments, end))
            {
                return false;
            }
        }

        SkipBlanks();
        return _position < text.Length && text[_position] == ']' && Advance();
    }

    private bool Take(List<string> segments, int end)
    {
        if (end <= _position || segments.Count == MostSegments)
        {
            return false;
        }

        segments.Add(text[_position..end]);
        _position = end;
        return true;
    }

    private bool Advance()
    {
        _position++;
        return true;
    }

    private void SkipBlanks()
    {
        while (_position < text.Length && char.IsWhiteSpace(text[_position]))
        {
            _position++;
        }
    }

    private void ReportWhatStandsHere(int open, int start)
    {
        var rest = text.AsSpan(_position);
        if (text.IndexOf(Close, open, StringComparison.Ordinal) < 0)
        {
            Report(FlowProblems.BadTemplate, open, "'{{' is never closed with '}}'.");
        }
        else if (_position == start && rest.StartsWith(Close))
        {
            Report(FlowProblems.BadTemplate, open, "There is nothing between '{{' and '}}'.");
        }
        else if (rest.StartsWith("-") && _position > start)
        {
            Report(FlowProblems.NotSupported, _position, "Arithmetic is not supported yet; a name with a dash is written steps[\"with-dash\"].");
        }
        else if (IsExpression(rest, start))
        {
            Report(FlowProblems.NotSupported, _position, "Only look-ups such as {{ variables.limit }} are supported yet, no operators, literals or calls.");
        }
        else
        {
            Report(FlowProblems.BadTemplate, _position, "This is no look-up; write {{ name.path }}, name[\"with-dash\"] or name[0].");
        }
    }

    private bool IsExpression(ReadOnlySpan<char> rest, int start)
    {
        var isAtStart = _position == start;
        return text.AsSpan(start, _position - start).TrimEnd() is "true" or "false" or "null"
            || (!isAtStart && rest is ['i', 'n', ' ' or '[', ..])
            || (!rest.IsEmpty && "+-*/%=!<>&|?:(".Contains(rest[0]))
            || (isAtStart && rest is ['"' or '\'' or '[' or '{' or (>= '0' and <= '9'), ..]);
    }

    /// <summary>Checks the names that are known before anything runs.</summary>
    private bool Check(List<string> segments, int start)
    {
        if (!Knows(Roots, segments[0], start, "name"))
        {
            return false;
        }

        if (segments is ["secrets"])
        {
            Report(FlowProblems.BadTemplate, start, "Secrets are looked up one by one: {{ secrets.name }}.");
            return false;
        }

        return segments switch
        {
            ["job", var name, ..] => Knows(JobNames, name, start, "name of a job"),
            ["loop", var name, ..] => Knows(LoopNames, name, start, "name of a loop"),
            ["steps", _, var name, ..] => Knows(StepNames, name, start, "name of a step"),
            _ => true,
        };
    }

    private bool Knows(string[] names, string name, int start, string what)
    {
        if (names.Contains(name))
        {
            return true;
        }

        Report(FlowProblems.BadTemplate, start, $"{FlowProblems.Quote(name)} is no {what}; there are {string.Join(", ", names)}.{diagnostics.Hint(name, names)}");
        return false;
    }

    private void Report(string code, int position, string message) => diagnostics.Report(code, path, $"{message} (column {position + 1})");
}
