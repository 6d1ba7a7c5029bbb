namespace WorkflowEngine;

/// <summary>Parses one expression by recursive descent, one method per rank of operators; what they stand between is the <see cref="OperandParser"/>'s.</summary>
internal sealed class ExpressionParser
{
    private readonly TokenReader _tokens;
    private readonly OperandParser _operands;
    private int _depth;

    public ExpressionParser(string text, int start, ExpressionNames names)
    {
        _tokens = new TokenReader(text, start);
        _operands = new OperandParser(_tokens, names, this);
    }

    public IReadOnlyList<ExpressionProblem> Problems => _tokens.Problems;

    public IReadOnlyList<IReadOnlyList<string>> Lookups => _operands.Lookups;

    /// <summary>How many loop variables are alive at the same time, at most.</summary>
    public int Locals => _operands.MostLocals;

    /// <summary>Parses a text that is nothing but an expression.</summary>
    public ExpressionNode ParseAll()
    {
        var root = ParseExpression();
        if (_tokens.Token.Kind != TokenKind.End || _tokens.Limit < _tokens.Text.Length)
        {
            _tokens.Unexpected("The expression should end here.");
        }

        return root;
    }

    /// <summary>Parses as far as the expression goes; what follows must be <paramref name="end"/>. On failure the position is the mistake's.</summary>
    public ExpressionNode ParseUpTo(string end, out int position)
    {
        var root = ParseExpression();
        position = _tokens.Token.Start;
        if (!_tokens.IsAt(end))
        {
            _tokens.Unexpected("The expression should end here.");
        }

        return root;
    }

    public ExpressionNode ParseExpression()
    {
        Descend();
        var node = ParseAny();
        if (_tokens.IsAt("?"))
        {
            var column = _tokens.Column;
            _tokens.Next();
            var then = ParseAny();
            _tokens.Expect(":");
            node = Bounded(new ChoiceNode(column, node, then, ParseExpression()));
        }

        _depth--;
        return node;
    }

    /// <summary>The node, unless it is too deep to be evaluated.</summary>
    public ExpressionNode Bounded(ExpressionNode node)
    {
        if (node.Depth > CompiledExpression.MaxDepth)
        {
            _tokens.Fail(node.Column - 1, $"The expression nests deeper than {CompiledExpression.MaxDepth}.");
        }

        return node;
    }

    private ExpressionNode ParseAny()
    {
        var operands = new List<ExpressionNode> { ParseAll(_tokens.Column) };
        while (_tokens.Take("||"))
        {
            operands.Add(ParseAll(_tokens.Column));
        }

        return operands.Count == 1 ? operands[0] : Bounded(new LogicNode(operands[0].Column, true, [.. operands]));
    }

    private ExpressionNode ParseAll(int column)
    {
        var first = ParseRelation();
        if (!_tokens.IsAt("&&"))
        {
            return first;
        }

        var operands = new List<ExpressionNode> { first };
        while (_tokens.Take("&&"))
        {
            operands.Add(ParseRelation());
        }

        return Bounded(new LogicNode(column, false, [.. operands]));
    }

    private ExpressionNode ParseRelation()
    {
        var node = ParseSum();
        while (true)
        {
            var column = _tokens.Column;
            if (_tokens.Token is { Kind: TokenKind.Symbol, Value: "==" or "!=" or "<" or "<=" or ">" or ">=" } token)
            {
                _tokens.Next();
                node = Bounded(new ComparisonNode(column, (string)token.Value, node, ParseSum()));
            }
            else if (_tokens.IsAtName("in"))
            {
                _tokens.Next();
                node = Bounded(new InNode(column, node, ParseSum()));
            }
            else
            {
                return node;
            }
        }
    }

    private ExpressionNode ParseSum()
    {
        var first = ParseProduct();
        if (!_tokens.IsAt("+") && !_tokens.IsAt("-"))
        {
            return first;
        }

        var rest = new List<ChainLink>();
        while (_tokens.IsAt("+") || _tokens.IsAt("-"))
        {
            rest.Add(ParseLink(ParseProduct));
        }

        return Bounded(new ChainNode(first.Column, first, [.. rest]));
    }

    private ExpressionNode ParseProduct()
    {
        var first = ParseUnary();
        if (!IsAtProduct())
        {
            return first;
        }

        var rest = new List<ChainLink>();
        while (IsAtProduct())
        {
            rest.Add(ParseLink(ParseUnary));
        }

        return Bounded(new ChainNode(first.Column, first, [.. rest]));
    }

    private bool IsAtProduct() => _tokens.IsAt("*") || _tokens.IsAt("/") || _tokens.IsAt("%");

    private ChainLink ParseLink(Func<ExpressionNode> parse)
    {
        var (symbol, column) = (((string)_tokens.Token.Value!)[0], _tokens.Column);
        _tokens.Next();
        return new ChainLink(symbol, parse(), column);
    }

    private ExpressionNode ParseUnary()
    {
        var column = _tokens.Column;
        var isNot = _tokens.IsAt("!");
        if (!isNot && !_tokens.IsAt("-"))
        {
            return _operands.Parse();
        }

        Descend();
        _tokens.Next();
        ExpressionNode node;
        if (!isNot && _tokens.Token.Kind is TokenKind.Int or TokenKind.Double)
        {
            node = _operands.ParseNumber(column, isNegative: true);
        }
        else
        {
            node = ParseUnary();
            node = Bounded(isNot ? new NotNode(column, node) : new NegationNode(column, node));
        }

        _depth--;
        return node;
    }

    private void Descend()
    {
        if (++_depth > CompiledExpression.MaxDepth)
        {
            _tokens.Fail(_tokens.Token.Start, $"The expression nests deeper than {CompiledExpression.MaxDepth}.");
        }
    }
}
