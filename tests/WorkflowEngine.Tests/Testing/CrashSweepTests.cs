using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Testing;

/// <summary>Every commit of a flow as a place to crash; and that the sweep notices stores and flows that do not survive it.</summary>
public sealed class CrashSweepTests
{
    [Fact]
    public async Task CrashAtEveryCommit_OfAFlowWithEverything_EndsTheSameEachTime()
    {
        var charged = new HashSet<string>(StringComparer.Ordinal);

        var crashes = await FlowTestHost.CrashAtEveryCommitAsync(
            engine => engine
                .AddStep("note", payload => payload.Data.Prepend(payload.StepId))
                .AddStep("flaky", payload => payload.Attempt < 3 ? StepResult.Fail("busy", "later") : StepResult.Completed(payload.Data))
                .AddStep("again", payload => payload.GetState<int>() is var legs && legs < 2 ? StepResult.RunAgain(TimeSpan.FromMinutes(5), legs + 1) : StepResult.Completed(payload.Data.Prepend(legs)))
                .AddStep("fails", _ => StepResult.Fail("broken", "always", retryable: false))
                .AddStep("charge", payload =>
                {
                    charged.Add(payload.IdempotencyKey);
                    return payload.Data.Prepend(new string('x', 20_000));
                })
                .AddFlow("order", flow => flow
                    .Start("a", "note")
                    .Step("b", "flaky", after: ["a"], step => step.Retry(3, TimeSpan.FromHours(1)))
                    .Step("c", "again", after: ["a"])
                    .Step("d", "fails", after: ["a"], step => step.OnError("e", "note"))
                    .Step("pay", "charge", after: ["b", "c"])
                    .Step("end", "note", after: ["pay"])),
            "order",
            new { Amount = 3 },
            result =>
            {
                result.EnsureSucceeded();
                charged.Should().ContainSingle("the key is the same before and after a crash");
                charged.Clear();
            });

        crashes.Should().BeGreaterThan(20);
    }

    [Fact]
    public async Task CrashAtEveryCommit_OfAFlowThatWaitsForASignal_IsDrivenAgain()
    {
        var crashes = await FlowTestHost.CrashAtEveryCommitAsync(
            engine => engine
                .AddStep("ask", payload => payload.Signal is { } signal ? StepResult.Completed(DataPacket.Of(signal)) : StepResult.Wait("approved"))
                .AddFlow("approval", flow => flow.Start("a", "noop").Then("b", "ask").Then("c", "noop")),
            "approval",
            input: null,
            result => result.Output.Get<string>().Should().Be("yes"),
            async (host, job) =>
            {
                await host.RunUntilIdleAsync();
                if ((await job.GetStatusAsync()).Status == JobStatus.Waiting)
                {
                    await job.SignalAsync("approved", "yes", new SignalOptions { DedupeKey = "once" });
                }
            });

        crashes.Should().BeGreaterThan(8);
    }

    [Fact]
    public async Task CrashAtEveryCommit_OverAStoreThatLosesWhatItAcknowledged_Fails()
    {
        var store = default(FaultStore);
        var sweep = () => FlowTestHost.CrashAtEveryCommitAsync(
            engine => AddChain(engine).UseStore(services =>
            {
                store = new FaultStore(new InMemoryStore(EngineComposition.TimeOf(services)));
                store.Before = call =>
                {
                    call.IsSwallowed = call.Member == StoreMember.Commit && call.Transitions.Span[0].Head.Version == 3;
                    return default;
                };
                return store;
            }),
            "chain",
            1,
            _ => { });

        await sweep.Should().ThrowAsync<Exception>();
    }

    [Fact]
    public async Task CrashAtEveryCommit_OfAFlowWhoseResultDependsOnTheCrash_NamesEachFailingPoint()
    {
        var runs = 0;
        var sweep = () => FlowTestHost.CrashAtEveryCommitAsync(
            engine => engine
                .AddStep("count", payload => payload.Data.Prepend(++runs))
                .AddFlow("one", flow => flow.Start("a", "count")),
            "one",
            "in",
            _ => runs = 0);

        (await sweep.Should().ThrowAsync<FlowAssertionException>()).Which.Message.Should()
            .Contain("does not survive 1 of 4 crashes").And.Contain("a crash before commit 2 of 2").And.Contain("step.completed", "the events are shown");
    }

    [Fact]
    public async Task CrashAtEveryCommit_WhoseAssertThrows_SaysWhereAndWhy()
    {
        var sweep = () => FlowTestHost.CrashAtEveryCommitAsync(engine => AddChain(engine), "chain", 1, _ => throw new InvalidOperationException("not good enough"));

        (await sweep.Should().ThrowAsync<FlowAssertionException>()).Which.Message.Should().Contain("not good enough");
    }

    private static IWorkflowEngineBuilder AddChain(IWorkflowEngineBuilder engine) => engine
        .AddStep("note", payload => payload.Data.Prepend(payload.StepId))
        .AddFlow("chain", flow => flow.Start("a", "note").Then("b", "note").Then("c", "note"));
}
