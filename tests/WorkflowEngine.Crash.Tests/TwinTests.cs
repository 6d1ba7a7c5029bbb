using Microsoft.Data.Sqlite;

namespace WorkflowEngine.Crash.Tests;

/// <summary>Two processes that want to be the worker of one file (R25).</summary>
public sealed class TwinTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Second_OnTheSameFile_IsRefusedByNameUntilTheFirstIsDead()
    {
        await using var scene = await Scene.OpenAsync();
        var rounds = Rounds.Of(few: 2, many: 30);
        var link = scene.Database + "-link";
        for (var round = 0; round < rounds; round++)
        {
            var first = scene.Start(plan => plan with { Starts = 1000, Stays = true });
            await scene.SignAsync(first, "running");
            File.Exists(link).Should().Be(round > 0);
            if (round == 0)
            {
                File.CreateSymbolicLink(link, scene.Database);
            }

            foreach (var name in new[] { scene.Database, link })
            {
                var second = scene.Start(plan => plan with { Database = name, Starts = 10 });
                (await second.ExitAsync()).Should().Be(7, await second.ErrorsAsync());
                (await second.ErrorsAsync()).Should().Contain($"is the worker of {scene.Database} (node victim-{first.Life})");
            }

            await first.KillAsync();
            var heir = scene.Start(plan => plan with { Database = link, Starts = 10 });
            await scene.SignAsync(heir, "drained");
            (await heir.ExitAsync()).Should().Be(0);
        }

        var judge = await Judge.HearAsync(scene);
        output.WriteLine($"{2 * rounds} twins, 0 admitted; {rounds} heirs of a killed worker, {rounds} admitted");
        judge.Objections.Should().BeEmpty();
    }

    [Fact]
    public async Task Second_WhenTheLockIsTakenAway_IsAdmitted()
    {
        await using var scene = await Scene.OpenAsync();
        var first = scene.Start(plan => plan with { Starts = 10, Stays = true });
        await scene.SignAsync(first, "running");
        File.Delete(scene.Database + "-worker.lock");

        var second = scene.Start(plan => plan with { Stays = true });

        await scene.SignAsync(second, "running");
    }

    [Fact]
    public async Task Copy_OfALiveWorkersFile_IsAnotherStoreWithAnotherIncarnation()
    {
        await using var scene = await Scene.OpenAsync();
        await using var copy = await Scene.OpenAsync();
        var first = scene.Start(plan => plan with { Starts = 1000, Stays = true });
        await scene.LineAsync(line => line.Kind == LedgerLine.Accepted && line.Number >= 40);
        scene.Sql($"vacuum into '{copy.Database}'");
        var owned = copy.Count("select count(*) from jobs where owner is not null");
        var second = copy.Start(plan => plan with { Flows = ["chain"], Starts = 1 });
        await copy.SignAsync(second, "running");

        owned.Should().BeGreaterThan(0, "the copy shows jobs that the first worker holds");
        Incarnations(copy).Except(Incarnations(scene)).Should().ContainSingle();
        await copy.SignAsync(second, "drained");
        await first.KillAsync();
        await scene.FinishAsync();
        (await Judge.HearAsync(scene)).Objections.Should().BeEmpty();
    }

    private static string[] Incarnations(Scene scene)
    {
        using var connection = new SqliteConnection($"Data Source={scene.Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select group_concat(hex(incarnation)) from nodes where over_at is null";
        return ((string)command.ExecuteScalar()!).Split(',');
    }
}
