using System.Globalization;

namespace WorkflowEngine.Tests.Simulation;

/// <summary>
/// Random days of the whole engine, judged from outside. <c>WORKFLOW_ENGINE_SEEDS</c> is the number of days (default 200), or one seed to play again as <c>=SEED</c>.
/// </summary>
public sealed class SimulationTests
{
    [Fact]
    public async Task Engine_OnAnyDay_KeepsItsPromises()
    {
        var (failures, effects, crashes) = (new List<string>(), 0, 0);
        var seeds = Seeds();
        foreach (var seed in seeds)
        {
            var day = new SimulatedEngine(seed, sabotage: null);
            if (await day.PlayAsync().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System) is { } objection)
            {
                failures.Add($"seed {seed}: {objection}");
            }

            (effects, crashes) = (effects + day.Effects.Count, crashes + day.Crashes);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{seeds.Count} seeds from {seeds[0]} on, {crashes} crashes planned, {effects} effects, {failures.Count} objections");
        failures.Should().BeEmpty();
    }

    [Fact]
    public async Task Seed_PlayedTwice_GivesTheSameDay()
    {
        var (first, second) = (new SimulatedEngine(11, null), new SimulatedEngine(11, null));

        await first.PlayAsync();
        await second.PlayAsync();

        second.Effects.Select(effect => (effect.Step, effect.Epoch, effect.Attempt, effect.Output)).Should().Equal(first.Effects.Select(effect => (effect.Step, effect.Epoch, effect.Attempt, effect.Output)));
    }

    public static TheoryData<string> Sabotages => ["commit acknowledged and not made", "step rows lost", "events lost", "version not guarded"];

    [Theory, MemberData(nameof(Sabotages))]
    public async Task Oracle_OverABrokenStore_Objects(string sabotage)
    {
        for (var seed = 1; seed <= 30; seed++)
        {
            var commits = 0;
            try
            {
                if (await new SimulatedEngine(seed, call => Break(sabotage, call, ref commits)).PlayAsync() is not null)
                {
                    return;
                }
            }
            catch (Exception error) when (error is InvalidOperationException or NullReferenceException or JobNotFoundException)
            {
                return; // The engine could not even go on.
            }
        }

        Assert.Fail($"{sabotage}: nobody noticed");
    }

    private static void Break(string sabotage, StoreCall call, ref int commits)
    {
        if (call.Member != StoreMember.Commit || call.Transitions.Span[0].Creation is not null || ++commits % 5 != 0)
        {
            return;
        }

        var transition = call.Transitions.Span[0];
        switch (sabotage)
        {
            case "commit acknowledged and not made":
                call.IsSwallowed = true;
                break;
            case "step rows lost":
                transition.ClearSteps();
                break;
            case "events lost":
                transition.Events = default;
                break;
            default:
                // The head of one commit earlier: as if a second writer had come between.
                transition.Head = transition.Head with { Status = JobStatus.Running, CompletedAt = 0 };
                break;
        }
    }

    private static IReadOnlyList<int> Seeds()
    {
        var wanted = Environment.GetEnvironmentVariable("WORKFLOW_ENGINE_SEEDS") ?? "200";
        return wanted.StartsWith('=') ? [int.Parse(wanted[1..], CultureInfo.InvariantCulture)] : [.. Enumerable.Range(1, int.Parse(wanted, CultureInfo.InvariantCulture))];
    }
}
