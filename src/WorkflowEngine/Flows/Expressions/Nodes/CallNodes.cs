namespace WorkflowEngine;

/// <summary>What a function makes of one value that is no failure.</summary>
internal delegate ExpressionValue UnaryFunction(Evaluation evaluation, in ExpressionValue value, int column);

/// <summary><c>int(a)</c>, <c>size(a)</c>, <c>a.size()</c>.</summary>
internal sealed class UnaryCallNode(int column, UnaryFunction function, ExpressionType result, ExpressionNode argument) : ExpressionNode(column, argument)
{
    public override ExpressionType? Known => result;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var value = argument.Evaluate(evaluation);
        if (value.IsFailure)
        {
            return value;
        }

        var work = value.Type == ExpressionType.String ? value.TextLength / 16 : 0;
        return evaluation.Spend(work) ? function(evaluation, value, Column) : evaluation.Exhausted(Column);
    }
}

/// <summary><c>text.startsWith(part)</c>, <c>text.endsWith(part)</c> and <c>text.contains(part)</c>, by code unit.</summary>
internal sealed class TextCallNode(int column, string function, ExpressionNode subject, ExpressionNode argument) : ExpressionNode(column, subject, argument)
{
    public override ExpressionType? Known => ExpressionType.Bool;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var text = subject.Evaluate(evaluation);
        var part = text.IsFailure ? text : argument.Evaluate(evaluation);
        if (text.Type != ExpressionType.String || part.Type != ExpressionType.String)
        {
            return part.IsFailure ? part : Mismatch(text.Type, part.Type);
        }

        // Searching may compare the part at many places, though seldom more than its beginning.
        var work = function == "contains" ? (text.TextLength / 16L) * (1 + (part.TextLength / 16)) : text.TextLength / 16;
        return !evaluation.Spend(work + 1) ? evaluation.Exhausted(Column) : ExpressionValue.Of(function switch
        {
            "startsWith" => text.Text.StartsWith(part.Text, StringComparison.Ordinal),
            "endsWith" => text.Text.EndsWith(part.Text, StringComparison.Ordinal),
            _ => text.Text.Contains(part.Text, StringComparison.Ordinal),
        });
    }

    private ExpressionValue Mismatch(ExpressionType text, ExpressionType part) => Fail(() => $"'{function}' takes strings, not {text.Phrase} and {part.Phrase}.");
}

/// <summary><c>text.matches(pattern)</c>: whether the pattern matches somewhere. A pattern that is written down is parsed already, and its node is not evaluated.</summary>
internal sealed class MatchNode(int column, ExpressionNode subject, ExpressionNode argument, LinearPattern? constant) : ExpressionNode(column, subject, argument)
{
    private const int WorkToParse = 10_000;

    // Threads may overwrite each other's: then a pattern is parsed once more.
    private LinearPattern? _latest;

    public override ExpressionType? Known => ExpressionType.Bool;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var text = subject.Evaluate(evaluation);
        if (text.Type != ExpressionType.String)
        {
            return text.IsFailure ? text : NoText("'matches' takes strings", text.Type);
        }

        if (constant is not null)
        {
            return Match(evaluation, text, constant);
        }

        var given = argument.Evaluate(evaluation);
        if (given.Type != ExpressionType.String)
        {
            return given.IsFailure ? given : NoText("The pattern of 'matches' is a string", given.Type);
        }

        var source = given.Text;
        if (_latest is not { } pattern || pattern.Source != source)
        {
            if (!evaluation.Spend(WorkToParse))
            {
                return evaluation.Exhausted(Column);
            }

            if (!LinearPattern.TryParse(source, out var parsed, out var problem))
            {
                return Refused(problem);
            }

            _latest = pattern = parsed;
        }

        return Match(evaluation, text, pattern);
    }

    private ExpressionValue NoText(string wanted, ExpressionType type) => Fail(() => $"{wanted}, not {type.Phrase}.");

    private ExpressionValue Refused(string problem) => ExpressionValue.Failed(argument.Column, () => problem);

    private ExpressionValue Match(Evaluation evaluation, in ExpressionValue text, LinearPattern pattern)
        => evaluation.Spend(pattern.WorkFor(text.TextLength)) ? ExpressionValue.Of(pattern.Matches(text.Text)) : evaluation.Exhausted(Column);
}
