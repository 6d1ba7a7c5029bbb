namespace WorkflowEngine.Crash.Tests;

/// <summary>Jobs that kill their process (L1), jobs that cannot be read (L2), and a host whose threads are all blocked (R16).</summary>
public sealed class PoisonTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Step_ThatKillsItsProcess_IsParkedByNameAndEveryHealthyJobCompletes()
    {
        await using var scene = await Scene.OpenAsync();
        var healthy = Rounds.Of(few: 10, many: 50);
        var poison = Rounds.Of(few: 1, many: 3);
        string[] flows = [.. Enumerable.Repeat("poison", poison), .. Enumerable.Repeat("chain", healthy)];
        var deaths = 0;
        while (await LiveAsync() != 0)
        {
            deaths++.Should().BeLessThan(60, "parking bounds the deaths");
        }

        output.WriteLine($"{poison} poison jobs among {healthy} healthy ones: parked after {deaths} deaths, all healthy ones completed");
        var jobs = (await scene.JobsAsync()).Where(job => job.Creation.FlowId == "poison").ToList();
        jobs.Should().HaveCount(poison).And.OnlyContain(job => job.Head.Status == JobStatus.Failed && job.Head.Data!.Reason == "poison" && job.Head.Data.Message!.Contains("bite"));
        var judge = await Judge.HearAsync(scene);
        judge.Objections.Should().BeEmpty();
        judge.Jobs.Should().Be(flows.Length);

        // Few slots and strikes, since from the second strike on each death doubles the wait for the next try (G4).
        Task<int> LiveAsync() => scene.Start(plan => plan with { Starts = flows.Length, Flows = flows, InFlight = 1000, Slots = 4, MaxStrikes = Rounds.Of(few: 2, many: 5), Key = "the" }).ExitAsync();
    }

    [Fact]
    public async Task Rows_OfRandomBytes_ParkTheirJobAndHarmNoOther()
    {
        await using var scene = await Scene.OpenAsync();
        var random = new Random(Rounds.Seed());
        var victim = scene.Start(plan => plan with { Starts = 40, InFlight = 40, StepMilliseconds = 300, Flows = ["chain", "diamond"] });
        await scene.LineAsync(line => line.Kind == LedgerLine.Accepted && line.Number == 39);
        await victim.KillAsync();
        string[] columns = ["options", "input", "data"];
        var damaged = Rounds.Of(few: 6, many: 30);
        for (var i = 0; i < damaged; i++)
        {
            var bytes = new byte[random.Next(1, 60)];
            random.NextBytes(bytes);
            scene.Sql($"update jobs set {columns[i % 3]} = cast(x'{Convert.ToHexString(bytes)}' as text) where id = (select id from jobs where status < 4 order by id limit 1 offset {i})").Should().Be(1);
        }

        await scene.FinishAsync();

        var unreadable = scene.Count("select count(*) from jobs where status = 6");
        var completed = scene.Count("select count(*) from jobs where status = 4");
        output.WriteLine($"{damaged} of 40 jobs damaged: {unreadable} parked, {completed} completed");
        unreadable.Should().Be(damaged);
        completed.Should().Be(40 - damaged);
    }

    [Fact]
    public async Task Lease_WithEveryThreadBlocked_DoesNotExpire()
    {
        await using var scene = await Scene.OpenAsync();
        var victim = Block(scene, Rounds.Of(few: 3000, many: 20_000), defect: null);
        (await victim.ExitAsync()).Should().Be(0, await victim.ErrorsAsync());

        var jobs = await scene.JobsAsync();
        output.WriteLine($"200 bodies that block their thread for three leases and more: {jobs.Count(job => job.Epoch > 1)} leases lost");
        jobs.Should().HaveCount(200).And.OnlyContain(job => job.Head.Status == JobStatus.Completed && job.Epoch == 1);
    }

    [Fact]
    public async Task Lease_RenewedByTheBlockedThreadsInstead_Expires()
    {
        await using var scene = await Scene.OpenAsync();
        var again = scene.LineAsync(line => line.Kind == LedgerLine.Effect && line.Epoch > 1);
        Block(scene, 10_000, Defects.BeatsOnThePool);

        (await again).Path.Should().Be("a", "another life took the job over");
    }

    private static Victim Block(Scene scene, int milliseconds, string? defect)
        => scene.Start(plan => plan with { Starts = 200, InFlight = 200, Slots = 200, Flows = ["block"], Inputs = [milliseconds], LeaseMilliseconds = 1000, Defect = defect });
}
