namespace WorkflowEngine;

/// <summary>One further operand of a chain such as <c>a + b - c</c>.</summary>
internal readonly record struct ChainLink(char Operator, ExpressionNode Operand, int Column);

/// <summary>Operators of one rank, applied from left to right. One node, however long: a sum of a thousand terms is no deeper than one of two.</summary>
internal sealed class ChainNode(int column, ExpressionNode first, ChainLink[] rest) : ExpressionNode(column, [first, .. rest.Select(link => link.Operand)])
{
    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var result = first.Evaluate(evaluation);
        foreach (var link in rest)
        {
            if (result.IsFailure)
            {
                return result;
            }

            result = Arithmetic.Apply(evaluation, link.Operator, result, link.Operand.Evaluate(evaluation), link.Column);
        }

        return result;
    }
}

/// <summary><c>-a</c></summary>
internal sealed class NegationNode(int column, ExpressionNode operand) : ExpressionNode(column, operand)
{
    protected override ExpressionValue Compute(Evaluation evaluation) => Arithmetic.Negate(operand.Evaluate(evaluation), Column);
}

/// <summary><c>== != &lt; &lt;= &gt; &gt;=</c></summary>
internal sealed class ComparisonNode(int column, string operation, ExpressionNode left, ExpressionNode right) : ExpressionNode(column, left, right)
{
    public override ExpressionType? Known => ExpressionType.Bool;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var one = left.Evaluate(evaluation);
        var other = one.IsFailure ? one : right.Evaluate(evaluation);
        if (other.IsFailure)
        {
            return other;
        }

        if (operation is "==" or "!=")
        {
            var same = ValueOrder.AreEqual(evaluation, one, other, Column);
            return operation == "==" || same.IsFailure ? same : ExpressionValue.Of(!same.IsTrue);
        }

        return ValueOrder.Compare(evaluation, one, other) is { } order
            ? ExpressionValue.Of(operation switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 })
            : Mismatch(one.Type, other.Type);
    }

    private ExpressionValue Mismatch(ExpressionType one, ExpressionType other) => Fail(() => $"'{operation}' does not go with {one.Phrase} and {other.Phrase}.");
}

/// <summary><c>a in list</c>, or <c>name in map</c>.</summary>
internal sealed class InNode(int column, ExpressionNode subject, ExpressionNode container) : ExpressionNode(column, subject, container)
{
    public override ExpressionType? Known => ExpressionType.Bool;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var value = subject.Evaluate(evaluation);
        var holder = value.IsFailure ? value : container.Evaluate(evaluation);
        return holder.Type switch
        {
            ExpressionType.Failure => holder,
            ExpressionType.List => IsIn(evaluation, value, holder),
            ExpressionType.Map when value.Type != ExpressionType.String => ExpressionValue.Of(false),
            ExpressionType.Map => evaluation.Spend(holder.Count / 8) ? ExpressionValue.Of(holder.TryMember(value.Text, out _)) : evaluation.Exhausted(Column),
            _ => NoHolder(holder.Type),
        };
    }

    private ExpressionValue NoHolder(ExpressionType type) => Fail(() => $"'in' looks into a list or a map, not into {type.Phrase}.");

    private ExpressionValue IsIn(Evaluation evaluation, ExpressionValue value, ExpressionValue list)
    {
        var result = ExpressionValue.Of(false);
        foreach (var element in list.Elements())
        {
            var same = ValueOrder.AreEqual(evaluation, value, element, Column);
            if (same.IsTrue || !evaluation.Spend(1))
            {
                return same;
            }

            result = same.IsFailure && !result.IsFailure ? same : result;
        }

        return result;
    }
}
