using System.Diagnostics;

namespace WorkflowEngine.Crash.Tests;

/// <summary>Kills a process that runs jobs on SQLite, again and again, at random moments (R1).</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Kill_AtAnyMoment_LosesNoJobAndRepeatsNoCommittedStep()
    {
        await using var scene = await Scene.OpenAsync();
        var rounds = Rounds.Of(few: 8, many: 500);
        var seed = await KillAsync(scene, rounds, plan => plan with { Starts = Rounds.Of(few: 1000, many: 400) });
        await scene.FinishAsync();

        var judge = await Judge.HearAsync(scene);
        output.WriteLine($"seed {seed}: {rounds} kills, {judge.Accepted} accepted jobs, {judge.Effects} effects, {judge.Repeats} repeated before their outcome was committed ({(double)judge.Repeats / rounds:0.0} per kill)");
        var (sinceStart, sinceHost) = ResumeMilliseconds(scene);
        output.WriteLine($"resumed, ms from the new process's start: {Rounds.Describe(sinceStart)}; from its host's start: {Rounds.Describe(sinceHost)}");
        judge.Objections.Should().BeEmpty($"seed {seed}");
        judge.Accepted.Should().BeGreaterThan(rounds);
        judge.Repeats.Should().BeGreaterThan(0, "otherwise no kill met a running step");
    }

    /// <summary>The judge is worth nothing if it never objects: with each protection taken away it must.</summary>
    [Theory]
    [InlineData(Judge.Lost, Defects.ForgetsBatches, null)]
    [InlineData(Judge.Committed, Defects.ForgetsBatches, null)]
    [InlineData(Judge.Happened, Defects.CommitFirst, null)]
    [InlineData(Judge.Repeated, null, "create trigger no_epoch after update of owner on jobs when new.epoch > 1 begin update jobs set epoch = 1 where id = new.id; end")]
    [InlineData(Judge.Reckoned, null, """
        create trigger mixed_up after insert on steps when new.position = 0 and new.output is not null
        begin update steps set output = coalesce((select o.output from steps o where o.position = 0 and o.output is not null and o.job_id <> new.job_id limit 1), output) where job_id = new.job_id and position = 0; end
        """)]
    [InlineData(Judge.Told, null, "create trigger no_events after insert on events when new.first_sequence > 4 begin delete from events where job_id = new.job_id and first_sequence = new.first_sequence; end")]
    public async Task Kill_WithOneProtectionMissing_IsObjectedTo(string rule, string? defect, string? trigger)
    {
        await using var scene = await Scene.OpenAsync();
        await scene.OpenStore().DisposeAsync();
        if (trigger is not null)
        {
            scene.Sql(trigger);
        }

        for (var round = 0; round < 2; round++)
        {
            var victim = scene.Start(plan => plan with { Starts = 1000, InFlight = 100, Flows = ["chain", "diamond"], Defect = defect });
            await scene.LineAsync(line => line.Life == victim.Life && line.Kind == LedgerLine.Accepted && line.Number >= 60);
            await victim.KillAsync();
        }

        await scene.FinishAsync();
        (await Judge.HearAsync(scene)).Objections.Should().Contain(objection => objection.Rule == rule);
    }

    private static async Task<int> KillAsync(Scene scene, int rounds, Func<VictimPlan, VictimPlan> change)
    {
        var seed = Rounds.Seed();
        var random = new Random(seed);
        for (var round = 0; round < rounds; round++)
        {
            var victim = scene.Start(plan => change(plan) with { Stays = true });
            // From its boot on, and every other time only once it runs jobs: on a busy machine it might never come to that.
            await scene.SignAsync(victim, round % 2 == 0 ? "booted" : LedgerLine.Accepted);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 1500)), TimeProvider.System);
            await victim.KillAsync();
        }

        return seed;
    }

    /// <summary>Until the first effect of a job that an earlier life left behind.</summary>
    private static (IEnumerable<double> SinceStart, IEnumerable<double> SinceHost) ResumeMilliseconds(Scene scene)
    {
        var lives = scene.Ledger().GroupBy(line => line.Life).Select(life => (
            Victim: scene.Victims[life.Key],
            Booted: life.FirstOrDefault(line => line.Kind == "booted"),
            Resumed: life.FirstOrDefault(line => line.Kind == LedgerLine.Effect && line.Epoch > 1))).Where(life => life.Resumed is not null).ToList();
        return (lives.Select(life => Stopwatch.GetElapsedTime(life.Victim.StartedAt, life.Resumed!.At).TotalMilliseconds),
            lives.Select(life => Stopwatch.GetElapsedTime(life.Booted!.At, life.Resumed!.At).TotalMilliseconds));
    }
}
