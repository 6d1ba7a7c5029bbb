using Microsoft.Extensions.DependencyInjection;
namespace WorkflowEngine.Tests.Engine.Recovery;

/// <summary>Jobs that kill their process, and those that run beside them (G4).</summary>
public sealed class PoisonTests
{
    private int _deaths;

    [Fact]
    public async Task Poison_Alone_IsParkedAfterMaxStrikesWithItsStepNamed()
    {
        await using var host = await StartAsync();
        var job = await host.StartAsync("deadly");

        var result = await host.RunToEndAsync(job);

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.Poison));
        result.Message.Should().Contain("'kill'").And.Contain("died 5 times");
        _deaths.Should().Be(6, "the first death changes nothing, not even that the next start is durable before its body; five more are taken alone");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Poison_AmongFiftyHealthyJobs_IsParkedAndTheOthersComplete(int seed)
    {
        var random = new Random(seed);
        await using var host = await StartAsync();
        var healthy = new List<JobHandle>();
        JobHandle? poison = null;
        var place = random.Next(50);
        for (var i = 0; i < 50; i++)
        {
            healthy.Add(await host.StartAsync("healthy", new { Seconds = random.Next(1, 20) }));
            poison = i == place ? await host.StartAsync("deadly") : poison;
        }

        (await host.RunToEndAsync(poison!)).Reason.Should().Be(Reasons.Poison);

        foreach (var job in healthy)
        {
            (await host.RunToEndAsync(job)).Status.Should().Be(JobStatus.Completed, "seed {0}", seed);
        }

        _deaths.Should().BeLessThanOrEqualTo(14, "company is halved with every death, and alone there are five");
    }

    [Fact]
    public async Task Poison_ParkedAndRetried_RunsAgainWithoutStrikes()
    {
        await using var host = await StartAsync();
        var job = await host.StartAsync("deadly");
        await host.RunToEndAsync(job);
        host.Fake("kill", _ => StepResult.Completed());

        var retry = host.Engine.GetJob(job.Id).RetryAsync();
        await host.RunUntilIdleAsync();
        await retry;
        var report = await host.Engine.GetJob(job.Id).GetStatusAsync();

        (report.Status, report.Strikes, report.Attempt).Should().Be((JobStatus.Completed, 0, 2));
    }

    [Fact]
    public async Task Strikes_AfterACommittedOutcome_AreGone()
    {
        await using var host = await StartAsync();
        var job = await host.StartAsync("healthy", new { Seconds = 60 });
        await host.AdvanceAsync(TimeSpan.FromSeconds(1));
        await host.CrashAsync();
        await host.AdvanceAsync(TimeSpan.FromSeconds(1));
        (await host.Engine.GetJob(job.Id).GetStatusAsync()).Strikes.Should().Be(1);

        await host.AdvanceAsync(TimeSpan.FromSeconds(62));

        (await host.Engine.GetJob(job.Id).GetStatusAsync()).Strikes.Should().Be(0);
    }

    /// <summary>Whichever of the commits of a struck job fails, also that of its start, which comes before the body.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Commit_OfAStruckJobThatFails_CostsOneMoreClaimAndNoMore(int call)
    {
        await using var host = await StartAsync();
        var job = await host.StartAsync("healthy", new { Seconds = 60 });
        await host.AdvanceAsync(TimeSpan.FromSeconds(1));
        await host.CrashAsync();
        host.Faults.Add(new Fault { Member = StoreMember.Commit, Call = call });

        (await host.RunToEndAsync(job).WaitAsync(TimeSpan.FromSeconds(20))).Status.Should().Be(JobStatus.Completed);
    }

    [Fact]
    public async Task Explain_OfAHeldBackJob_SaysWhyAndUntilWhen()
    {
        await using var host = await StartAsync();
        var job = await host.StartAsync("healthy", new { Seconds = 60 });
        for (var death = 0; death < 3; death++)
        {
            await host.AdvanceAsync(TimeSpan.FromSeconds(3));
            await host.CrashAsync();
        }

        await host.RunUntilIdleAsync();
        var explanation = await host.Engine.GetJob(job.Id).ExplainAsync();

        explanation.Sentence.Should().Contain("held back").And.Contain("3 processes died");
        explanation.Facts.Should().Contain(fact => fact.StartsWith("strikes: 3", StringComparison.Ordinal));
    }

    /// <summary>A held back job still takes its commands at once.</summary>
    [Fact]
    public async Task Cancel_OfAHeldBackJob_IsApplied()
    {
        await using var host = await StartAsync();
        var job = await host.StartAsync("healthy", new { Seconds = 60 });
        for (var death = 0; death < 4; death++)
        {
            await host.AdvanceAsync(TimeSpan.FromSeconds(5));
            await host.CrashAsync();
        }

        await host.RunUntilIdleAsync();
        var cancel = host.Engine.GetJob(job.Id).CancelAsync();
        await host.RunUntilIdleAsync();
        await cancel;

        (await host.Engine.GetJob(job.Id).GetStatusAsync()).Status.Should().Be(JobStatus.Cancelled);
    }

    private async Task<FlowTestHost> StartAsync()
    {
        FlowTestHost? host = null;
        host = await FlowTestHost.StartAsync(
            engine => engine
                .AddStep("kill", (payload, _) =>
                {
                    _deaths++;
                    host!.CrashAt(CrashPoint.AfterBody);
                    return StepResult.Completed();
                })
                .AddStep("work", async (payload, cancellationToken) =>
                {
                    await Task.Delay(TimeSpan.FromSeconds(payload.Data.Get<Work>()!.Seconds), host!.Time, cancellationToken);
                    return StepResult.Completed(payload.Data);
                })
                .AddFlow("deadly", flow => flow.Start("kill", "kill"))
                .AddFlow("healthy", flow => flow.Start("a", "work").Then("b", "work")));
        return host;
    }

    internal sealed record Work(int Seconds);
}
