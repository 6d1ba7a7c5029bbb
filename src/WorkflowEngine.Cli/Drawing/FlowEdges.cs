namespace WorkflowEngine.Cli;

/// <summary>The edges of one list of steps, those of <c>order</c> included.</summary>
internal static class FlowEdges
{
    /// <summary>From, to and what stands on the edge: port and condition; null: any completion.</summary>
    public static IEnumerable<(string From, string To, string? Label)> Of(IReadOnlyList<StepDefinition> steps)
        => steps.Any(step => step.Order is not null) ? Ordered(steps) : Declared(steps);

    private static IEnumerable<(string From, string To, string? Label)> Declared(IReadOnlyList<StepDefinition> steps)
    {
        foreach (var step in steps)
        {
            foreach (var edge in step.After)
            {
                yield return (edge.Step, step.Id, LabelOf(edge));
            }
        }
    }

    private static IEnumerable<(string From, string To, string? Label)> Ordered(IReadOnlyList<StepDefinition> steps)
    {
        string? last = null;
        foreach (var step in steps.OrderBy(step => step.Order))
        {
            if (last is not null)
            {
                yield return (last, step.Id, null);
            }

            last = step.Id;
        }
    }

    private static string? LabelOf(StepEdge edge)
        => edge.Port is null && edge.When is null ? null : string.Join(' ', new[] { edge.Port, edge.When is null ? null : $"when {edge.When}" }.OfType<string>());
}
