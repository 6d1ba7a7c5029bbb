using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Testing;

public sealed class DeterminismTests
{
    [Fact]
    public async Task RunToEnd_SameFlowTwice_GivesTheSameEventsAtTheSameTimes()
    {
        var first = await RunAsync();
        var second = await RunAsync();

        first.Should().HaveCountGreaterThan(50);
        second.Should().Equal(first);
    }

    [Fact]
    public async Task RunToEnd_ChainOfThousandSteps_CompletesInOrder()
    {
        var ran = new List<string>();
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("note", payload =>
            {
                ran.Add(payload.StepId);
                return payload.Data;
            })
            .AddFlow("chain", flow =>
            {
                flow.Start("s0", "note");
                for (var i = 1; i < 1000; i++)
                {
                    flow.Then($"s{i}", "note");
                }
            }));

        var result = await host.RunAsync("chain", "in");

        result.Status.Should().Be(JobStatus.Completed);
        ran.Should().Equal(Enumerable.Range(0, 1000).Select(i => $"s{i}"));
    }

    [Fact]
    public async Task RunToEnd_FanOutOf200_RunsEachOnceInDeclaredOrder()
    {
        var ran = new List<string>();
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("note", payload =>
            {
                ran.Add(payload.StepId);
                return payload.Data.Prepend(payload.StepId);
            })
            .AddFlow("fan", Fan));

        var job = await host.StartAsync("fan", "in");
        var result = await host.RunToEndAsync(job);

        result.Output.Should().HaveCount(203, "the input, the root's item, one of each branch and the join's");
        ran.Should().Equal(["root", .. Enumerable.Range(0, 200).Select(i => $"b{i}"), "join"]);
        (await job.GetStatusAsync()).Steps.Should().OnlyContain(step => step.Attempts == 1);
    }

    [Fact]
    public async Task RunToEnd_FanOutOfVirtualWaits_TakesNoMoreThanTheSlots()
    {
        var (now, most) = (0, 0);
        await using var host = await FlowTestHost.StartAsync(
            engine => engine
                .AddStep("note", async (payload, cancellationToken) =>
                {
                    most = Math.Max(most, ++now);
                    await Task.Delay(TimeSpan.FromMinutes(1), payload.Services.GetRequiredService<TimeProvider>(), cancellationToken);
                    now--;
                    return payload.Data.Prepend(payload.StepId);
                })
                .AddFlow("fan", Fan),
            options => options.MaxConcurrentSteps = 5);

        var job = await host.StartAsync("fan", "in");
        await host.RunToEndAsync(job);

        most.Should().Be(5);
        (await job.GetStatusAsync()).Metrics.Duration.Should().Be(TimeSpan.FromMinutes(42), "200 branches in fives, and a step before and after");
    }

    [Fact]
    public async Task RunToEnd_BranchesThatMeetForReal_RunSideBySide()
    {
        using var meeting = new Barrier(2);
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("meet", async (payload, cancellationToken) =>
            {
                await Task.Yield();
                meeting.SignalAndWait(TimeSpan.FromSeconds(20), cancellationToken).Should().BeTrue();
                return payload.Data.Prepend(payload.StepId);
            })
            .AddFlow("two", flow => flow.Start("a", "meet").Start("b", "meet")));

        (await host.RunAsync("two")).Output.Should().HaveCount(2);
    }

    private static void Fan(FlowBuilder flow)
    {
        flow.Start("root", "note").MaxConcurrentSteps(1000);
        for (var i = 0; i < 200; i++)
        {
            flow.Step($"b{i}", "note", after: ["root"]);
        }

        flow.Join("join", "note", after: [.. Enumerable.Range(0, 200).Select(i => $"b{i}")]);
    }

    private static async Task<IReadOnlyList<string>> RunAsync()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("flaky", payload => payload.Attempt < 3 ? StepResult.Fail("busy", "try later") : StepResult.Completed(payload.Data))
            .AddStep("nap", async (payload, cancellationToken) =>
            {
                var time = payload.Services.GetRequiredService<TimeProvider>();
                await Task.Delay(TimeSpan.FromSeconds(payload.StepId.Length * 7), time, cancellationToken);
                payload.ReportProgress(50);
                await Task.Delay(TimeSpan.FromMilliseconds(1100), time, cancellationToken);
                payload.ReportProgress(70);
                return payload.Data.Prepend(payload.StepId);
            })
            .AddFlow("mix", flow => flow
                .Start("root", "noop")
                .Step("nap", "nap", after: ["root"])
                .Step("longer_nap", "nap", after: ["root"], step => step.Timeout(TimeSpan.FromSeconds(30)).Retry(2, TimeSpan.FromMinutes(1)).OnError("repair", "noop"))
                .Step("flaky", "flaky", after: ["root"], step => step.Retry(3, TimeSpan.FromHours(1), Backoff.Exponential))
                .Join("end", "flaky", after: ["nap", "flaky"], step => step.Retry(3, TimeSpan.FromSeconds(2)))));
        var jobs = new List<JobHandle>();
        for (var i = 0; i < 3; i++)
        {
            jobs.Add(await host.StartAsync("mix", i));
            await host.AdvanceAsync(TimeSpan.FromSeconds(11));
        }

        var lines = new List<string>();
        foreach (var job in jobs)
        {
            (await host.RunToEndAsync(job)).Status.Should().Be(JobStatus.Completed);
            lines.AddRange((await host.EventsAsync(job)).Select(happened => $"{happened.Sequence} {happened.Timestamp:O} {happened.Type} {happened.StepPath} {happened.Attempt} {happened.Reason} {happened.From} {happened.To}"));
        }

        return lines;
    }
}
