using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Client;

/// <summary>A job from its start to each of its ends, as a host sees it.</summary>
public sealed class JobLifeTests
{
    [Theory]
    [InlineData("good", JobStatus.Completed, "job.created job.started job.completed", "step.queued step.started step.completed")]
    [InlineData("none", JobStatus.CompletedNoItems, "job.created job.started job.completed", "step.queued step.started step.completed")]
    [InlineData("bad", JobStatus.Failed, "job.created job.started job.failed", "step.queued step.started step.failed")]
    [InlineData("paused", JobStatus.Completed, "job.created job.paused job.resumed job.started job.completed", "step.queued step.started step.completed")]
    [InlineData("cancelled", JobStatus.Cancelled, "job.created job.paused job.cancelled", "step.queued step.cancelled")]
    public async Task Job_UntilItsEnd_AnnouncesEveryChangeOnce(string life, JobStatus end, string ofJob, string ofStep)
    {
        await using var host = await StartAsync();
        var isPaused = life is "paused" or "cancelled";
        var job = await host.Engine.StartAsync(isPaused ? "good" : life, options: new JobOptions { StartPaused = isPaused, Trigger = "by hand" });
        await (life switch { "paused" => job.ResumeAsync(), "cancelled" => job.CancelAsync(), _ => Task.CompletedTask }).Soon();

        var result = await job.WaitAsync().Soon();

        (result.Status, result.Succeeded).Should().Be((end, end is JobStatus.Completed or JobStatus.CompletedNoItems));
        var events = await job.EventsAsync();
        Types("job.").Should().BeEquivalentTo(ofJob.Split(' '));
        Types("step.").Should().Equal(ofStep.Split(' '));
        Types("job.")[^1].Should().Be(ofJob.Split(' ')[^1]);
        events[^1].To.Should().Be(end.ToWord());
        events[0].Data!.Value.GetProperty("trigger").GetString().Should().Be("by hand");

        List<string> Types(string prefix) => [.. events.Select(happened => happened.Type).Where(type => type.StartsWith(prefix, StringComparison.Ordinal))];
    }

    [Fact]
    public async Task Start_OfABodyThatBlocksItsThread_ReturnsAPendingOrRunningJobAtOnce()
    {
        using var gate = new ManualResetEventSlim();
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("block", (_, _) =>
            {
                gate.Wait(TimeSpan.FromSeconds(20), CancellationToken.None);
                return StepResult.Completed();
            })
            .AddFlow("block", flow => flow.Start("a", "block")));

        var job = await host.Engine.StartAsync("block").Soon();

        var status = await job.GetStatusAsync();
        status.Status.Should().BeOneOf(JobStatus.Pending, JobStatus.Running);
        (status.Progress.Percentage, status.Progress.Completed, status.Progress.Total, status.Metrics.CompletedAt).Should().Be((0, 0, 1, null));
        gate.IsSet.Should().BeFalse();
        gate.Set();
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        var metrics = (await job.GetStatusAsync()).Metrics;
        metrics.Duration.Should().Be(metrics.CompletedAt - metrics.StartedAt).And.BeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public async Task Step_ThatThrows_IsLoggedWithJobStepReasonAndTrace()
    {
        await using var host = await StartAsync();

        var result = await host.Engine.RunAsync("bad").Soon();

        result.Reason.Should().Be(Reasons.StepExecutionFailure);
        host.Log.Lines.Should().Contain(line => line.Contains(result.Id.ToString(), StringComparison.Ordinal) && line.Contains("'a'", StringComparison.Ordinal)
            && line.Contains("step_execution_failure", StringComparison.Ordinal) && line.Contains("kaboom", StringComparison.Ordinal) && line.Contains(" at WorkflowEngine.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Failure_OfEveryKind_IsAWorkflowExceptionWithItsFacts()
    {
        await using var host = await StartAsync();

        var failed = await host.Engine.Invoking(async engine => (await engine.RunAsync("bad").Soon()).EnsureSucceeded()).Should().ThrowAsync<JobFailedException>();
        (failed.Which.Status, failed.Which.Reason).Should().Be((JobStatus.Failed, Reasons.StepExecutionFailure));
        failed.Which.Message.Should().Contain("kaboom");
        var caught = new List<WorkflowException>
        {
            failed.Which,
            (await host.Engine.Invoking(engine => engine.Flows.AddAsync(new FlowDefinition { Id = "x", Steps = [new StepDefinition { Id = "a", Type = "godo" }] })).Should().ThrowAsync<FlowValidationException>()).Which,
            (await host.Engine.Invoking(engine => engine.StartAsync("nowhere")).Should().ThrowAsync<FlowNotFoundException>()).Which,
            (await host.Engine.Invoking(engine => engine.GetJob(JobId.New(DateTimeOffset.UnixEpoch)).GetStatusAsync()).Should().ThrowAsync<JobNotFoundException>()).Which,
            FluentActions.Invoking(() => DataPacket.Parse("{")).Should().Throw<DataPacketException>().Which,
        };

        caught.Should().OnlyContain(error => error.Message.Length > 10);
    }

    [Fact]
    public async Task Commits_OfAChain_AreAtMostOnePerStepAndTwo()
    {
        var store = new InMemoryStore(TimeProvider.System);
        await using var host = await TestHost.StartAsync(engine =>
        {
            engine.Services.AddSingleton(store);
            engine.UseStore<InMemoryStore>().AddStep("pass", (payload, _) => payload.Data).AddFlow("chain", flow =>
            {
                flow.Start("s0", "pass");
                for (var i = 1; i < 50; i++)
                {
                    flow.Then($"s{i}", "pass");
                }
            });
        });

        var result = await host.Engine.RunAsync("chain", DataPacket.Of(1)).Soon();

        var page = await store.ReadEventsAsync(new EventQuery(result.Id, 0), CancellationToken.None);
        page.Rows.Sum(row => row.Count).Should().Be((await host.Engine.GetJob(result.Id).EventsAsync()).Count);
        page.Rows.Should().HaveCountLessThanOrEqualTo(52, "a transition is one row, and a step needs no more than one");
    }

    [Theory]
    [InlineData(StepStrategy.DependencyOrder, "root small urgent long tail")]
    [InlineData(StepStrategy.Priority, "root urgent small long tail")]
    [InlineData(StepStrategy.CriticalPath, "root long small urgent tail")]
    public async Task Strategy_OfAFlow_OrdersItsReadySteps(StepStrategy strategy, string expected)
    {
        var ran = new List<string>();
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("note", (payload, _) =>
            {
                ran.Add(payload.StepId);
                return StepResult.Completed();
            })
            .AddFlow("order", flow => flow.Strategy(strategy).MaxConcurrentSteps(1)
                .Start("root", "note")
                .Step("small", "note", after: ["root"])
                .Step("urgent", "note", after: ["root"], step => step.Priority(9))
                .Step("long", "note", after: ["root"], step => step.Weight(5))
                .Step("tail", "note", after: ["long", "small", "urgent"], step => step.Join(JoinRule.All))));

        (await host.Engine.RunAsync("order").Soon()).EnsureSucceeded();

        ran.Should().Equal(expected.Split(' '));
    }

    [Fact]
    public async Task Flow_AddedAnewWhileAJobRuns_LeavesThatJobOnItsVersion()
    {
        await using var host = await StartAsync();
        var job = await host.Engine.StartAsync("good", options: new JobOptions { StartPaused = true });

        await host.Engine.Flows.AddAsync(new FlowBuilder("good").Start("a", "good").Then("b", "good").Build());
        await job.ResumeAsync().Soon();

        await job.WaitAsync().Soon();
        (await job.GetStatusAsync()).Steps.Should().ContainSingle();
        (await host.Engine.GetJob((await host.Engine.RunAsync("good").Soon()).Id).GetStatusAsync()).Steps.Should().HaveCount(2);
    }

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(engine => engine
        .AddStep("good", (payload, _) => StepResult.Completed(payload.Data.Prepend(1)))
        .AddStep("none", (_, _) => StepResult.NoItems())
        .AddStep("bad", (_, _) => throw new InvalidOperationException("kaboom"))
        .AddFlow("good", flow => flow.Start("a", "good"))
        .AddFlow("none", flow => flow.Start("a", "none"))
        .AddFlow("bad", flow => flow.Start("a", "bad")));
}
