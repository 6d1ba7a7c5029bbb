using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Content that a store cannot keep is its maker's failure, said by name, and nobody else's (G3).</summary>
public sealed class RefusedContentTests : IAsyncDisposable
{
    private static readonly InMemoryStore Memory = new(TimeProvider.System);

    private readonly FaultStore _store = new(new InMemoryStore(TimeProvider.System)) { Traits = Memory.Traits with { IsSynchronous = false } };

    [Theory]
    [InlineData("output")]
    [InlineData("variable")]
    [InlineData("state")]
    public async Task Commit_RefusedForWhatAStepMade_FailsThatStepByName(string where)
    {
        await using var host = await HostAsync(where);

        var jobs = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => host.Engine.StartAsync(number == 7 ? "bad" : "good")));
        var results = await Task.WhenAll(jobs.Select(job => job.WaitAsync())).Soon();

        results.Where((_, number) => number != 7).Should().OnlyContain(result => result.Status == JobStatus.Completed, "neighbours are not concerned");
        (results[7].Status, results[7].Reason).Should().Be((JobStatus.Failed, Reasons.ResultNotStorable));
        var report = await jobs[7].GetStatusAsync();
        (report["before"].Status, report["made"].Status, report["made"].Attempts).Should().Be((StepStatus.Completed, StepStatus.Failed, 1));
        report["made"].Error.Should().Match<StepError>(error => error.Reason == Reasons.ResultNotStorable && !error.Retryable && error.Message.Contains("'made'") && error.Message.Contains("too odd"));
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task Commit_RefusedForAStepWithAnErrorEdge_TakesThatEdge()
    {
        await using var host = await HostAsync("output");

        (await (await host.Engine.StartAsync("repaired")).WaitAsync().Soon()).Output.Get<string>().Should().Be("fine");
    }

    [Fact]
    public async Task Commit_RefusedTwiceInARow_FailsTheJob()
    {
        await using var host = await HostAsync("output", refusesAlso: row => row.Path == "made" && row.Status == StepStatus.Failed);

        var result = await (await host.Engine.StartAsync("bad")).WaitAsync().Soon();

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.ResultNotStorable));
        (await host.Engine.RunAsync("good").Soon()).Status.Should().Be(JobStatus.Completed);
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task Commit_RefusedForWhatACommandBrings_RefusesTheCommandAndTheJobGoesOn()
    {
        await using var host = await HostAsync("output");
        var job = await host.Engine.StartAsync("waits");
        await job.WaitAsync(JobWait.Idle).Soon();

        await job.Invoking(waiting => waiting.SetVariableAsync("v", "unstorable").Soon()).Should().ThrowAsync<InvalidTransitionException>().WithMessage("*cannot keep*");

        await job.SignalAsync("go", 1).Soon();
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private Task<TestHost> HostAsync(string where, Func<StepRow, bool>? refusesAlso = null)
    {
        _store.Before = call =>
        {
            foreach (var transition in call.Transitions.Span)
            {
                foreach (var row in transition.Steps)
                {
                    if (IsOdd(StoredForm.Write(row.Output)) || IsOdd(StoredForm.Write(row.Detail)) || refusesAlso?.Invoke(row) == true)
                    {
                        throw new StoreException("too odd", isTransient: false);
                    }
                }

                if (IsOdd(StoredForm.Write(transition.Head.Data)))
                {
                    throw new StoreException("too odd", isTransient: false);
                }
            }

            return default;
        };
        return TestHost.StartAsync(engine => engine
            .AddStep("work", (_, _) => StepResult.Completed(DataPacket.Of("fine")))
            .AddStep("wait", (payload, _) => payload.Signal is null ? StepResult.Wait("go") : StepResult.Completed(DataPacket.Of("fine")))
            .AddStep("odd", (payload, _) =>
            {
                if (where == "variable")
                {
                    payload.SetVariable("v", "unstorable");
                }

                return where == "state" ? StepResult.RunAgain(TimeSpan.Zero, "unstorable") : StepResult.Completed(DataPacket.Of(where == "output" ? "unstorable" : "fine"));
            })
            .AddFlow("good", flow => flow.Start("before", "work").Then("after", "work"))
            .AddFlow("waits", flow => flow.Start("before", "wait"))
            .AddFlow("bad", flow => flow.Start("before", "work").Then("made", "odd").Then("after", "work"))
            .AddFlow("repaired", flow => flow.Start("made", "odd", step => step.OnError("repair", "work")))
            .UseStore(_ => _store));
    }

    /// <summary>The message that names what was odd is fine itself.</summary>
    private static bool IsOdd(string? text) => text?.Contains("unstorable", StringComparison.Ordinal) == true;
}
