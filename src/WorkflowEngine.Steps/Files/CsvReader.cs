using System.Text;

namespace WorkflowEngine;

/// <summary>
/// Rows of comma-separated values after RFC 4180: quoted values may hold delimiters, line ends and doubled quotes. Lines end with CRLF, LF or CR;
/// lines with nothing at all are passed over. A quote inside a value that does not begin with one is taken as it is.
/// </summary>
internal sealed class CsvReader(string text, char delimiter)
{
    private readonly StringBuilder _value = new();
    private int _at = text.StartsWith('\uFEFF') ? 1 : 0;
    private int _line = 1;

    /// <summary>The line, counted from 1, on which the last row began.</summary>
    public int RowLine { get; private set; }

    /// <summary>The next row, or null at the end.</summary>
    /// <exception cref="StepFailedException">A quote is not closed, or something follows a closing one; the reason is <c>invalid_csv</c>.</exception>
    public IReadOnlyList<string>? ReadRow()
    {
        while (SkipLineEnd())
        {
        }

        if (_at >= text.Length)
        {
            return null;
        }

        RowLine = _line;
        var row = new List<string> { ReadValue() };
        while (_at < text.Length && text[_at] == delimiter)
        {
            _at++;
            row.Add(ReadValue());
        }

        SkipLineEnd();
        return row;
    }

    public static StepFailedException Failure(int line, string what) => new("invalid_csv", $"Line {line}: {what}.", retryable: false);

    private string ReadValue() => _at < text.Length && text[_at] == '"' ? ReadQuoted() : ReadPlain();

    private string ReadPlain()
    {
        var start = _at;
        while (!IsAtValueEnd())
        {
            _at++;
        }

        return text[start.._at];
    }

    private string ReadQuoted()
    {
        var opened = _line;
        _value.Clear();
        for (_at++; _at < text.Length; _at++)
        {
            var letter = text[_at];
            if (letter == '"')
            {
                if (_at + 1 >= text.Length || text[_at + 1] != '"')
                {
                    _at++;
                    return IsAtValueEnd() ? _value.ToString() : throw Failure(_line, "something follows the closing quote of a value");
                }

                _at++;
            }
            else if (letter == '\n' || (letter == '\r' && (_at + 1 >= text.Length || text[_at + 1] != '\n')))
            {
                _line++;
            }

            _value.Append(letter);
        }

        throw Failure(opened, "a quote is opened here and never closed");
    }

    private bool IsAtValueEnd() => _at >= text.Length || text[_at] == delimiter || text[_at] is '\r' or '\n';

    private bool SkipLineEnd()
    {
        if (_at >= text.Length || text[_at] is not ('\r' or '\n'))
        {
            return false;
        }

        _at += text[_at] == '\r' && _at + 1 < text.Length && text[_at + 1] == '\n' ? 2 : 1;
        _line++;
        return true;
    }
}
