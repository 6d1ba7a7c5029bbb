namespace WorkflowEngine;

/// <summary>One problem of a flow.</summary>
/// <param name="Code">A snake_case code, for example <c>unknown_predecessor</c>.</param>
/// <param name="Message">What is wrong and how to mend it.</param>
/// <param name="Path">The JSON path, for example <c>$.steps[2].after[0]</c>; null where there is none.</param>
/// <param name="Line">The line in the document, 1 being the first; null where there is none.</param>
/// <param name="StepIds">The steps concerned.</param>
public sealed record FlowDiagnostic(string Code, string Message, string? Path = null, int? Line = null, IReadOnlyList<string>? StepIds = null)
{
    /// <summary>One line for people: place, code and message.</summary>
    public override string ToString()
        => $"{(Line is { } line ? $"line {line}: " : string.Empty)}{(Path is null ? string.Empty : $"{Path}: ")}{Message} [{Code}]";
}

/// <summary>A flow cannot run as declared. Carries every problem at once (S3).</summary>
public sealed class FlowValidationException : WorkflowException
{
    // A hostile document can have as many problems as bytes; the message stays readable, Diagnostics is complete.
    private const int MostInMessage = 50;

    /// <summary>Makes one.</summary>
    public FlowValidationException(string? flowId, IReadOnlyList<FlowDiagnostic> diagnostics)
        : base(Describe(flowId, diagnostics))
    {
        FlowId = flowId;
        Diagnostics = diagnostics;
    }

    /// <summary>The flow, as far as its id could be read.</summary>
    public string? FlowId { get; }

    /// <summary>Every problem; the message lists the first fifty.</summary>
    public IReadOnlyList<FlowDiagnostic> Diagnostics { get; }

    private static string Describe(string? flowId, IReadOnlyList<FlowDiagnostic> diagnostics)
    {
        var lines = diagnostics.Take(MostInMessage).Select(problem => $"\n  {problem}");
        var more = diagnostics.Count > MostInMessage ? $"\n  … and {diagnostics.Count - MostInMessage} more" : string.Empty;
        return $"Flow {(flowId is null ? "'?'" : FlowProblems.Quote(flowId))} has {diagnostics.Count} problem{(diagnostics.Count == 1 ? string.Empty : "s")}:{string.Concat(lines)}{more}";
    }
}

/// <summary>No flow of this id is registered here or stored in the catalog.</summary>
public sealed class FlowNotFoundException : WorkflowException
{
    /// <summary>Makes one.</summary>
    public FlowNotFoundException(string flowId, string? nearest = null)
        : base($"There is no flow '{flowId}'.{(nearest is null ? " Register it with AddFlow." : $" Did you mean '{nearest}'?")}") => FlowId = flowId;

    /// <summary>The id that was asked for.</summary>
    public string FlowId { get; }
}
