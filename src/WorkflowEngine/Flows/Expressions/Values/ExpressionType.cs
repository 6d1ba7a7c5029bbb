namespace WorkflowEngine;

/// <summary>The types of expression values.</summary>
internal enum ExpressionType : byte
{
    Null,
    Bool,
    Int,
    Double,
    String,
    List,
    Map,
    Timestamp,
    Duration,

    /// <summary>A JSON number that neither 64 bits nor a double can hold: it can be handed on, and nothing else.</summary>
    Huge,

    /// <summary>No value: evaluation failed.</summary>
    Failure,
}

/// <summary>The words for types.</summary>
internal static class ExpressionTypeWords
{
    extension(ExpressionType type)
    {
        /// <summary>With its article, for messages.</summary>
        public string Phrase => type switch
        {
            ExpressionType.Null => "null",
            ExpressionType.Int => "an int",
            ExpressionType.Huge => "a number beyond 64 bits",
            _ => $"a {type.ToString().ToLowerInvariant()}",
        };

        public bool IsNumber => type is ExpressionType.Int or ExpressionType.Double;
    }
}

/// <summary>Why there is no value, and where.</summary>
/// <param name="Column">The column in the text, 1 being the first.</param>
/// <param name="Describe">
/// Makes the message; called only when the failure is not swallowed, so that failing is cheap. Whoever writes the lambda gives it a method of its own: C# makes the
/// object that it captures at the start of the method, and succeeding should be cheap too.
/// </param>
internal sealed record ExpressionFailure(int Column, Func<string> Describe);
