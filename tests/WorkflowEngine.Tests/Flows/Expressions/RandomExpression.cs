using System.Text;

namespace WorkflowEngine.Tests.Flows.Expressions;

/// <summary>Random texts from a seed: by the grammar, so that most of them parse, then damaged or not.</summary>
internal sealed class RandomExpression(Random random)
{
    private static readonly string[] Atoms =
    [
        "null", "true", "false", "0", "1", "-1", "7", "9223372036854775807", "-9223372036854775808", "0x7f", "1.5", "0.0", "1e308", "-2.5e-3", "''", "'a'", "\"b\\n\"", "r'\\d+'", "'\\U0001F600'",
        "input", "input[0].content", "inputs.a", "variables", "variables.n", "variables.d", "variables.s", "variables.t", "variables.none", "variables.list", "variables.map", "variables.big",
        "variables.missing", "variables.empty", "steps.a.output", "steps.a.status", "engine_data", "job.attempt", "signal", "error", "loop.item", "x", "y", "[]", "{}", "'1h'", "'2027-01-01T00:00:00Z'",
    ];

    private static readonly string[] Infix = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"];
    private static readonly string[] Functions = ["size", "int", "double", "string", "bool", "timestamp", "duration"];
    private static readonly string[] Methods = ["startsWith", "endsWith", "contains", "matches"];
    private static readonly string[] Macros = ["exists", "all", "filter", "map"];
    private static readonly string[] Noise = ["(", ")", "[", "]", "{", "}", "}}", "{{", "'", "\"", "\\", ".", ",", "?", ":", "&", "|", "=", "#", "é", "\ud83d", "\0", "\n", "r'", "0x", "1e", "..", "--", "!", "in", "has("];

    /// <summary>A text of the grammar.</summary>
    public string Text(int depth) => random.Next(depth <= 0 ? 1 : 12) switch
    {
        0 => Atoms[random.Next(Atoms.Length)],
        1 or 2 or 3 => $"{Text(depth - 1)} {Pick(Infix)} {Text(depth - 1)}",
        4 => $"({Text(depth - 1)})",
        5 => $"{(random.Next(2) == 0 ? "!" : "-")}{Text(depth - 1)}",
        6 => $"{Text(depth - 1)} ? {Text(depth - 1)} : {Text(depth - 1)}",
        7 => $"{Pick(Functions)}({Text(depth - 1)})",
        8 => $"({Text(depth - 1)}).{Pick(Methods)}({Text(depth - 1)})",
        9 => $"({Text(depth - 1)}).{Pick(Macros)}({(random.Next(2) == 0 ? "x" : "y")}, {Text(depth - 1)})",
        10 => random.Next(2) == 0 ? $"[{Text(depth - 1)}, {Text(depth - 1)}]" : $"{{'a': {Text(depth - 1)}, {Text(depth - 1)}: 1}}",
        _ => random.Next(3) switch { 0 => $"has({Text(depth - 1)}.a)", 1 => $"({Text(depth - 1)})[{Text(depth - 1)}]", _ => $"({Text(depth - 1)}).b" },
    };

    /// <summary>A text of the grammar whose types fit, so that most of them have a value.</summary>
    public string Typed(ExpressionType type, int depth) => (type, random.Next(depth <= 0 ? 2 : 7)) switch
    {
        (ExpressionType.Bool, 0) => Pick(["true", "false", "variables.t", "variables.f"]),
        (ExpressionType.Bool, 1) => $"{Pick(["variables.n", "1", "2.5"])} {Pick(["<", ">=", "=="])} {Pick(["variables.d", "-3", "0"])}",
        (ExpressionType.Bool, 2) => $"({Typed(ExpressionType.Bool, depth - 1)}) {Pick(["&&", "||", "==", "!="])} !({Typed(ExpressionType.Bool, depth - 1)})",
        (ExpressionType.Bool, 3) => $"({Typed(ExpressionType.Int, depth - 1)}) {Pick(["<", "<=", ">", ">=", "==", "!="])} ({Typed(ExpressionType.Double, depth - 1)})",
        (ExpressionType.Bool, 4) => $"({Typed(ExpressionType.String, depth - 1)}).{Pick(Methods)}('a')",
        (ExpressionType.Bool, 5) => $"({Typed(ExpressionType.List, depth - 1)}).{Pick(["exists", "all"])}(x, x == ({Typed(ExpressionType.Int, depth - 1)}))",
        (ExpressionType.Bool, _) => $"({Typed(ExpressionType.Int, depth - 1)}) in ({Typed(ExpressionType.List, depth - 1)})",
        (ExpressionType.Int, 0 or 1) => Pick(["0", "1", "-7", "variables.n", "variables.map.b.c", "9223372036854775807", "0xff", "job.attempt"]),
        (ExpressionType.Int, 2) => $"({Typed(ExpressionType.Int, depth - 1)}) {Pick(["+", "-", "*", "/", "%"])} ({Typed(ExpressionType.Int, depth - 1)})",
        (ExpressionType.Int, 3) => $"size({Typed(random.Next(2) == 0 ? ExpressionType.List : ExpressionType.String, depth - 1)})",
        (ExpressionType.Int, 4) => $"int({Typed(ExpressionType.Double, depth - 1)})",
        (ExpressionType.Double, 0 or 1) => Pick(["0.0", "1.5", "variables.d", "-1e10", "double(variables.n)"]),
        (ExpressionType.Double, 2) => $"({Typed(ExpressionType.Double, depth - 1)}) {Pick(["+", "-", "*", "/"])} ({Typed(ExpressionType.Int, depth - 1)})",
        (ExpressionType.String, 0 or 1) => Pick(["''", "'aab'", "variables.s", "job.id", "'\\U0001F600'", "r'a+'"]),
        (ExpressionType.String, 2) => $"({Typed(ExpressionType.String, depth - 1)}) + ({Typed(ExpressionType.String, depth - 1)})",
        (ExpressionType.String, 3) => $"string({Typed(ExpressionType.Int, depth - 1)})",
        (ExpressionType.List, 0 or 1) => Pick(["[]", "variables.list", "[1, 2, 2.5]", "input.map(i, 1)", "variables.map"]),
        (ExpressionType.List, 2) => $"({Typed(ExpressionType.List, depth - 1)}).filter(x, {Typed(ExpressionType.Bool, depth - 1)})",
        (ExpressionType.List, 3) => $"({Typed(ExpressionType.List, depth - 1)}).map(y, {Typed(ExpressionType.Int, depth - 1)})",
        (ExpressionType.List, 4) => $"[{Typed(ExpressionType.Int, depth - 1)}] + [{Typed(ExpressionType.Bool, depth - 1)}]",
        _ => $"({Typed(ExpressionType.Bool, depth - 1)} ? {Typed(type, depth - 1)} : {Typed(type, depth - 1)})",
    };

    /// <summary>The text with some characters taken out, doubled, swapped or replaced.</summary>
    public string Damaged(string text)
    {
        var damaged = new StringBuilder(text);
        for (var count = random.Next(1, 5); count > 0 && damaged.Length > 0; count--)
        {
            var position = random.Next(damaged.Length);
            switch (random.Next(4))
            {
                case 0:
                    damaged.Remove(position, Math.Min(damaged.Length - position, random.Next(1, 4)));
                    break;
                case 1:
                    damaged.Insert(position, Pick(Noise));
                    break;
                case 2:
                    damaged[position] = (char)random.Next(1, 0x250);
                    break;
                default:
                    damaged.Insert(position, damaged.ToString(position, Math.Min(damaged.Length - position, 20)));
                    break;
            }
        }

        return damaged.ToString();
    }

    private string Pick(string[] words) => words[random.Next(words.Length)];
}
