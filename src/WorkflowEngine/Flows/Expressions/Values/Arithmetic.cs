namespace WorkflowEngine;

/// <summary>The operators <c>+ - * / %</c>. Overflow and division by zero are failures, and so is a double that is not finite: JSON has no such number.</summary>
internal static class Arithmetic
{
    public static ExpressionValue Apply(Evaluation evaluation, char operation, in ExpressionValue left, in ExpressionValue right, int column)
    {
        if (left.IsFailure || right.IsFailure)
        {
            return left.IsFailure ? left : right;
        }

        return (left.Type, right.Type) switch
        {
            (ExpressionType.Int, ExpressionType.Int) => OfInts(operation, left.Int, right.Int, column),
            (ExpressionType.Int or ExpressionType.Double, ExpressionType.Int or ExpressionType.Double) when operation != '%' => OfDoubles(operation, left.Double, right.Double, column),
            (ExpressionType.String, ExpressionType.String) when operation == '+' => Concatenate(evaluation, left, right, column),
            (ExpressionType.List, ExpressionType.List) when operation == '+' => Append(evaluation, left, right, column),
            (ExpressionType.Timestamp, ExpressionType.Duration) when operation is '+' or '-' => Moved(left.Ticks, operation == '+' ? right.Ticks : -right.Ticks, column),
            (ExpressionType.Duration, ExpressionType.Timestamp) when operation == '+' => Moved(right.Ticks, left.Ticks, column),
            (ExpressionType.Timestamp, ExpressionType.Timestamp) when operation == '-' => ExpressionValue.OfDuration(left.Ticks - right.Ticks),
            (ExpressionType.Duration, ExpressionType.Duration) when operation is '+' or '-' => OfDurations(operation, left.Ticks, right.Ticks, column),
            _ => Mismatch(operation, left.Type, right.Type, column),
        };
    }

    public static ExpressionValue Negate(in ExpressionValue value, int column) => value.Type switch
    {
        ExpressionType.Int => OfInts('-', 0, value.Int, column),
        ExpressionType.Double => ExpressionValue.Of(-value.Double),
        ExpressionType.Failure => value,
        _ => NoNumber(value.Type, column),
    };

    private static ExpressionValue OfInts(char operation, long left, long right, int column)
    {
        if (operation is '/' or '%')
        {
            return right == 0 ? ByZero(column)
                : right == -1 ? (operation == '/' ? OfInts('-', 0, left, column) : left == long.MinValue ? Overflow(column) : ExpressionValue.Of(0L))
                : ExpressionValue.Of(operation == '/' ? left / right : left % right);
        }

        var exact = operation switch { '+' => (Int128)left + right, '-' => (Int128)left - right, _ => (Int128)left * right };
        return exact >= long.MinValue && exact <= long.MaxValue ? ExpressionValue.Of((long)exact) : Overflow(column);
    }

    private static ExpressionValue OfDoubles(char operation, double left, double right, int column)
    {
        if (operation == '/' && right == 0)
        {
            return ByZero(column);
        }

        var result = operation switch { '+' => left + right, '-' => left - right, '*' => left * right, _ => left / right };
        return double.IsFinite(result) ? ExpressionValue.Of(result) : Overflow(column);
    }

    private static ExpressionValue OfDurations(char operation, long left, long right, int column)
    {
        var result = OfInts(operation, left, right, column);
        return result.IsFailure ? result : ExpressionValue.OfDuration(result.Int);
    }

    private static ExpressionValue Moved(long utcTicks, long by, int column)
    {
        var ticks = (Int128)utcTicks + by;
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks
            ? ExpressionValue.OfTimestamp((long)ticks)
            : ExpressionValue.Failed(column, () => "The timestamp is outside of the years 1 to 9999.");
    }

    private static ExpressionValue Concatenate(Evaluation evaluation, in ExpressionValue left, in ExpressionValue right, int column)
    {
        var length = (long)left.TextLength + right.TextLength;
        return evaluation.Keep(2 * length) && evaluation.Spend(length / 16) ? ExpressionValue.Of(left.Text + right.Text) : evaluation.Exhausted(column);
    }

    private static ExpressionValue Append(Evaluation evaluation, in ExpressionValue left, in ExpressionValue right, int column)
    {
        var count = (long)left.Count + right.Count;
        return evaluation.Spend(count) && evaluation.Keep(count * BuiltList.ElementBytes)
            ? ExpressionValue.Of(new BuiltList([.. left.Elements(), .. right.Elements()]))
            : evaluation.Exhausted(column);
    }

    private static ExpressionValue NoNumber(ExpressionType type, int column) => ExpressionValue.Failed(column, () => $"'-' stands before a number, not before {type.Phrase}.");

    private static ExpressionValue Mismatch(char operation, ExpressionType left, ExpressionType right, int column)
        => ExpressionValue.Failed(column, () =>
        {
            var isText = operation == '+' && (left == ExpressionType.String || right == ExpressionType.String);
            return $"'{operation}' does not go with {left.Phrase} and {right.Phrase}{(isText ? "; write string(…) around what is no string" : string.Empty)}.";
        });

    private static ExpressionValue Overflow(int column) => ExpressionValue.Failed(column, () => "The result is too large for its type.");

    private static ExpressionValue ByZero(int column) => ExpressionValue.Failed(column, () => "Division by zero.");
}
