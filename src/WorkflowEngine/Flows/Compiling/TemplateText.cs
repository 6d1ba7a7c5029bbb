namespace WorkflowEngine;

/// <summary>A piece of a text: plain, or an expression.</summary>
/// <param name="Text">The plain text; empty for an expression.</param>
/// <param name="Expression">Null for plain text.</param>
internal readonly record struct TemplatePart(string Text, CompiledExpression? Expression);

/// <summary>Cuts one text into plain parts and expressions. Reports with the column, 1 being the text's first character, and goes on behind the mistake.</summary>
internal sealed class TemplateText(string text, string path, ExpressionNames names, List<FlowDiagnostic> diagnostics)
{
    public const string Open = "{{";

    private const string Close = "}}";

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
            if (ParseExpression(open) is { } expression)
            {
                parts.Add(new TemplatePart(string.Empty, expression));
            }
        }

        return parts;
    }

    /// <summary>Reads up to and with the closing braces; null, with a diagnostic, when there is no expression between them.</summary>
    private CompiledExpression? ParseExpression(int open)
    {
        var isClosed = text.IndexOf(Close, open, StringComparison.Ordinal) >= 0;
        if (!isClosed || text.AsSpan(_position).TrimStart().StartsWith(Close))
        {
            Report(FlowProblems.BadTemplate, open + 1, isClosed ? "There is nothing between '{{' and '}}'." : "'{{' is never closed with '}}'.");
            GoBehindClose();
            return null;
        }

        var isParsed = CompiledExpression.TryParseWithin(text, ref _position, names, path, out var expression, out var problems);
        foreach (var problem in problems)
        {
            Report(problem.Code ?? FlowProblems.BadTemplate, problem.Column, problem.Message);
        }

        if (isParsed && text.AsSpan(_position).StartsWith(Close))
        {
            _position += Close.Length;
            return expression;
        }

        if (isParsed)
        {
            Report(FlowProblems.BadTemplate, _position + 1, "'}}' is missing here.");
        }

        GoBehindClose();
        return null;
    }

    private void GoBehindClose()
    {
        var close = text.IndexOf(Close, _position, StringComparison.Ordinal);
        _position = close < 0 ? text.Length : close + Close.Length;
    }

    private void Report(string code, int column, string message) => diagnostics.Report(code, path, $"{message} (column {column})");
}
