namespace WorkflowEngine;

/// <summary>Gives the values of the names that an expression looks up: what exists at one place at one time.</summary>
internal interface IExpressionScope
{
    /// <summary>
    /// The value of a root name such as <c>input</c>, or of a name below one such as <c>variables.limit</c>; false when it is not there.
    /// Packets and steps that <see cref="CompiledExpression.Lookups"/> names are loaded before.
    /// </summary>
    bool TryResolve(string root, string? name, out ExpressionValue value);

    /// <summary>The names that exist below a root, for a better message.</summary>
    IEnumerable<string> NamesBelow(string root);
}
