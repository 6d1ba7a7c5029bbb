using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Testing;

/// <summary>A host that loses its engine goes on with a new one, as after kill -9: over the same jobs, at the same time, with services made anew.</summary>
public sealed class CrashTests
{
    private readonly List<string> _ran = [];

    public static TheoryData<CrashPoint, int, string> Points => new()
    {
        // Commits: 1 the start, then one per end of a step.
        { CrashPoint.BeforeCommit, 2, "a a b c" },
        { CrashPoint.AfterCommit, 2, "a b c" },
        { CrashPoint.BeforeCommit, 4, "a b c c" },
        { CrashPoint.AfterCommit, 4, "a b c" },
        { CrashPoint.BeforeBody, 2, "a b c" },
        { CrashPoint.AfterBody, 2, "a b b c" },
        { CrashPoint.BeforeClaim, 1, "a b c" },
        { CrashPoint.AfterClaim, 1, "a b c" },
        { CrashPoint.DuringPacketWrite, 1, "a b b c" },
    };

    [Theory, MemberData(nameof(Points))]
    public async Task RunToEnd_WithACrash_RunsAgainOnlyWhatWasNotCommitted(CrashPoint point, int occurrence, string bodies)
    {
        await using var host = await FlowTestHost.StartAsync(AddChain);
        var job = await host.StartAsync("chain", "in");
        host.CrashAt(point, point is CrashPoint.BeforeCommit or CrashPoint.AfterCommit ? occurrence - 1 : occurrence);

        var result = await host.RunToEndAsync(job);

        result.Status.Should().Be(JobStatus.Completed);
        string.Join(' ', _ran).Should().Be(bodies);
        (await job.GetStatusAsync()).Steps.Should().OnlyContain(step => step.Status == StepStatus.Completed && step.Attempts == 1, "a death is no attempt");
        (await host.EventsAsync(job)).Select(happened => happened.Sequence).Should().Equal(Enumerable.Range(1, (await host.EventsAsync(job)).Count).Select(number => (long)number));
    }

    [Fact]
    public async Task Crash_RaisesTheEpochAndKeepsTheIdempotencyKey()
    {
        var calls = new List<(int Epoch, int Attempt, string Key)>();
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("note", payload =>
            {
                calls.Add((payload.Epoch, payload.Attempt, payload.IdempotencyKey));
                return payload.Data;
            })
            .AddFlow("one", flow => flow.Start("a", "note")));
        host.CrashAt(CrashPoint.AfterBody);

        await host.RunAsync("one", 1);

        calls.Should().HaveCount(2);
        (calls[1].Epoch, calls[1].Attempt, calls[1].Key).Should().Be((calls[0].Epoch + 1, calls[0].Attempt, calls[0].Key));
    }

    [Fact]
    public async Task Crash_WhileAWaitIsOn_KeepsItsTime()
    {
        var start = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("flaky", payload => payload.Attempt < 3 ? StepResult.Fail("busy", "later") : StepResult.Completed(payload.Data))
            .AddFlow("retry", flow => flow.Start("a", "flaky", step => step.Retry(3, TimeSpan.FromHours(1)))));
        var job = await host.StartAsync("retry", 1);
        await host.AdvanceAsync(TimeSpan.FromMinutes(30));

        await host.CrashAsync();
        await host.RunToEndAsync(job);

        (await job.GetStatusAsync()).Metrics.CompletedAt.Should().Be(start.AddHours(2));
    }

    [Fact]
    public async Task Crash_WhileABodyWaits_EndsThatBodyForGood()
    {
        var wentOn = 0;
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("nap", async (payload, cancellationToken) =>
            {
                await Task.Delay(TimeSpan.FromHours(1), payload.Services.GetRequiredService<TimeProvider>(), cancellationToken);
                wentOn++;
                return StepResult.Completed(payload.Data);
            })
            .AddFlow("nap", flow => flow.Start("a", "nap")));
        var job = await host.StartAsync("nap", 1);
        await host.AdvanceAsync(TimeSpan.FromMinutes(30));

        await host.CrashAsync();
        await host.RunToEndAsync(job);

        wentOn.Should().Be(1, "the first body died half an hour before its time");
        (await job.GetStatusAsync()).Metrics.Duration.Should().Be(TimeSpan.FromMinutes(90));
    }

    [Fact]
    public async Task Crash_MakesServicesAnewAndKeepsFakesAndHandles()
    {
        var made = 0;
        await using var host = await FlowTestHost.StartAsync(engine =>
        {
            engine.Services.AddSingleton<object>(_ => ++made);
            engine.AddStep("use", payload => payload.Data.Prepend((int)payload.Services.GetRequiredService<object>()))
                .AddStep("charge", _ => StepResult.Fail("real", "no real money in tests"))
                .AddFlow("two", flow => flow.Start("a", "use").Then("b", "charge"));
        });
        var fake = host.Fake("charge", payload => payload.Data);
        host.CrashAt(CrashPoint.BeforeBody, 2);

        var job = await host.StartAsync("two");
        var before = host.Engine;
        var result = await host.RunToEndAsync(job);

        result.Output.Get<int>().Should().Be(1);
        made.Should().Be(1, "only the first engine used the service");
        (await host.RunAsync("two")).Output.Get<int>().Should().Be(2);
        fake.Calls.Should().HaveCount(2);
        host.Engine.Should().NotBeSameAs(before);
        await job.ShouldBeAsync(JobStatus.Completed);
    }

    [Fact]
    public async Task Start_ThatMeetsTheCrash_ThrowsAndCanBeMadeAgain()
    {
        await using var host = await FlowTestHost.StartAsync(AddChain);
        host.CrashAt(CrashPoint.AfterCommit);

        var start = () => host.StartAsync("chain", "in", new JobOptions { Key = "k" });
        await start.Should().ThrowAsync<StoreException>();
        var job = await start();

        job.AlreadyExisted.Should().BeTrue("the commit was durable before the crash");
        (await host.RunToEndAsync(job)).Status.Should().Be(JobStatus.Completed);
    }

    [Fact]
    public async Task DeadEngine_ReachesNeitherStoreNorPackets()
    {
        await using var host = await FlowTestHost.StartAsync(AddChain);
        var job = await host.StartAsync("chain", "in");
        var dead = host.Engine.GetJob(job.Id);
        await host.CrashAsync();

        await dead.Invoking(handle => handle.CancelAsync()).Should().ThrowAsync<StoreException>();

        (await host.RunToEndAsync(job)).Status.Should().Be(JobStatus.Completed);
    }

    /// <summary>b is large: its output goes to the packet store.</summary>
    private void AddChain(IWorkflowEngineBuilder engine) => engine
        .AddStep("note", payload =>
        {
            _ran.Add(payload.StepId);
            return payload.StepId == "b" ? payload.Data.Prepend(new string('b', 20_000)) : payload.Data.Prepend(payload.StepId);
        })
        .AddFlow("chain", flow => flow.Start("a", "note").Then("b", "note").Then("c", "note", step => step.With("skip", "nothing")));
}
