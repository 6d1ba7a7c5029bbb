using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Client;

public sealed class QueryTests
{
    [Fact]
    public async Task List_OverSeveralPages_GivesEveryJobOnceNewestFirst()
    {
        await using var host = await StartAsync();
        var started = await host.Engine.StartManyAsync(Enumerable.Range(0, 1203).Select(_ => new JobStart("good")));
        foreach (var job in started)
        {
            await job.WaitAsync().Soon();
        }

        var listed = await host.Engine.ListJobsAsync().ToListAsync();

        listed.Select(job => job.Id).Should().Equal(started.Select(job => job.Id).OrderDescending());
        var some = await host.Engine.ListJobsAsync(new JobFilter { Limit = 7, After = listed[9].Id }).ToListAsync();
        some.Select(job => job.Id).Should().Equal(listed.Skip(10).Take(7).Select(job => job.Id));
    }

    [Fact]
    public async Task List_ByEachFilter_GivesWhatFits()
    {
        await using var host = await StartAsync();
        var good = await EndAsync(host, "good", new JobOptions { Key = "k", Tenant = "t", Labels = ["red", "blue"] });
        var bad = await EndAsync(host, "bad", null);
        var paused = await host.Engine.StartAsync("good", options: new JobOptions { StartPaused = true });

        await ExpectAsync(new JobFilter { FlowId = "bad" }, bad);
        await ExpectAsync(new JobFilter { Key = "k" }, good);
        await ExpectAsync(new JobFilter { Tenant = "t" }, good);
        await ExpectAsync(new JobFilter { Label = "blue" }, good);
        await ExpectAsync(new JobFilter { Reason = "no_luck" }, bad);
        await ExpectAsync(new JobFilter { StepId = "b" }, bad);
        await ExpectAsync(new JobFilter { Until = (await good.GetStatusAsync()).Metrics.CreatedAt });
        await ExpectAsync(JobFilter.Active, paused);
        await ExpectAsync(JobFilter.Succeeded, good);
        await ExpectAsync(JobFilter.Finished, bad, good);

        async Task ExpectAsync(JobFilter filter, params JobHandle[] expected)
        {
            (await host.Engine.ListJobsAsync(filter).Select(job => job.Id).ToListAsync()).Should().BeEquivalentTo(expected.Select(job => job.Id));
            (await host.Engine.CountJobsAsync(filter)).Total.Should().Be(expected.Length);
        }
    }

    [Fact]
    public async Task Control_OfJobsThatNobodyOwns_LeavesTheCommandInTheInboxOnceItsTimeIsOver()
    {
        await using var host = await TestHost.StartAsync(engine => engine.AddFlow("once", flow => flow.Start("a", "noop")), options => options.RunJobs = false);
        var job = await host.Engine.StartAsync("once");

        var result = await host.Engine.ControlJobsAsync(JobAction.Pause, new JobFilter { FlowId = "once" }, new BulkOptions { AnswerWithin = TimeSpan.FromMilliseconds(1) });

        result.Should().Be(new BulkResult(1, 0, 0));
        (await host.Node.Store.LoadAsync(job.Id, JobParts.Mail, default))!.Mail.Should().ContainSingle().Which.Action.Should().Be("pause");
    }

    [Fact]
    public async Task Control_ManyFailedJobs_RetriesThemWithDryRunAndLimit()
    {
        await using var host = await StartAsync();
        var jobs = new List<JobHandle>();
        for (var i = 0; i < 10; i++)
        {
            jobs.Add(await EndAsync(host, "once", null));
        }

        var failed = new JobFilter { Statuses = [JobStatus.Failed], FlowId = "once" };
        (await host.Engine.ControlJobsAsync(JobAction.Retry, failed, new BulkOptions { DryRun = true })).Should().Be(new BulkResult(10, 0, 0));
        (await host.Engine.CountJobsAsync(failed)).Total.Should().Be(10);
        (await host.Engine.ControlJobsAsync(JobAction.Retry, failed, new BulkOptions { Limit = 4, Actor = "ann" })).Should().Be(new BulkResult(4, 4, 0));
        await Deadlines.EventuallyAsync(() => host.Node.Held == 0);
        (await host.Engine.CountJobsAsync(failed)).Total.Should().Be(6);
        (await host.Engine.ControlJobsAsync(JobAction.Pause, JobFilter.Finished)).Should().Be(new BulkResult(10, 0, 10));
        var retried = 0;
        foreach (var job in jobs)
        {
            retried += (await job.EventsAsync()).Count(happened => happened.Type == JobEventTypes.JobRetried && happened.Actor == "ann");
        }

        retried.Should().Be(4);
    }

    [Fact]
    public async Task Explain_EachSituation_SaysWhyAndWhatHelps()
    {
        var probe = new Probe().Hold("a");
        await using var host = await StartAsync(engine => probe.AddTo(engine)
            .AddStep("wait", (_, _) => StepResult.Wait("approval"))
            .AddStep("flaky", (_, _) => StepResult.Fail("busy", "later"))
            .AddFlow("held", flow => flow.Start("a", "probe"))
            .AddFlow("wait", flow => flow.Start("w", "wait"))
            .AddFlow("flaky", flow => flow.Start("f", "flaky", step => step.Retry(2, TimeSpan.FromHours(1)))));

        var bad = await (await EndAsync(host, "bad", null)).ExplainAsync();
        bad.Sentence.Should().Be("The job failed (no_luck): none today");
        bad.Fixes.Should().Contain(fix => fix.StartsWith("wf jobs retry", StringComparison.Ordinal)).And.Contain(fix => fix.EndsWith(" b", StringComparison.Ordinal));
        (await (await EndAsync(host, "good", null)).ExplainAsync()).Sentence.Should().StartWith("The job has ended: completed");

        var waiting = await host.Engine.StartAsync("wait");
        await waiting.WaitAsync(JobWait.Idle).Soon();
        var why = await waiting.ExplainAsync();
        why.Sentence.Should().Be("Nothing can run: step w waits for signal 'approval'.");
        why.Fixes.Should().Equal($"wf jobs signal {waiting.Id} approval");

        var flaky = await host.Engine.StartAsync("flaky");
        await flaky.WaitAsync(JobWait.Idle).Soon();
        (await flaky.ExplainAsync()).Sentence.Should().Contain("to try again after busy");

        var held = await host.Engine.StartAsync("held");
        await probe.Began("a");
        await held.SeenAsync(happened => happened.Type == JobEventTypes.StepStarted);
        (await held.ExplainAsync()).Sentence.Should().StartWith("The job is moving: 1 steps run, the first of them 'a'");
        probe.Release("a");
        await held.WaitAsync().Soon();
    }

    private static Task<TestHost> StartAsync(Action<IWorkflowEngineBuilder>? more = null) => TestHost.StartAsync(engine =>
    {
        engine.AddStep("good", (payload, _) => StepResult.Completed())
            .AddStep("bad", (_, _) => StepResult.Fail("no_luck", "none today"))
            .AddFlow("good", flow => flow.Start("a", "good"))
            .AddFlow("bad", flow => flow.Start("a", "good").Then("b", "bad"));
        var seen = new HashSet<JobId>();
        engine.AddStep("first_time", (payload, _) =>
            {
                lock (seen)
                {
                    return seen.Add(payload.JobId) ? StepResult.Fail("no_luck", "none today") : StepResult.Completed();
                }
            })
            .AddFlow("once", flow => flow.Start("a", "first_time"));
        more?.Invoke(engine);
    });

    private static async Task<JobHandle> EndAsync(TestHost host, string flow, JobOptions? options)
    {
        var job = await host.Engine.StartAsync(flow, options: options);
        await job.WaitAsync().Soon();
        return job;
    }
}
