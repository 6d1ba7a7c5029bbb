namespace WorkflowEngine;

/// <summary>Equality and order of values, as CEL has them.</summary>
internal static class ValueOrder
{
    // Walking two lists at once costs more than evaluating a node.
    private const int WorkPerElement = 3;

    private const double TwoTo63 = 9223372036854775808d;

    /// <summary>
    /// A bool, or a failure. Values of different types are unequal, but numbers are compared by their exact value; lists and maps by all they hold.
    /// </summary>
    public static ExpressionValue AreEqual(Evaluation evaluation, in ExpressionValue left, in ExpressionValue right, int column)
    {
        if (!evaluation.Spend(1))
        {
            return evaluation.Exhausted(column);
        }

        if (left.Type == ExpressionType.Huge || right.Type == ExpressionType.Huge)
        {
            return ExpressionValue.Failed(column, () => "A number of the data fits neither 64 bits nor a double, so that it can be handed on, but not compared.");
        }

        if (left.Type.IsNumber && right.Type.IsNumber)
        {
            return ExpressionValue.Of(OrderOfNumbers(left, right) == 0);
        }

        if (left.Type != right.Type)
        {
            return ExpressionValue.Of(false);
        }

        switch (left.Type)
        {
            case ExpressionType.Null:
                return ExpressionValue.Of(true);
            case ExpressionType.Bool:
                return ExpressionValue.Of(left.IsTrue == right.IsTrue);
            case ExpressionType.String:
                return evaluation.Spend((left.TextLength + right.TextLength) / 16) ? ExpressionValue.Of(ExpressionValue.SameText(left, right)) : evaluation.Exhausted(column);
            case ExpressionType.List:
                return ListsAreEqual(evaluation, left, right, column);
            case ExpressionType.Map:
                return MapsAreEqual(evaluation, left, right, column);
            default:
                return ExpressionValue.Of(left.Ticks == right.Ticks);
        }
    }

    /// <summary>Below, above or equal to 0; null where there is no order between the two.</summary>
    public static int? Compare(Evaluation evaluation, in ExpressionValue left, in ExpressionValue right)
    {
        if (left.Type.IsNumber && right.Type.IsNumber)
        {
            return OrderOfNumbers(left, right);
        }

        if (left.Type != right.Type)
        {
            return null;
        }

        switch (left.Type)
        {
            case ExpressionType.Bool:
                return left.IsTrue.CompareTo(right.IsTrue);
            case ExpressionType.String:
                evaluation.Spend((left.TextLength + right.TextLength) / 16);
                return OrderOfTexts(left.Text, right.Text);
            case ExpressionType.Timestamp or ExpressionType.Duration:
                return left.Ticks.CompareTo(right.Ticks);
            default:
                return null;
        }
    }

    private static ExpressionValue ListsAreEqual(Evaluation evaluation, in ExpressionValue left, in ExpressionValue right, int column)
    {
        if (left.Count != right.Count)
        {
            return ExpressionValue.Of(false);
        }

        using var others = right.Elements().GetEnumerator();
        foreach (var element in left.Elements())
        {
            others.MoveNext();
            var same = evaluation.Spend(WorkPerElement) ? AreEqual(evaluation, element, others.Current, column) : evaluation.Exhausted(column);
            if (!same.IsTrue)
            {
                return same;
            }
        }

        return ExpressionValue.Of(true);
    }

    private static ExpressionValue MapsAreEqual(Evaluation evaluation, in ExpressionValue left, in ExpressionValue right, int column)
    {
        if (left.Count != right.Count)
        {
            return ExpressionValue.Of(false);
        }

        foreach (var name in left.Names())
        {
            left.TryMember(name, out var one);
            if (!evaluation.Spend(WorkPerElement + (left.Count / 8)) || !right.TryMember(name, out var other))
            {
                return ExpressionValue.Of(false);
            }

            var same = AreEqual(evaluation, one, other, column);
            if (!same.IsTrue)
            {
                return same;
            }
        }

        return ExpressionValue.Of(true);
    }

    private static int OrderOfNumbers(in ExpressionValue left, in ExpressionValue right) => (left.Type, right.Type) switch
    {
        (ExpressionType.Int, ExpressionType.Int) => left.Int.CompareTo(right.Int),
        (ExpressionType.Double, ExpressionType.Double) => left.Double.CompareTo(right.Double),
        (ExpressionType.Int, _) => Order(left.Int, right.Double),
        _ => -Order(right.Int, left.Double),
    };

    /// <summary>Exact: a conversion of the int would round above 2^53.</summary>
    private static int Order(long whole, double real)
    {
        if (real is >= TwoTo63 or < -TwoTo63)
        {
            return real > 0 ? -1 : 1;
        }

        var floor = Math.Floor(real);
        var order = whole.CompareTo((long)floor);
        return order == 0 && real > floor ? -1 : order;
    }

    /// <summary>By code point. Comparing UTF-16 units would put the characters above U+FFFF before U+E000.</summary>
    private static int OrderOfTexts(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        var (one, other) = (left[common], right[common]);
        return char.IsSurrogate(one) == char.IsSurrogate(other) ? one.CompareTo(other) : char.IsSurrogate(one) ? 1 : -1;
    }
}
