namespace WorkflowEngine.Crash.Tests;

/// <summary>Kills exactly between a step's return and its commit, and between a commit and its reply (R23, V1).</summary>
public sealed class FlushWindowTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(Defects.BeforeBatch)]
    [InlineData(Defects.AfterBatch)]
    public async Task Kill_AroundACommit_RedoesOnlyWhatWasNotCommitted(string moment)
    {
        await using var scene = await Scene.OpenAsync();
        var rounds = Rounds.Of(few: 4, many: 100);
        var random = new Random(Rounds.Seed());
        for (var round = 0; round < rounds; round++)
        {
            var victim = scene.Start(plan => plan with { Starts = 1000, Defect = $"{moment}{random.Next(1, 60)}", Stays = true });
            await scene.SignAsync(victim, "standing");
            await victim.KillAsync();
        }

        await scene.FinishAsync();
        var judge = await Judge.HearAsync(scene);
        output.WriteLine($"{rounds} kills {moment}N: {judge.Repeats} of {judge.Effects} effects repeated, {(double)judge.Repeats / rounds:0.0} per kill with 32 jobs in flight");
        judge.Objections.Should().BeEmpty();
    }

    [Fact]
    public async Task Start_WithKeyRepeatedAfterItsReplyWasLost_GivesOneJob()
    {
        await using var scene = await Scene.OpenAsync();
        var existed = await StartTwiceAsync(scene, Rounds.Of(few: 3, many: 50));

        output.WriteLine($"{Rounds.Of(few: 3, many: 50)} kills between commit and reply, then the same 20 starts again: 20 jobs, {existed} starts found theirs");
        scene.Count("select count(*) from jobs").Should().Be(20);
        existed.Should().BeGreaterThan(0);
        (await Judge.HearAsync(scene)).Objections.Should().BeEmpty();
    }

    [Fact]
    public async Task Start_WithoutTheKeysIndex_GivesSeveralJobs()
    {
        await using var scene = await Scene.OpenAsync();
        await scene.OpenStore().DisposeAsync();
        scene.Sql("drop index jobs_key");
        await StartTwiceAsync(scene, 1);

        scene.Count("select count(*) from jobs").Should().BeGreaterThan(20);
    }

    /// <summary>Each life makes the same starts, one after the other, and dies when the reply of some commit is due; the last one lives.</summary>
    private static async Task<int> StartTwiceAsync(Scene scene, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            var victim = scene.Start(plan => plan with { Starts = 20, InFlight = 20, Flows = ["chain", "diamond"], Key = "order", Defect = $"{Defects.AfterBatch}{1 + (round % 12)}", Stays = true });
            await Task.WhenAny(scene.SignAsync(victim, "standing"), scene.SignAsync(victim, "drained"));
            await victim.KillAsync();
        }

        var last = scene.Start(plan => plan with { Starts = 20, Flows = ["chain", "diamond"], Key = "order" });
        (await last.ExitAsync()).Should().Be(0);
        return scene.Ledger().Count(line => line.Kind == LedgerLine.Existed);
    }
}
