namespace WorkflowEngine;

/// <summary>One evaluation: the scope, the values of the loop variables, and the allowance that keeps a hostile expression from hanging or filling the memory.</summary>
internal sealed class Evaluation(IExpressionScope scope, int locals)
{
    /// <summary>One unit is one node, one element, or the like; about a tenth of a microsecond.</summary>
    public const long MaxWork = 10_000_000;

    /// <summary>What one expression may build, and how large its result may be as JSON.</summary>
    public const long MaxBytes = 64 * 1024 * 1024;

    private readonly ExpressionValue[] _locals = locals == 0 ? [] : new ExpressionValue[locals];
    private long _work = MaxWork;
    private long _bytes = MaxBytes;
    private ExpressionFailure? _exhaustion;

    public IExpressionScope Scope { get; } = scope;

    /// <summary>The loop variable in a slot.</summary>
    public ref ExpressionValue Local(int slot) => ref _locals[slot];

    /// <summary>False once the allowance is used up; it stays so, and everything under way returns.</summary>
    public bool Spend(long units) => (_work -= units) >= 0;

    /// <summary>As <see cref="Spend"/>, for what is built and kept.</summary>
    public bool Keep(long bytes) => (_bytes -= bytes) >= 0;

    /// <summary>The failure for an allowance that is used up.</summary>
    public ExpressionValue Exhausted(int column) => ExpressionValue.Of(_exhaustion ??= new ExpressionFailure(column, () => _bytes < 0
        ? $"The expression builds more than {MaxBytes / (1024 * 1024)} MB."
        : $"The expression takes more than {MaxWork:N0} steps; work on less data."));

    /// <summary>The result, unless the allowance ran out on the way: <c>||</c> and the like swallow other failures, but not this one.</summary>
    public ExpressionValue Conclude(in ExpressionValue result) => _work < 0 || _bytes < 0 ? Exhausted(1) : result;
}
