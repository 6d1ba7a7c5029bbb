using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Many small jobs of mixed shapes under random controls from several threads: all end or wait as they should, and nothing is leaked.</summary>
public sealed class SoakTests
{
    private const int Jobs = 20_000;

    private static readonly string[] FlowIds = ["one", "diamond", "flaky", "gate", "again"];

    [Fact]
    public async Task ManyJobs_UnderRandomControls_AllEndAndNothingIsLeaked()
    {
        const int Seed = 4711;
        await using var host = await StartAsync();
        var jobs = new ConcurrentBag<(JobHandle Job, string Flow)>();
        var refused = 0;

        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            var random = new Random(Seed + worker);
            for (var i = 0; i < Jobs / 4; i++)
            {
                var flow = FlowIds[random.Next(FlowIds.Length)];
                var job = await host.Engine.StartAsync(flow, DataPacket.Of(i));
                jobs.Add((job, flow));
                try
                {
                    await DisturbAsync(job, flow, random.Next(20)).Soon();
                }
                catch (InvalidTransitionException)
                {
                    Interlocked.Increment(ref refused);
                }
            }
        })));

        var ends = new Dictionary<(string, JobStatus), int>();
        foreach (var (job, flow) in jobs)
        {
            if (flow == "gate")
            {
                await FinishGateAsync(job).Soon();
            }

            var result = await EndAsync(job);
            ends[(flow, result.Status)] = ends.GetValueOrDefault((flow, result.Status)) + 1;
        }

        ends.Values.Sum().Should().Be(Jobs);
        ends.Keys.Should().OnlyContain(end => end.Item2.IsSuccess() || end.Item2 == JobStatus.Cancelled, "seed {0}", Seed);
        ends.Keys.Select(end => end.Item1).Distinct().Should().BeEquivalentTo(FlowIds);
        refused.Should().BeGreaterThan(0, "some controls come too late");
        await host.NothingIsHeldAsync();
        var counts = await host.Engine.CountJobsAsync();
        counts.Total.Should().Be(Jobs);
        counts[JobStatus.Cancelled].Should().Be(ends.Where(end => end.Key.Item2 == JobStatus.Cancelled).Sum(end => end.Value));
    }

    /// <summary>A job that does not end says what it is doing.</summary>
    private static async Task<JobResult> EndAsync(JobHandle job)
    {
        try
        {
            return await job.WaitAsync().Soon();
        }
        catch (TimeoutException late)
        {
            var why = await job.ExplainAsync();
            var events = new List<string>();
            using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            try
            {
                await foreach (var happened in job.WatchAsync(cancellationToken: enough.Token))
                {
                    events.Add($"{happened.Timestamp:ss.ffffff} {happened.Type} {happened.StepId} {happened.From} {happened.To} {happened.Data}");
                }
            }
            catch (OperationCanceledException)
            {
                // The job does not end: what it has told so far is all.
            }

            throw new TimeoutException($"Job {job.Id}: {why.Sentence} {string.Join("; ", why.Facts)}\n{string.Join("\n", events)}", late);
        }
    }

    private static async Task DisturbAsync(JobHandle job, string flow, int dice)
    {
        switch (dice)
        {
            case 0:
                await job.CancelAsync();
                break;
            case 1 or 2:
                await job.PauseAsync();
                await job.ResumeAsync();
                break;
            case 3:
                await Task.WhenAll(job.PauseAsync(), job.CancelAsync());
                break;
            case 4:
                await job.PauseAsync();
                try
                {
                    // Refused while the step has its slot; a pause may still give its attempt back, and then only a resume ends the job.
                    await job.SkipAsync("z");
                }
                finally
                {
                    await job.ResumeAsync();
                }

                break;
            case < 14 when flow == "gate":
                await job.SignalAsync("go", dice);
                break;
        }
    }

    /// <summary>A gate that got no signal waits; one whose signal was used up goes on by itself.</summary>
    private static async Task FinishGateAsync(JobHandle job)
    {
        var idle = await job.WaitAsync(JobWait.Idle);
        if (idle.Status == JobStatus.Waiting)
        {
            (await job.GetStatusAsync())["a"].WaitsFor.Should().Be("go");
            await job.SignalAsync("go", 0);
        }
    }

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(
        engine => engine
            .AddStep("pass", (payload, _) => payload.Data)
            .AddStep("yield", async (payload, _) =>
            {
                await Task.Yield();
                return StepResult.Completed(payload.Data);
            })
            .AddStep("flaky", (payload, _) => payload.Attempt == 1 ? StepResult.Fail("busy", "again") : StepResult.Completed(payload.Data))
            .AddStep("wait", (payload, _) => payload.Signal is null ? StepResult.Wait("go") : StepResult.Completed(payload.Data))
            .AddStep("again", (payload, _) => payload.GetState<int>() < 2 ? StepResult.RunAgain(TimeSpan.FromMilliseconds(1), payload.GetState<int>() + 1) : StepResult.Completed(payload.Data))
            .AddFlow("one", flow => flow.Start("z", "pass"))
            .AddFlow("diamond", flow => flow.Start("a", "pass").Step("b", "yield", after: ["a"]).Step("c", "pass", after: ["a"]).Join("z", "pass", after: ["b", "c"]))
            .AddFlow("flaky", flow => flow.Start("a", "flaky", step => step.Retry(2, TimeSpan.FromMilliseconds(2))).Then("z", "pass"))
            .AddFlow("gate", flow => flow.Start("a", "wait").Then("z", "yield"))
            .AddFlow("again", flow => flow.Start("a", "again").Then("z", "pass")),
        options => options.MaxConcurrentSteps = 16);
}
