namespace WorkflowEngine;

/// <summary>A list of steps while it is compiled: where it stands, and which names can be seen from in there.</summary>
internal sealed class StepScope
{
    public required IReadOnlyList<StepDefinition> Steps { get; init; }

    /// <summary>For example <c>$.steps[2].steps</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The position of each id in the list; of a duplicate the first one counts.</summary>
    public Dictionary<string, int> Indexes { get; } = new(StringComparer.Ordinal);

    /// <summary>The steps of the list and of the lists around it.</summary>
    public required Dictionary<string, int> Visible { get; init; }

    /// <summary>What <c>loop</c> has here; null outside of a loop.</summary>
    public required string[]? LoopNames { get; init; }

    public bool IsVisible(string? step) => step is not null && Visible.ContainsKey(step);

    /// <summary>The body of one of its steps.</summary>
    public StepScope Inside(int index) => new()
    {
        Steps = Steps[index].Steps,
        Path = $"{Path}[{index}].steps",
        Visible = new(Visible, StringComparer.Ordinal),
        LoopNames = Steps[index].Type == ForEachStep.Word ? ExpressionNames.OfForEach : ExpressionNames.OfWhile,
    };
}
