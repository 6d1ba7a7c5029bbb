using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Unlucky moments: a store that throws, mail between a claim and its runner, a late result within its slot's time.</summary>
public sealed class FaultTests : IAsyncDisposable
{
    private readonly Probe _probe = new();
    private readonly FaultStore _store = new(new InMemoryStore(TimeProvider.System));

    [Fact]
    public async Task Store_ThatThrowsInACommit_CostsTheJobOneMoreClaimAndNoMore()
    {
        var thrown = 0;
        await using var host = await ChainAsync();
        _store.Before = call => call.Member == StoreMember.Commit && call.Transitions.Span[0].Creation is null && Interlocked.Increment(ref thrown) == 1
            ? throw new StoreException("gone for a moment", isTransient: true)
            : default;

        var job = await host.Engine.StartAsync("chain");
        var other = await host.Engine.StartAsync("chain");

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (await other.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        host.Log.Lines.Should().Contain(line => line.Contains("gone for a moment", StringComparison.Ordinal));
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task Store_ThatThrowsInACreation_TellsTheStarterAndHoldsNothing()
    {
        await using var host = await ChainAsync();
        _store.Faults.Add(new Fault { Member = StoreMember.Commit, Times = int.MaxValue, IsTransient = false });

        await host.Engine.Invoking(engine => engine.StartAsync("chain")).Should().ThrowAsync<StoreException>();
        await host.Engine.Invoking(engine => engine.RunAsync("chain")).Should().ThrowAsync<StoreException>();

        (_probe.Total, (await host.Engine.CountJobsAsync()).Total).Should().Be((0, 0));
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task Store_ThatRefusesTheFirstSignOfLife_FailsTheStartAndNotTheDisposal()
    {
        _store.Faults.Add(new Fault { Member = StoreMember.Renew, Times = int.MaxValue });
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddWorkflowEngine().UseStore(_ => _store);
        var host = builder.Build();

        await host.Invoking(started => started.StartAsync()).Should().ThrowAsync<StoreException>();

        host.Invoking(disposed => disposed.Dispose()).Should().NotThrow();
        _store.Faults.CountOf(StoreMember.Renew).Should().Be(1, "who never came says no farewell");
    }

    [Fact]
    public async Task Store_ThatRefusesAClaimAndCancelsAnother_IsAskedAgain()
    {
        var claims = 0;
        _store.Before = call => call.Member != StoreMember.Claim ? default : Interlocked.Increment(ref claims) switch
        {
            1 => throw new StoreException("not now", isTransient: true),
            2 => throw new OperationCanceledException("a driver's own time limit"),
            _ => default,
        };
        await using var host = await ChainAsync();

        var job = await host.Engine.StartAsync("chain", options: new JobOptions { StartAfter = DateTimeOffset.UtcNow });

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
    }

    [Fact]
    public async Task Control_SentBetweenAClaimAndItsRunner_IsAppliedAndAnswered()
    {
        var sent = 0;
        Task cancel = Task.CompletedTask;
        JobHandle? job = null;
        _probe.Hold("a");
        await using var host = await ChainAsync();
        _store.After = async call =>
        {
            if (call is { Member: StoreMember.Claim, Jobs.Count: > 0 } && Interlocked.Exchange(ref sent, 1) == 0)
            {
                cancel = host.Engine.GetJob(call.Jobs[0]).CancelAsync();
                while ((await _store.Inner.LoadAsync(call.Jobs[0], JobParts.Mail, default))!.Mail.Count == 0)
                {
                    await Task.Yield();
                }
            }
        };

        job = await host.Engine.StartAsync("chain", options: new JobOptions { StartAfter = DateTimeOffset.UtcNow });

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Cancelled);
        await cancel.Soon();
        sent.Should().Be(1);
    }

    [Fact]
    public async Task LateResult_WithinItsSlotsTime_LeavesTheJobItsSlots()
    {
        TestHost? host = null;
        host = await TestHost.StartAsync(
            engine => engine
                .AddStep("late", (payload, cancellationToken) =>
                {
                    if (payload.Attempt == 1)
                    {
                        SpinWait.SpinUntil(() => host!.Log.Lines.Any(line => line.Contains("given up", StringComparison.Ordinal)), TimeSpan.FromSeconds(10));
                    }

                    return StepResult.Completed();
                })
                .AddFlow("late", flow => flow.Start("a", "late", step => step.Timeout(TimeSpan.FromMilliseconds(2)).Retry(2, TimeSpan.FromMilliseconds(100))).Then("b", "late")),
            options => options.StepCancellationGrace = TimeSpan.FromMilliseconds(1));
        await using (host)
        {
            var result = await host.Engine.RunAsync("late").Soon();

            result.Status.IsTerminal().Should().BeTrue();
            await host.NothingIsHeldAsync();
        }
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private Task<TestHost> ChainAsync() => TestHost.StartAsync(
        engine => _probe.AddTo(engine.UseStore(_ => _store)).AddFlow("chain", flow => flow.Start("a", "probe").Then("b", "probe").Then("c", "probe")),
        options => options.PollInterval = TimeSpan.FromMilliseconds(200));
}
