namespace WorkflowEngine;

/// <summary>
/// <c>list.all(x, condition)</c>, which false decides, and <c>list.exists(x, condition)</c>, which true decides; of a map, over the names of its members.
/// An element that decides swallows the failures of others, as with <c>&amp;&amp;</c> and <c>||</c>.
/// </summary>
internal sealed class QuantifierNode(int column, bool decides, ExpressionNode source, int slot, ExpressionNode condition) : ExpressionNode(column, source, condition)
{
    public override ExpressionType? Known => ExpressionType.Bool;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var holder = source.Evaluate(evaluation);
        if (holder.Type is not (ExpressionType.List or ExpressionType.Map))
        {
            return holder.IsFailure ? holder : NoHolder(holder.Type);
        }

        var result = ExpressionValue.Of(!decides);
        foreach (var element in holder.Elements())
        {
            evaluation.Local(slot) = element;
            var value = condition.Evaluate(evaluation);
            if ((value.Type == ExpressionType.Bool && value.IsTrue == decides) || !evaluation.Spend(1))
            {
                return value;
            }

            if (value.Type != ExpressionType.Bool && !result.IsFailure)
            {
                result = value.IsFailure ? value : NoBool(value.Type);
            }
        }

        return result;
    }

    private ExpressionValue NoHolder(ExpressionType type) => Fail(() => $"'{(decides ? "exists" : "all")}' goes through a list or a map, not through {type.Phrase}.");

    private ExpressionValue NoBool(ExpressionType type) => ExpressionValue.Failed(condition.Column, () => $"The condition is a bool, not {type.Phrase}.");
}

/// <summary>
/// <c>list.filter(x, condition)</c>, <c>list.map(x, result)</c> and <c>list.map(x, condition, result)</c>; of a map, over the names of its members.
/// Without a condition every element is taken; without a result, the element itself.
/// </summary>
internal sealed class CollectionNode(int column, ExpressionNode source, int slot, ExpressionNode? condition, ExpressionNode? result)
    : ExpressionNode(column, [source, condition ?? source, result ?? source])
{
    public override ExpressionType? Known => ExpressionType.List;

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var holder = source.Evaluate(evaluation);
        if (holder.Type is not (ExpressionType.List or ExpressionType.Map))
        {
            return holder.IsFailure ? holder : NoHolder(holder.Type);
        }

        var collected = new List<ExpressionValue>();
        foreach (var element in holder.Elements())
        {
            evaluation.Local(slot) = element;
            var chosen = condition?.Evaluate(evaluation) ?? ExpressionValue.Of(true);
            if (chosen.Type != ExpressionType.Bool)
            {
                return chosen.IsFailure ? chosen : NoBool(chosen.Type);
            }

            if (chosen.IsTrue)
            {
                var value = result?.Evaluate(evaluation) ?? element;
                if (value.IsFailure)
                {
                    return value;
                }

                // The list may double its room beside the old one.
                if (!evaluation.Keep(2 * BuiltList.ElementBytes))
                {
                    return evaluation.Exhausted(Column);
                }

                collected.Add(value);
            }

            if (!evaluation.Spend(1))
            {
                return evaluation.Exhausted(Column);
            }
        }

        return ExpressionValue.Of(new BuiltList(collected));
    }

    private ExpressionValue NoHolder(ExpressionType type) => Fail(() => $"'{(result is null ? "filter" : "map")}' goes through a list or a map, not through {type.Phrase}.");

    private ExpressionValue NoBool(ExpressionType type) => ExpressionValue.Failed(condition!.Column, () => $"The condition is a bool, not {type.Phrase}.");
}
