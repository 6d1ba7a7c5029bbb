using System.Globalization;

namespace WorkflowEngine;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    End,
    Name,
    Int,
    Double,
    Text,
    Symbol,
    Wrong,
}

/// <summary>
/// A token: where it is, and what it says: the name, the symbol, the text without quotes, the double, or the int as an unsigned number; of a wrong token what is wrong.
/// </summary>
internal readonly record struct ExpressionToken(TokenKind Kind, int Start, int End, object? Value)
{
    public bool Is(string symbol) => Kind == TokenKind.Symbol && (string)Value! == symbol;
}

/// <summary>Cuts an expression into tokens, one at a time, so that a template can end where the expression ends.</summary>
internal sealed class ExpressionLexer(string text, int limit)
{
    private static readonly string[] Symbols = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ",", ".", "(", ")", "[", "]", "{", "}"];

    public ExpressionToken Read(int position)
    {
        while (position < limit && char.IsWhiteSpace(text[position]))
        {
            position++;
        }

        if (position >= limit)
        {
            return new ExpressionToken(TokenKind.End, position, position, null);
        }

        var letter = text[position];
        if (letter is '"' or '\'' || (letter is 'r' or 'R' && position + 1 < limit && text[position + 1] is '"' or '\''))
        {
            return ReadText(position);
        }

        if (letter == '_' || char.IsAsciiLetter(letter))
        {
            var end = EndOfWord(position);
            return new ExpressionToken(TokenKind.Name, position, end, text[position..end]);
        }

        return char.IsAsciiDigit(letter) ? ReadNumber(position) : ReadSymbol(position);
    }

    private ExpressionToken ReadText(int start)
    {
        var end = start;
        return TextLiteral.TryRead(text, limit, ref end, out var value, out var problem)
            ? new ExpressionToken(TokenKind.Text, start, end, value)
            : new ExpressionToken(TokenKind.Wrong, end, limit, problem);
    }

    private ExpressionToken ReadNumber(int start)
    {
        var isHex = text[start] == '0' && start + 1 < limit && text[start + 1] is 'x' or 'X';
        if (isHex)
        {
            var last = EndOfWord(start);
            return ulong.TryParse(text.AsSpan(start + 2, last - start - 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bits)
                ? new ExpressionToken(TokenKind.Int, start, last, bits)
                : Wrong(start, "This is no hexadecimal number of at most 64 bits.");
        }

        var end = EndOfDigits(start);
        var isReal = end + 1 < limit && text[end] == '.' && char.IsAsciiDigit(text[end + 1]);
        end = isReal ? EndOfDigits(end + 1) : end;
        if (end < limit && text[end] is 'e' or 'E')
        {
            var digits = end + 1 < limit && text[end + 1] is '+' or '-' ? end + 2 : end + 1;
            isReal = EndOfDigits(digits) > digits;
            end = isReal ? EndOfDigits(digits) : end;
        }

        var span = text.AsSpan(start, end - start);
        if (end < limit && (text[end] == '_' || char.IsLetterOrDigit(text[end])))
        {
            return Wrong(end, $"A number cannot go on with '{text[end]}'.");
        }

        if (isReal)
        {
            var real = double.Parse(span, NumberStyles.Float, CultureInfo.InvariantCulture);
            return double.IsFinite(real) ? new ExpressionToken(TokenKind.Double, start, end, real) : Wrong(start, "The number is too large for a double.");
        }

        return ulong.TryParse(span, NumberStyles.None, CultureInfo.InvariantCulture, out var whole)
            ? new ExpressionToken(TokenKind.Int, start, end, whole)
            : Wrong(start, "The number is too large for 64 bits.");
    }

    private ExpressionToken ReadSymbol(int start)
    {
        var rest = text.AsSpan(start, limit - start);
        foreach (var symbol in Symbols)
        {
            if (rest.StartsWith(symbol))
            {
                return new ExpressionToken(TokenKind.Symbol, start, start + symbol.Length, symbol);
            }
        }

        return Wrong(start, rest[0] switch
        {
            '=' => "Equality is written '=='.",
            '&' => "'and' is written '&&'.",
            '|' => "'or' is written '||'.",
            var letter => $"{FlowProblems.Quote(letter.ToString())} has no meaning here.",
        });
    }

    private ExpressionToken Wrong(int position, string problem) => new(TokenKind.Wrong, position, limit, problem);

    private int EndOfWord(int position)
    {
        while (position < limit && (text[position] == '_' || char.IsAsciiLetterOrDigit(text[position])))
        {
            position++;
        }

        return position;
    }

    private int EndOfDigits(int position)
    {
        while (position < limit && char.IsAsciiDigit(text[position]))
        {
            position++;
        }

        return position;
    }
}
