namespace WorkflowEngine;

/// <summary>A name that the scope knows: <c>input</c>, which has no name below the root, or <c>variables.limit</c>. The source is the look-up as it is written.</summary>
internal sealed class LookupNode(int column, string root, string? name, string source) : ExpressionNode(column)
{
    public string Root => root;

    public string? Name => name;

    public bool IsThere(Evaluation evaluation) => evaluation.Scope.TryResolve(root, name, out _);

    protected override ExpressionValue Compute(Evaluation evaluation) => evaluation.Scope.TryResolve(root, name, out var value) ? value : Missing(evaluation.Scope);

    private ExpressionValue Missing(IExpressionScope scope) => Fail(() => $"There is no value for {source}.{NearestName.Hint(name, scope.NamesBelow(root))}");
}

/// <summary>The variable of a macro.</summary>
internal sealed class LocalNode(int column, int slot) : ExpressionNode(column)
{
    protected override ExpressionValue Compute(Evaluation evaluation) => evaluation.Local(slot);
}

/// <summary><c>target.name</c>, or <c>target["name"]</c>.</summary>
internal sealed class MemberNode(int column, ExpressionNode target, string name, string source) : ExpressionNode(column, target)
{
    /// <summary>A bool, or a failure when the target is no map.</summary>
    public ExpressionValue IsThere(Evaluation evaluation)
    {
        var map = Target(evaluation);
        return map.IsFailure ? map : ExpressionValue.Of(map.TryMember(name, out _));
    }

    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var map = Target(evaluation);
        return map.IsFailure ? map
            : map.TryMember(name, out var member) ? member
            : Missing(map);
    }

    private ExpressionValue Target(Evaluation evaluation)
    {
        var value = target.Evaluate(evaluation);
        return value.Type switch
        {
            ExpressionType.Map => evaluation.Spend(value.Count / 8) ? value : evaluation.Exhausted(Column),
            ExpressionType.Failure => value,
            _ => NoMap(value.Type),
        };
    }

    private ExpressionValue Missing(ExpressionValue map) => Fail(() => $"There is no value for {source}.{NearestName.Hint(name, map.Names())}");

    private ExpressionValue NoMap(ExpressionType type) => Fail(() => $"There is no value for {source}: {type.Phrase} has no members.");
}

/// <summary><c>target[index]</c></summary>
internal sealed class IndexNode(int column, ExpressionNode target, ExpressionNode index, string source) : ExpressionNode(column, target, index)
{
    protected override ExpressionValue Compute(Evaluation evaluation)
    {
        var value = target.Evaluate(evaluation);
        var place = value.IsFailure ? value : index.Evaluate(evaluation);
        return (value.Type, place.Type) switch
        {
            (ExpressionType.Failure, _) or (_, ExpressionType.Failure) => place,
            (ExpressionType.List, ExpressionType.Int) => ElementOf(evaluation, value, place.Int),
            (ExpressionType.Map, ExpressionType.String) => MemberOf(evaluation, value, place.Text),
            _ => Mismatch(value.Type, place.Type),
        };
    }

    private ExpressionValue ElementOf(Evaluation evaluation, ExpressionValue list, long position)
    {
        var count = list.Count;
        if (position < 0 || position >= count)
        {
            return OutOfRange(count, position);
        }

        // JSON is walked from the front.
        return evaluation.Spend(position / 8) ? list.ElementAt((int)position) : evaluation.Exhausted(Column);
    }

    private ExpressionValue MemberOf(Evaluation evaluation, ExpressionValue map, string name)
    {
        if (!evaluation.Spend(map.Count / 8))
        {
            return evaluation.Exhausted(Column);
        }

        return map.TryMember(name, out var member) ? member : Missing(map, name);
    }

    private ExpressionValue Mismatch(ExpressionType holder, ExpressionType place) => Fail(() => holder switch
    {
        ExpressionType.List => $"A list is indexed by an int, not by {place.Phrase}.",
        ExpressionType.Map => $"A map is indexed by a string, not by {place.Phrase}.",
        _ => $"There is no value for {source}: {holder.Phrase} has no elements.",
    });

    private ExpressionValue OutOfRange(int count, long position)
        => Fail(() => $"There is no value for {source}: the list has {count} {(count == 1 ? "element" : "elements")}, and {position} is not one of them.");

    private ExpressionValue Missing(ExpressionValue map, string name)
        => Fail(() => $"There is no value for {source}: no member is called {FlowProblems.Quote(name)}.{NearestName.Hint(name, map.Names())}");
}

/// <summary><c>has(a.b)</c>: whether the last name is there. Anything before it must be.</summary>
internal sealed class HasNode(int column, ExpressionNode subject) : ExpressionNode(column, subject)
{
    public override ExpressionType? Known => ExpressionType.Bool;

    protected override ExpressionValue Compute(Evaluation evaluation)
        => subject is MemberNode member ? member.IsThere(evaluation) : ExpressionValue.Of(((LookupNode)subject).IsThere(evaluation));
}
