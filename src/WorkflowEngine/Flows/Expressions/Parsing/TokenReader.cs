namespace WorkflowEngine;

/// <summary>
/// The tokens of one expression, and what is found wrong with them. The first mistake of grammar ends the expression: from then on every token is the end, so that
/// whoever parses simply returns. Wrong names do not end it, so that all of them are found at once.
/// </summary>
internal sealed class TokenReader
{
    private readonly ExpressionLexer _lexer;
    private readonly List<ExpressionProblem> _problems = [];
    private bool _isBroken;

    public TokenReader(string text, int start)
    {
        Text = text;
        Limit = (int)Math.Min(text.Length, (long)start + CompiledExpression.MaxLength);
        _lexer = new ExpressionLexer(text, Limit);
        EndOfPrevious = start;
        Token = _lexer.Read(start);
    }

    public string Text { get; }

    /// <summary>Where reading ends at the latest.</summary>
    public int Limit { get; }

    public ExpressionToken Token { get; private set; }

    public int EndOfPrevious { get; private set; }

    /// <summary>The column of the current token.</summary>
    public int Column => Token.Start + 1;

    public IReadOnlyList<ExpressionProblem> Problems => _problems;

    public bool IsAt(string symbol) => Token.Is(symbol);

    public bool IsAtName(string name) => Token.Kind == TokenKind.Name && (string)Token.Value! == name;

    public void Next()
    {
        EndOfPrevious = Token.End;
        Token = _isBroken ? Token : _lexer.Read(Token.End);
    }

    public bool Take(string symbol)
    {
        var isThere = Token.Is(symbol);
        if (isThere)
        {
            Next();
        }

        return isThere;
    }

    public void Expect(string symbol)
    {
        if (!Take(symbol))
        {
            Unexpected($"'{symbol}' is missing here.");
        }
    }

    /// <summary>The name at hand, or a mistake.</summary>
    public string ExpectName(string what)
    {
        if (Token is not { Kind: TokenKind.Name, Value: string name })
        {
            Unexpected($"{what} is missing here.");
            return string.Empty;
        }

        Next();
        return name;
    }

    /// <summary>Ends the expression with a mistake at the current token.</summary>
    public void Unexpected(string message) => Fail(Token.Start, Token switch
    {
        { Kind: TokenKind.Wrong, Value: string problem } => problem,
        { Kind: TokenKind.End } when Limit < Text.Length => $"An expression has at most {CompiledExpression.MaxLength} characters.",
        { Kind: TokenKind.Name, Value: "and" } => "'and' is written '&&'.",
        { Kind: TokenKind.Name, Value: "or" } => "'or' is written '||'.",
        _ => message,
    });

    public void Fail(int position, string message)
    {
        if (!_isBroken)
        {
            _isBroken = true;
            _problems.Add(new ExpressionProblem(null, position + 1, message));
            Token = new ExpressionToken(TokenKind.End, position, position, null);
        }
    }

    public void Report(ExpressionProblem problem)
    {
        if (!_isBroken)
        {
            _problems.Add(problem);
        }
    }
}
