namespace WorkflowEngine.Tests.Simulation;

/// <summary>What a step of a random flow does, the same at each attempt of the same number.</summary>
internal sealed record RandomStep(string Id, string[] After, JoinRule Join, int Failures, int Legs, bool Waits, TimeSpan Delay);

/// <summary>A flow made by chance: chains, diamonds, joins of all, of any and of some, retries, waits, legs.</summary>
internal sealed record RandomFlow(IReadOnlyList<RandomStep> Steps, bool StopsOnFailure)
{
    public static RandomFlow Make(Random random)
    {
        var count = random.Next(2, 9);
        return new RandomFlow([.. Enumerable.Range(0, count).Select(index => StepOf(random, index))], random.Next(3) > 0);
    }

    public FlowDefinition Define(string id) => new()
    {
        Id = id,
        FailurePolicy = StopsOnFailure ? FailurePolicy.StopOnFailure : FailurePolicy.ContinueIndependent,
        Steps = [.. Steps.Select(step => new StepDefinition
        {
            Id = step.Id,
            Type = "work",
            After = [.. step.After.Select(from => new StepEdge(from))],
            Join = step.Join,
            Retry = new RetryPolicy { MaxAttempts = 3, Delay = TimeSpan.FromSeconds(7) },
            Timeout = TimeSpan.FromMinutes(1),
        })],
    };

    private static RandomStep StepOf(Random random, int index)
    {
        var after = Enumerable.Range(0, index).Where(_ => random.Next(index) < 2).Take(3).Select(from => $"s{from}").ToArray();
        var join = after.Length < 2 ? JoinRule.All : random.Next(4) switch { 0 => JoinRule.Any, 1 => JoinRule.Count(2), _ => JoinRule.All };
        return new RandomStep($"s{index}", after, join, random.Next(5) == 0 ? random.Next(1, 4) : 0, random.Next(5) == 0 ? 2 : 0, random.Next(6) == 0, TimeSpan.FromSeconds(random.Next(3) == 0 ? random.Next(1, 30) : 0));
    }
}
