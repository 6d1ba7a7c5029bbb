namespace WorkflowEngine;

/// <summary>Parses what stands between operators: literals, look-ups with their members and indexes, calls and macros.</summary>
internal sealed class OperandParser(TokenReader tokens, ExpressionNames names, ExpressionParser expressions)
{
    private static readonly string[] Macros = ["all", "exists", "filter", "map"];

    private readonly OrderedDictionary<string, IReadOnlyList<string>> _lookups = new(StringComparer.Ordinal);
    private readonly List<string> _locals = [];

    public IReadOnlyList<IReadOnlyList<string>> Lookups => [.. _lookups.Values];

    public int MostLocals { get; private set; }

    /// <summary>A primary expression with all that follows it: members, indexes, methods.</summary>
    public ExpressionNode Parse()
    {
        var start = tokens.Token.Start;
        var node = ParsePrimary();
        var path = node is LookupNode lookup ? new List<string> { lookup.Root } : null;
        var isOpen = path is not null;
        var end = tokens.EndOfPrevious;
        while (tokens.IsAt(".") || tokens.IsAt("["))
        {
            node = tokens.Take(".") ? ParseMember(node, start, out var name) : ParseIndex(node, start, out name);
            isOpen = isOpen && name is not null;
            if (isOpen)
            {
                path!.Add(name!);
                end = tokens.EndOfPrevious;
            }

            expressions.Bounded(node);
        }

        if (path is not null)
        {
            Register(path, start, end);
        }

        return node;
    }

    public ExpressionNode ParseNumber(int column, bool isNegative)
    {
        var value = tokens.Token.Value;
        var place = tokens.Token.Start;
        tokens.Next();
        switch (value)
        {
            case double real:
                return new LiteralNode(column, ExpressionValue.Of(isNegative ? -real : real));
            case ulong whole when whole <= long.MaxValue:
                return new LiteralNode(column, ExpressionValue.Of(isNegative ? -(long)whole : (long)whole));
            case ulong whole when isNegative && whole == (ulong)long.MaxValue + 1:
                return new LiteralNode(column, ExpressionValue.Of(long.MinValue));
            default:
                tokens.Fail(place, "The number is too large for 64 bits.");
                return new LiteralNode(column, default);
        }
    }

    private ExpressionNode ParsePrimary()
    {
        var (token, column) = (tokens.Token, tokens.Column);
        switch (token.Kind)
        {
            case TokenKind.Int or TokenKind.Double:
                return ParseNumber(column, isNegative: false);
            case TokenKind.Text:
                tokens.Next();
                return new LiteralNode(column, ExpressionValue.Of((string)token.Value!));
            case TokenKind.Name:
                tokens.Next();
                return ParseName((string)token.Value!, column);
        }

        if (tokens.Take("("))
        {
            var inner = expressions.ParseExpression();
            tokens.Expect(")");
            return inner;
        }

        if (tokens.Take("["))
        {
            return new ListNode(column, ParseSequence("]"));
        }

        if (tokens.Take("{"))
        {
            return ParseMap(column);
        }

        tokens.Unexpected("A value is missing here.");
        return new LiteralNode(column, default);
    }

    private ExpressionNode ParseName(string name, int column)
    {
        if (tokens.IsAt("("))
        {
            return name == "has" ? ParseHas(column) : ParseCall(name, null, column);
        }

        switch (name)
        {
            case "null":
                return new LiteralNode(column, ExpressionValue.Null);
            case "true" or "false":
                return new LiteralNode(column, ExpressionValue.Of(name == "true"));
            case "in":
                tokens.Fail(column - 1, "There is nothing in front of 'in'.");
                return new LiteralNode(column, default);
        }

        var slot = _locals.LastIndexOf(name);
        return slot >= 0 ? new LocalNode(column, slot) : new LookupNode(column, name, null, name);
    }

    /// <summary>Behind the point: a member, or a method.</summary>
    private ExpressionNode ParseMember(ExpressionNode target, int start, out string? name)
    {
        var column = tokens.Column;
        name = tokens.ExpectName("The name of a member");
        if (tokens.IsAt("("))
        {
            var call = ParseCall(name, target, column);
            name = null;
            return call;
        }

        return Member(target, name, column, start);
    }

    private ExpressionNode ParseIndex(ExpressionNode target, int start, out string? name)
    {
        tokens.Expect("[");
        var column = tokens.Column;
        var index = expressions.ParseExpression();
        tokens.Expect("]");
        name = index is LiteralNode { Value: { Type: ExpressionType.String } text } ? text.Text : null;
        return name is not null ? Member(target, name, column, start) : new IndexNode(column, target, index, Source(start));
    }

    private ExpressionNode Member(ExpressionNode target, string name, int column, int start) => target is LookupNode { Name: null } root && ExpressionNames.IsNamespace(root.Root)
        ? new LookupNode(root.Column, root.Root, name, Source(start))
        : new MemberNode(column, target, name, Source(start));

    private string Source(int start) => tokens.Text[start..tokens.EndOfPrevious];

    private ExpressionNode[] ParseSequence(string end)
    {
        var elements = new List<ExpressionNode>();
        while (!tokens.IsAt(end))
        {
            elements.Add(expressions.ParseExpression());
            if (!tokens.Take(","))
            {
                break;
            }
        }

        tokens.Expect(end);
        return [.. elements];
    }

    private MapNode ParseMap(int column)
    {
        var members = new List<ExpressionNode>();
        var values = new List<ExpressionNode>();
        while (!tokens.IsAt("}"))
        {
            members.Add(expressions.ParseExpression());
            tokens.Expect(":");
            values.Add(expressions.ParseExpression());
            if (!tokens.Take(","))
            {
                break;
            }
        }

        tokens.Expect("}");
        return new MapNode(column, [.. members], [.. values]);
    }

    private ExpressionNode ParseHas(int column)
    {
        tokens.Expect("(");
        var place = tokens.Token.Start;
        var subject = expressions.ParseExpression();
        if (subject is not (MemberNode or LookupNode { Name: not null }) && !(subject is LookupNode lookup && ExpressionNames.MayBeAbsent(lookup.Root)))
        {
            tokens.Fail(place, "'has' takes a name with a point in it, such as has(variables.limit).");
        }

        tokens.Expect(")");
        return new HasNode(column, subject);
    }

    /// <summary>A function when <paramref name="target"/> is null, otherwise a method of it or a macro.</summary>
    private ExpressionNode ParseCall(string name, ExpressionNode? target, int column)
    {
        tokens.Expect("(");
        if (target is not null && Macros.Contains(name, StringComparer.Ordinal))
        {
            return ParseMacro(name, target, column);
        }

        var arguments = ParseSequence(")");
        if (!ExpressionCalls.TryMake(name, target, arguments, column, out var call, out var problem))
        {
            tokens.Fail(column - 1, problem);
            return new LiteralNode(column, default);
        }

        return call;
    }

    private ExpressionNode ParseMacro(string name, ExpressionNode source, int column)
    {
        var local = tokens.ExpectName("The name of the variable");
        tokens.Expect(",");
        var slot = _locals.Count;
        _locals.Add(local);
        MostLocals = Math.Max(MostLocals, _locals.Count);
        var first = expressions.ParseExpression();
        var second = name == "map" && tokens.Take(",") ? expressions.ParseExpression() : null;
        _locals.RemoveAt(slot);
        tokens.Expect(")");
        return name switch
        {
            "map" => new CollectionNode(column, source, slot, second is null ? null : first, second ?? first),
            "filter" => new CollectionNode(column, source, slot, first, null),
            _ => new QuantifierNode(column, name == "exists", source, slot, first),
        };
    }

    /// <summary>Checks a path and remembers it.</summary>
    private void Register(List<string> path, int start, int end)
    {
        if (names.Check(path, start + 1) is { } problem)
        {
            // steps.with-dash is a difference to the grammar, but not to its author.
            var isDashed = (end + 1 < tokens.Text.Length && tokens.Text[end] == '-' && char.IsAsciiLetter(tokens.Text[end + 1])) || (start > 0 && tokens.Text[start - 1] == '-');
            tokens.Report(isDashed ? problem with { Message = $"{problem.Message} A name with a dash is written [\"with-dash\"]." } : problem);
            return;
        }

        _lookups.TryAdd(string.Join('\0', path), path);
    }
}
