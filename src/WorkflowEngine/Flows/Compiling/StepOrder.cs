namespace WorkflowEngine;

/// <summary><c>order</c> in place of <c>after</c>: ascending, gaps allowed, for all steps of a list or none (S2).</summary>
internal static class StepOrder
{
    /// <summary>True when the list is ordered this way, even if wrongly.</summary>
    public static bool IsUsed(IReadOnlyList<StepDefinition> steps) => steps.Any(step => step.Order is not null);

    /// <summary>The predecessor of each step by position; -1 for the first one.</summary>
    public static int[] Predecessors(IReadOnlyList<StepDefinition> steps)
    {
        var sorted = Enumerable.Range(0, steps.Count).OrderBy(position => steps[position].Order ?? int.MaxValue).ToArray();
        var predecessors = new int[steps.Count];
        for (var rank = 0; rank < sorted.Length; rank++)
        {
            predecessors[sorted[rank]] = rank == 0 ? -1 : sorted[rank - 1];
        }

        return predecessors;
    }

    public static void Check(IReadOnlyList<StepDefinition> steps, string path, List<FlowDiagnostic> diagnostics)
    {
        if (!IsUsed(steps))
        {
            return;
        }

        var seen = new Dictionary<int, string>();
        for (var position = 0; position < steps.Count; position++)
        {
            var step = steps[position];
            var place = path + JsonPath.Element(position);
            if (step.Order is not { } order)
            {
                diagnostics.Report(FlowProblems.BadOrder, place, $"Other steps have an 'order', so {FlowProblems.Quote(step.Id)} needs one too.", step.Id);
            }
            else if (!seen.TryAdd(order, step.Id))
            {
                diagnostics.Report(FlowProblems.BadOrder, $"{place}.order", $"{FlowProblems.Quote(seen[order])} has the order {order} already.", seen[order], step.Id);
            }

            if (step.After.Count > 0)
            {
                diagnostics.Report(FlowProblems.BadOrder, $"{place}.after", "A list of steps uses either 'order' or 'after', not both.", step.Id);
            }
        }
    }
}
