using System.Diagnostics;

namespace WorkflowEngine.Crash.Tests;

/// <summary>Stops a process at full load by SIGTERM (R18): it hands its jobs back, in time, and no attempt and no strike is counted.</summary>
public sealed class StopTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Stop_AtFullLoad_HandsEverythingBackInTime()
    {
        await using var scene = await Scene.OpenAsync();
        var rounds = Rounds.Of(few: 4, many: 100);
        var random = new Random(Rounds.Seed());
        var exits = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            // Bodies that end within the grace, and bodies whose token has to fire.
            var victim = scene.Start(plan => plan with { Starts = 1000, InFlight = 64, StepMilliseconds = round % 2 == 0 ? 30 : 30_000, ShutdownGraceMilliseconds = 300 });
            await AcceptedAsync(scene, victim, random.Next(10, 60));
            var asked = Stopwatch.GetTimestamp();
            victim.Terminate();
            (await victim.ExitAsync()).Should().Be(0, await victim.ErrorsAsync());
            exits.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            Orphans(scene).Should().Be(0, $"round {round} handed everything back");
            await using var store = scene.OpenStore();
            (await store.OverviewAsync(default)).Nodes.Should().BeEmpty();
        }

        await scene.FinishAsync();
        var judge = await Judge.HearAsync(scene);
        output.WriteLine($"{rounds} stops, {judge.Accepted} accepted jobs, {judge.Repeats} of {judge.Effects} effects repeated; exit ms: {Rounds.Describe(exits)}");
        judge.Objections.Should().BeEmpty();
        judge.Repeats.Should().BeGreaterThan(0, "otherwise no token fired");
        exits.Should().OnlyContain(exit => exit < 20_000, "the host's own limit is 20 s");
    }

    [Fact]
    public async Task Stop_ByForceInstead_LeavesOrphans()
    {
        await using var scene = await Scene.OpenAsync();
        var victim = scene.Start(plan => plan with { Starts = 100, InFlight = 64, StepMilliseconds = 30 });
        await AcceptedAsync(scene, victim, 20);
        await victim.KillAsync();

        Orphans(scene).Should().BeGreaterThan(0);
    }

    private static Task AcceptedAsync(Scene scene, Victim victim, int number) => scene.LineAsync(line => line.Life == victim.Life && line.Kind == LedgerLine.Accepted && line.Number >= number);

    private static long Orphans(Scene scene) => scene.Count("select count(*) from jobs where owner is not null");
}
