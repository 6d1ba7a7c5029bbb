namespace WorkflowEngine;

/// <summary>A node of a parsed expression. Immutable and shared by all evaluations.</summary>
/// <param name="column">Where it stands in the text, 1 being the first character.</param>
/// <param name="children">What it is evaluated from.</param>
internal abstract class ExpressionNode(int column, params ReadOnlySpan<ExpressionNode> children)
{
    public int Column { get; } = column;

    /// <summary>How many nodes lie on the longest way down, this one included: what bounds the stack of an evaluation.</summary>
    public int Depth { get; } = DepthOf(children);

    /// <summary>The type of every value of this node; null when that depends.</summary>
    public virtual ExpressionType? Known => null;

    public ExpressionValue Evaluate(Evaluation evaluation) => evaluation.Spend(1) ? Compute(evaluation) : evaluation.Exhausted(Column);

    protected abstract ExpressionValue Compute(Evaluation evaluation);

    protected ExpressionValue Fail(Func<string> describe) => ExpressionValue.Failed(Column, describe);

    private static int DepthOf(ReadOnlySpan<ExpressionNode> children)
    {
        var deepest = 0;
        foreach (var child in children)
        {
            deepest = Math.Max(deepest, child.Depth);
        }

        return deepest + 1;
    }
}

/// <summary>A number, string, bool or null that is written down.</summary>
internal sealed class LiteralNode(int column, ExpressionValue value) : ExpressionNode(column)
{
    public ExpressionValue Value { get; } = value;

    public override ExpressionType? Known => Value.Type;

    protected override ExpressionValue Compute(Evaluation evaluation) => Value;
}

/// <summary><c>[a, b]</c></summary>
internal sealed class ListNode(int column, ExpressionNode[] elements) : ExpressionNode(column, elements)
{
    public override ExpressionType? Known => ExpressionType.List;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        if (!evaluation.Keep((long)elements.Length * BuiltList.ElementBytes))
        {
            return evaluation.Exhausted(Column);
        }

        var values = new ExpressionValue[elements.Length];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = elements[index].Evaluate(evaluation);
            if (values[index].IsFailure)
            {
                return values[index];
            }
        }

        return ExpressionValue.Of(new BuiltList(values));
    }
}

/// <summary><c>{'a': b}</c></summary>
internal sealed class MapNode(int column, ExpressionNode[] names, ExpressionNode[] values) : ExpressionNode(column, [.. names, .. values])
{
    // A member has its share of the buckets beside its value.
    private const int MemberBytes = 2 * BuiltList.ElementBytes;

    public override ExpressionType? Known => ExpressionType.Map;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        if (!evaluation.Keep((long)names.Length * MemberBytes))
        {
            return evaluation.Exhausted(Column);
        }

        var members = new OrderedDictionary<string, ExpressionValue>(names.Length, StringComparer.Ordinal);
        for (var index = 0; index < names.Length; index++)
        {
            var name = names[index].Evaluate(evaluation);
            var value = values[index].Evaluate(evaluation);
            if (name.IsFailure || value.IsFailure)
            {
                return name.IsFailure ? name : value;
            }

            if (name.Type != ExpressionType.String || !members.TryAdd(name.Text, value))
            {
                return Refused(names[index].Column, name);
            }
        }

        return ExpressionValue.Of(new BuiltMap(members));
    }

    private static ExpressionValue Refused(int column, ExpressionValue name) => ExpressionValue.Failed(column, () => name.Type == ExpressionType.String
        ? $"The map has the member {FlowProblems.Quote(name.Text)} twice."
        : $"The name of a map's member is a string, not {name.Type.Phrase}.");
}
