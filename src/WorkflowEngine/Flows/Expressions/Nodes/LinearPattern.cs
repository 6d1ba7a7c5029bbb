using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace WorkflowEngine;

/// <summary>
/// A regular expression without backtracking: .NET's syntax without look-arounds, backreferences and atomic groups. Time is linear in the text; the number of states,
/// which is the other factor, is bounded before anything is built.
/// </summary>
internal sealed class LinearPattern
{
    public const int MaxLength = 512;

    private const int MaxStates = 1_000;

    private readonly Regex _regex;
    private readonly int _states;

    private LinearPattern(string source, Regex regex, int states)
    {
        Source = source;
        _regex = regex;
        _states = states;
    }

    public string Source { get; }

    public static bool TryParse(string source, [NotNullWhen(true)] out LinearPattern? pattern, [NotNullWhen(false)] out string? problem)
    {
        pattern = null;
        problem = null;
        if (source.Length > MaxLength)
        {
            problem = $"The pattern has {source.Length} characters, {MaxLength} at most.";
            return false;
        }

        var (states, translated) = Read(source);
        if (states > MaxStates)
        {
            problem = $"The pattern {FlowProblems.Quote(source)} repeats too much: written out it is longer than {MaxStates} characters.";
            return false;
        }

        try
        {
            var regex = new Regex(translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Regex.InfiniteMatchTimeout);
            pattern = new LinearPattern(source, regex, states);
            return true;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            problem = $"The pattern {FlowProblems.Quote(source)} cannot be used: {error.Message}";
            return false;
        }
    }

    public bool Matches(string text) => _regex.IsMatch(text);

    /// <summary>When the automaton has no room for its states, every character costs a step per state.</summary>
    public long WorkFor(int length) => 1 + (length * (1L + (_states / 8)) / 2);

    /// <summary>
    /// How many characters the pattern has at most when every counted repetition is written out; and the pattern with <c>$</c> as the very end of the text:
    /// in .NET it would also stand before a last line break, and an id could end with one.
    /// </summary>
    private static (int States, string Translated) Read(string source)
    {
        var translated = new StringBuilder(source.Length);
        var groups = new Stack<long>();
        var (total, atom) = (0L, 0L);
        for (var position = 0; position < source.Length; position++)
        {
            var start = position;
            var letter = source[position];
            switch (letter)
            {
                case '(':
                    groups.Push(total + atom);
                    (total, atom) = (0, 1);
                    break;
                case ')':
                    (total, atom) = (groups.TryPop(out var before) ? before : 0, total + atom);
                    break;
                case '{' when TryReadCount(source, ref position, out var most):
                    atom = Math.Min(atom * most, int.MaxValue);
                    break;
                default:
                    (total, atom) = (total + atom, 1);
                    position = letter switch { '\\' => Math.Min(position + 1, source.Length - 1), '[' => EndOfClass(source, position), _ => position };
                    break;
            }

            _ = letter == '$' ? translated.Append("\\z") : translated.Append(source, start, position - start + 1);
        }

        while (groups.TryPop(out var open))
        {
            total += open;
        }

        return ((int)Math.Min(total + atom, int.MaxValue), translated.ToString());
    }

    private static int EndOfClass(string source, int position)
    {
        var end = position + 1;
        end += end < source.Length && source[end] == '^' ? 1 : 0;
        end += end < source.Length && source[end] == ']' ? 1 : 0;
        while (end < source.Length && source[end] != ']')
        {
            end += source[end] == '\\' ? 2 : 1;
        }

        return Math.Min(end, source.Length - 1);
    }

    /// <summary>Reads <c>{n}</c>, <c>{n,}</c> or <c>{n,m}</c>, leaving the position on the closing brace; other braces stand for themselves.</summary>
    private static bool TryReadCount(string source, ref int position, out long most)
    {
        most = 0;
        var end = source.IndexOf('}', position);
        if (end < 0)
        {
            return false;
        }

        foreach (var bound in source[(position + 1)..end].Split(','))
        {
            if (bound.Length > 0 && !int.TryParse(bound, out _))
            {
                return false;
            }

            most = Math.Max(most, bound.Length == 0 ? 1 : int.Parse(bound));
        }

        position = end;
        return true;
    }
}
