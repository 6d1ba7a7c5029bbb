using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace WorkflowEngine;

/// <summary>String literals: in single or double quotes, with CEL's escapes; behind an <c>r</c> without escapes.</summary>
internal static class TextLiteral
{
    /// <summary>Reads from the opening quote (or the <c>r</c>) to behind the closing one; on failure <paramref name="position"/> is where the mistake is.</summary>
    public static bool TryRead(string text, int limit, ref int position, [NotNullWhen(true)] out string? value, [NotNullWhen(false)] out string? problem)
    {
        var start = position;
        var isRaw = text[position] is 'r' or 'R';
        position += isRaw ? 1 : 0;
        var quote = text[position++];
        var built = new StringBuilder();
        (value, problem) = (null, null);
        while (position < limit && text[position] != quote)
        {
            if (text[position] == '\\' && !isRaw)
            {
                if (!TryReadEscape(text, limit, ref position, built))
                {
                    problem = "This escape is not known; a backslash itself is written '\\\\', or the string with an r in front: r'\\d'.";
                    return false;
                }
            }
            else if (Rune.TryGetRuneAt(text, position, out var rune))
            {
                built.Append(text, position, rune.Utf16SequenceLength);
                position += rune.Utf16SequenceLength;
            }
            else
            {
                problem = "Half of a surrogate pair is no character.";
                return false;
            }
        }

        if (position >= limit)
        {
            position = start;
            problem = $"The string is never closed with {quote}.";
            return false;
        }

        position++;
        value = built.ToString();
        return true;
    }

    private static bool TryReadEscape(string text, int limit, ref int position, StringBuilder built)
    {
        if (position + 1 >= limit)
        {
            return false;
        }

        var letter = text[position + 1];
        var (digits, style) = letter switch
        {
            'x' or 'X' => (2, NumberStyles.AllowHexSpecifier),
            'u' => (4, NumberStyles.AllowHexSpecifier),
            'U' => (8, NumberStyles.AllowHexSpecifier),
            _ => (0, NumberStyles.None),
        };
        if (digits > 0)
        {
            if (position + 2 + digits > limit || !int.TryParse(text.AsSpan(position + 2, digits), style, CultureInfo.InvariantCulture, out var code) || !Rune.IsValid(code))
            {
                return false;
            }

            built.Append(new Rune(code).ToString());
            position += 2 + digits;
            return true;
        }

        var plain = letter switch { 'a' => '\a', 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', 'v' => '\v', '\\' or '\'' or '"' or '`' or '?' => letter, _ => '\0' };
        if (plain == '\0')
        {
            return false;
        }

        built.Append(plain);
        position += 2;
        return true;
    }
}
