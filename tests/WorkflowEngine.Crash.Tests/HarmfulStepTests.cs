namespace WorkflowEngine.Crash.Tests;

/// <summary>Steps that harm their host in a real process: huge outputs (L4), very many steps (L5), bodies that ignore their token (L6).</summary>
public sealed class HarmfulStepTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Body_ThatIgnoresItsToken_LosesItsSlotAndHarmsNoOther()
    {
        await using var scene = await Scene.OpenAsync();
        var healthy = Rounds.Of(few: 40, many: 400);
        var victim = scene.Start(plan => plan with
        {
            Starts = 4 + healthy,
            Flows = ["spin", "sleep", "sleep", "sleep", .. Enumerable.Repeat("chain", healthy)],
            InFlight = 1000,
            Slots = 4,
            CancellationGraceMilliseconds = 100,
        });
        (await victim.ExitAsync()).Should().Be(0, "threads that never end do not keep the process: " + await victim.ErrorsAsync());

        var judge = await Judge.HearAsync(scene);
        output.WriteLine($"4 bodies that never end in 4 slots, {healthy} healthy jobs: all ended");
        judge.Objections.Should().BeEmpty();
        var harmful = (await scene.JobsAsync()).Where(job => HarmfulFlows.IsOne(job.Creation.FlowId)).ToList();
        harmful.Should().HaveCount(4).And.OnlyContain(job => job.Head.Status == JobStatus.Failed && job.Steps[0].Detail!.Error!.Reason == "timeout");
    }

    [Fact]
    public async Task Output_OfAnySize_CostsBoundedMemoryAndASmallRow()
    {
        await using var scene = await Scene.OpenAsync();
        int[] kilobytes = [1, 4, 64, 1024, 16 * 1024, 63 * 1024, 65 * 1024, Rounds.Of(few: 128 * 1024, many: 1024 * 1024)];
        var victim = scene.Start(plan => plan with { Starts = kilobytes.Length, Flows = ["huge"], Inputs = kilobytes, InFlight = 1, Stays = true });
        await scene.SignAsync(victim, "drained");
        var peak = victim.PeakMemory / (1024 * 1024);
        victim.Terminate();
        (await victim.ExitAsync()).Should().Be(0, await victim.ErrorsAsync());

        var row = scene.Count("select max(length(output)) from steps");
        output.WriteLine($"outputs of 1 KiB to {kilobytes[^1] / 1024} MiB: peak {peak} MiB of memory, largest row {row} bytes");
        var jobs = (await scene.JobsAsync()).Reverse().ToList();
        jobs.Take(6).Should().OnlyContain(job => job.Head.Status == JobStatus.Completed);
        jobs.Skip(6).Should().HaveCount(2).And.OnlyContain(job => job.Head.Status == JobStatus.Failed && job.Head.Data!.Reason == "packet_too_large");
        row.Should().BeLessThan(8 * 1024);
        peak.Should().BeLessThan(1000, "a packet of 64 MB may be in memory several times, one of 1 GB never");
    }

    [Fact]
    public async Task Flow_OfVeryManySteps_IsResumedInItsMiddle()
    {
        await using var scene = await Scene.OpenAsync();
        var steps = Rounds.Of(few: 2000, many: 100_000);
        var victim = scene.Start(plan => plan with { Starts = 2, Flows = ["tower", "ladder"], LargeFlowSteps = steps });
        await scene.LineAsync(line => line.Kind == LedgerLine.Accepted && line.Number == 1);
        await Task.Delay(TimeSpan.FromMilliseconds(Rounds.Of(few: 200, many: 5000)), TimeProvider.System);
        await victim.KillAsync();
        var done = scene.Count("select count(*) from steps where status = 4");
        var last = scene.Start(plan => plan with { Flows = ["tower", "ladder"], LargeFlowSteps = steps, Stays = true });
        await scene.SignAsync(last, "drained");
        var peak = last.PeakMemory / (1024 * 1024);
        last.Terminate();
        (await last.ExitAsync()).Should().Be(0, await last.ErrorsAsync());

        output.WriteLine($"a chain and a ladder of {steps} steps each, killed after {done} steps: both completed, peak {peak} MiB");
        var jobs = await scene.JobsAsync();
        jobs.Should().HaveCount(2).And.OnlyContain(job => job.Head.Status == JobStatus.Completed && job.Steps.Count == steps);
    }
}
