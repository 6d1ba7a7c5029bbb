namespace WorkflowEngine.Crash;

/// <summary>Flows that harm their host: one that kills it, ones that ignore every token, ones with outputs of any size, and ones with very many steps.</summary>
public static class HarmfulFlows
{
    public static bool IsOne(string id) => id is "poison" or "spin" or "sleep" or "block" or "huge" or "tower" or "ladder";

    /// <param name="id">Which one.</param>
    /// <param name="steps">How many steps the large ones have.</param>
    public static FlowDefinition Make(string id, int steps)
    {
        var flow = new FlowBuilder(id);
        _ = id switch
        {
            "poison" => flow.Start("a", "noop").Then("bite", "fail_fast").Then("c", "noop"),
            "spin" or "sleep" => flow.Start("a", id, step => step.Timeout(TimeSpan.FromMilliseconds(100))),
            "block" => flow.Start("a", id),
            "huge" => flow.Start("a", id).Then("b", "noop"),
            "tower" => Tower(flow, steps),
            "ladder" => Ladder(flow, steps / 2),
            _ => throw new ArgumentOutOfRangeException(nameof(id), id, "No such flow."),
        };
        return flow.Build();
    }

    /// <summary>One step on the other.</summary>
    private static FlowBuilder Tower(FlowBuilder flow, int steps)
    {
        flow.Start("s0", "noop");
        for (var i = 1; i < steps; i++)
        {
            flow.Then($"s{i}", "noop");
        }

        return flow;
    }

    /// <summary>Levels of two steps, each after both of the level below.</summary>
    private static FlowBuilder Ladder(FlowBuilder flow, int rungs)
    {
        flow.Start("l0", "noop").Start("r0", "noop");
        for (var i = 1; i < rungs; i++)
        {
            flow.Join($"l{i}", "noop", [$"l{i - 1}", $"r{i - 1}"]).Join($"r{i}", "noop", [$"l{i - 1}", $"r{i - 1}"]);
        }

        return flow;
    }
}
