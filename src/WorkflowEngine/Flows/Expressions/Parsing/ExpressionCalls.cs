using System.Diagnostics.CodeAnalysis;

namespace WorkflowEngine;

/// <summary>The functions and methods of the language. What has to see its arguments unevaluated is a macro, and the parser's.</summary>
internal static class ExpressionCalls
{
    private static readonly Dictionary<string, (UnaryFunction Function, ExpressionType Result)> Unary = new(StringComparer.Ordinal)
    {
        ["size"] = (Size, ExpressionType.Int),
        ["int"] = (Conversions.ToInt, ExpressionType.Int),
        ["double"] = (Conversions.ToDouble, ExpressionType.Double),
        ["string"] = (Conversions.ToText, ExpressionType.String),
        ["bool"] = (Conversions.ToBool, ExpressionType.Bool),
        ["timestamp"] = (Conversions.ToTimestamp, ExpressionType.Timestamp),
        ["duration"] = (Conversions.ToDuration, ExpressionType.Duration),
    };

    private static readonly string[] Functions = [.. Unary.Keys, "has", "matches"];
    private static readonly string[] Methods = ["size", "startsWith", "endsWith", "contains", "matches", "exists", "all", "filter", "map"];

    public static bool TryMake(
        string name, ExpressionNode? target, ExpressionNode[] arguments, int column, [NotNullWhen(true)] out ExpressionNode? call, [NotNullWhen(false)] out string? problem)
    {
        (call, problem) = (null, null);
        var known = target is null ? Functions : Methods;
        if (!known.Contains(name, StringComparer.Ordinal))
        {
            problem = UnknownCall(name, target is null, known);
            return false;
        }

        ExpressionNode[] all = target is null ? arguments : [target, .. arguments];
        var wanted = Unary.ContainsKey(name) ? 1 : 2;
        if (all.Length != wanted)
        {
            wanted -= target is null ? 0 : 1;
            problem = $"'{name}' takes {(wanted == 0 ? "nothing" : wanted == 1 ? "one argument" : "two arguments")} here, not {arguments.Length}.";
            return false;
        }

        call = Unary.TryGetValue(name, out var unary) ? new UnaryCallNode(column, unary.Function, unary.Result, all[0])
            : name == "matches" ? Match(all[0], all[1], column, out problem)
            : new TextCallNode(column, name, all[0], all[1]);
        return call is not null;
    }

    private static string UnknownCall(string name, bool isFunction, string[] known) => (isFunction ? Methods : Functions).Contains(name, StringComparer.Ordinal)
        ? isFunction ? $"'{name}' is called on a value: x.{name}(…)." : $"'{name}' is a function: {name}(x)."
        : $"There is no {(isFunction ? "function" : "method")} {FlowProblems.Quote(name)}; there are {string.Join(", ", known)}.{NearestName.Hint(name, known)}";

    private static MatchNode? Match(ExpressionNode subject, ExpressionNode argument, int column, out string? problem)
    {
        problem = null;
        if (argument is not LiteralNode { Value: { Type: ExpressionType.String } text })
        {
            return new MatchNode(column, subject, argument, null);
        }

        return LinearPattern.TryParse(text.Text, out var pattern, out problem) ? new MatchNode(column, subject, argument, pattern) : null;
    }

    private static ExpressionValue Size(Evaluation evaluation, in ExpressionValue value, int column)
        => value.Type switch
        {
            ExpressionType.String => ExpressionValue.Of((long)value.Text.EnumerateRunes().Count()),
            ExpressionType.List or ExpressionType.Map => ExpressionValue.Of((long)value.Count),
            _ => Uncountable(value.Type, column),
        };

    private static ExpressionValue Uncountable(ExpressionType type, int column)
        => ExpressionValue.Failed(column, () => $"'size' counts the characters of a string, the elements of a list or the members of a map; this is {type.Phrase}.");
}
