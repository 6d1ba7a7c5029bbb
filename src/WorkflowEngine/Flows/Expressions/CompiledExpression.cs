using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>
/// An expression of the language of S21, a subset of CEL, parsed once: no reflection, no code generation, and every evaluation bounded in work and memory.
/// Immutable; threads may share it.
/// </summary>
internal sealed class CompiledExpression
{
    /// <summary>How long an expression may be, in characters.</summary>
    public const int MaxLength = 4096;

    /// <summary>How deep it may nest.</summary>
    public const int MaxDepth = 64;

    private readonly ExpressionNode _root;
    private readonly int _locals;
    private readonly string _place;

    private CompiledExpression(ExpressionParser parser, ExpressionNode root, string text, string place)
    {
        _root = root;
        _locals = parser.Locals;
        _place = place;
        Text = text;
        Lookups = parser.Lookups;
    }

    /// <summary>The expression as written.</summary>
    public string Text { get; }

    /// <summary>The paths that it looks up as far as they are written down, each once, in order of their appearance: for example <c>["steps", "fetch", "output"]</c>.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Lookups { get; }

    /// <summary>Parses a text that is an expression and nothing else.</summary>
    /// <param name="text">The text.</param>
    /// <param name="names">The names that exist there.</param>
    /// <param name="place">The JSON path of the text, for messages of failed evaluations.</param>
    /// <param name="expression">The expression, unless something is wrong.</param>
    /// <param name="problems">What is wrong.</param>
    public static bool TryParse(string text, ExpressionNames names, string place, [NotNullWhen(true)] out CompiledExpression? expression, out IReadOnlyList<ExpressionProblem> problems)
    {
        var parser = new ExpressionParser(text, 0, names);
        var root = parser.ParseAll();
        problems = parser.Problems;
        expression = problems.Count == 0 ? new CompiledExpression(parser, root, text, place) : null;
        return expression is not null;
    }

    /// <summary>As <see cref="TryParse"/>, for a text that must be true or false.</summary>
    public static bool TryParseCondition(string text, ExpressionNames names, string place, [NotNullWhen(true)] out CompiledExpression? condition, out IReadOnlyList<ExpressionProblem> problems)
    {
        if (TryParse(text, names, place, out condition, out problems) && condition._root.Known is { } known and not ExpressionType.Bool)
        {
            problems = [new ExpressionProblem(null, condition._root.Column, $"A condition is true or false, and this is {known.Phrase}.")];
            condition = null;
        }

        return condition is not null;
    }

    /// <summary>Parses the expression that begins at <paramref name="position"/> and ends before the first token that cannot belong to it; there the position is left.</summary>
    public static bool TryParseWithin(
        string text, ref int position, ExpressionNames names, string place, [NotNullWhen(true)] out CompiledExpression? expression, out IReadOnlyList<ExpressionProblem> problems)
    {
        var start = position;
        var parser = new ExpressionParser(text, start, names);
        var root = parser.ParseUpTo("}", out position);
        problems = parser.Problems;
        expression = problems.Count == 0 ? new CompiledExpression(parser, root, text[start..position].Trim(), place) : null;
        return expression is not null;
    }

    /// <summary>Whether the condition holds.</summary>
    /// <exception cref="StepFailedException">It cannot be told; reason <c>expression_failed</c>, not retryable.</exception>
    public bool EvaluateCondition(IExpressionScope scope)
    {
        var value = EvaluateValue(scope);
        return value.Type == ExpressionType.Bool ? value.IsTrue : throw Failed(_root.Column, $"A condition is true or false, and this is {value.Type.Phrase}.");
    }

    /// <summary>The value as JSON. What was JSON before is handed on as it is.</summary>
    /// <exception cref="StepFailedException">There is none; reason <c>expression_failed</c>, not retryable.</exception>
    public JsonElement Evaluate(IExpressionScope scope)
        => ValueJson.TryToElement(EvaluateValue(scope), out var element) ? element : throw TooLarge();

    /// <summary>The value as it stands inside of text: a string as it is, anything else as JSON.</summary>
    /// <exception cref="StepFailedException">There is none; reason <c>expression_failed</c>, not retryable.</exception>
    public string EvaluateText(IExpressionScope scope)
    {
        var value = EvaluateValue(scope);
        return value.Type == ExpressionType.String ? value.Text
            : !ValueJson.TryToElement(value, out var element) ? throw TooLarge()
            : element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
    }

    private ExpressionValue EvaluateValue(IExpressionScope scope)
    {
        var evaluation = new Evaluation(scope, _locals);
        var value = evaluation.Conclude(_root.Evaluate(evaluation));
        return value.IsFailure ? throw Failed(value.Failure.Column, value.Failure.Describe()) : value;
    }

    private StepFailedException TooLarge() => Failed(_root.Column, $"The value is larger than {Evaluation.MaxBytes / (1024 * 1024)} MB.");

    private StepFailedException Failed(int column, string message)
        => new(Reasons.ExpressionFailed, $"{message} ({FlowProblems.Quote(Text)}, column {column} of {_place})", retryable: false);
}
