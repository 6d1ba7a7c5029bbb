namespace WorkflowEngine;

/// <summary>
/// <c>a &amp;&amp; b &amp;&amp; c</c> or <c>a || b || c</c>. As in CEL, an operand that decides the result swallows the failures of the others, on either side:
/// false decides <c>&amp;&amp;</c>, and true decides <c>||</c>.
/// </summary>
internal sealed class LogicNode(int column, bool decides, ExpressionNode[] operands) : ExpressionNode(column, operands)
{
    public override ExpressionType? Known => ExpressionType.Bool;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var result = ExpressionValue.Of(!decides);
        foreach (var operand in operands)
        {
            var value = operand.Evaluate(evaluation);
            if (value.Type == ExpressionType.Bool && value.IsTrue == decides)
            {
                return value;
            }

            if (value.Type != ExpressionType.Bool && !result.IsFailure)
            {
                result = value.IsFailure ? value : NoBool(operand.Column, value.Type);
            }
        }

        return result;
    }

    private ExpressionValue NoBool(int column, ExpressionType type) => ExpressionValue.Failed(column, () => $"{(decides ? "'||'" : "'&&'")} joins bools, not {type.Phrase}.");
}

/// <summary><c>!a</c></summary>
internal sealed class NotNode(int column, ExpressionNode operand) : ExpressionNode(column, operand)
{
    public override ExpressionType? Known => ExpressionType.Bool;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var value = operand.Evaluate(evaluation);
        return value.Type switch
        {
            ExpressionType.Bool => ExpressionValue.Of(!value.IsTrue),
            ExpressionType.Failure => value,
            _ => NoBool(value.Type),
        };
    }

    private ExpressionValue NoBool(ExpressionType type) => Fail(() => $"'!' stands before a bool, not before {type.Phrase}.");
}

/// <summary><c>condition ? then : otherwise</c>; only one of the two is evaluated.</summary>
internal sealed class ChoiceNode(int column, ExpressionNode condition, ExpressionNode then, ExpressionNode otherwise) : ExpressionNode(column, condition, then, otherwise)
{
    public override ExpressionType? Known => then.Known == otherwise.Known ? then.Known : null;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var value = condition.Evaluate(evaluation);
        return value.Type switch
        {
            ExpressionType.Bool => (value.IsTrue ? then : otherwise).Evaluate(evaluation),
            ExpressionType.Failure => value,
            _ => NoBool(value.Type),
        };
    }

    private ExpressionValue NoBool(ExpressionType type) => Fail(() => $"'?' stands behind a bool, not behind {type.Phrase}.");
}
