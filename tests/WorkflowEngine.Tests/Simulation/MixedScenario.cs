using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Simulation;

/// <summary>
/// A fixed day of an engine: starts, steps, retries, waits, a signal, a large packet, a checkpoint, every control, and a crash. Calls of the application that the store
/// fails are made again, as an application would; what it all comes to is one text.
/// </summary>
internal sealed class MixedScenario(Action<IWorkflowEngineBuilder> useStore)
{
    private bool _isMended;

    /// <summary>Plays it with one fault; returns what it came to, and how many calls the store got.</summary>
    public static async Task<(string State, IReadOnlyList<StoreCall> Calls)> PlayAsync(Action<IWorkflowEngineBuilder> useStore, Fault? fault)
    {
        var scenario = new MixedScenario(useStore);
        await using var host = await FlowTestHost.StartAsync(scenario.Configure);
        var before = host.Faults.Calls.Count;
        if (fault is not null)
        {
            host.Faults.Add(fault);
        }

        var jobs = await scenario.PlayAsync(host);
        IReadOnlyList<StoreCall> calls = [.. host.Faults.Calls.Skip(before)];
        host.Faults.Clear(); // The rest is the test's own look.
        return (await TextAsync(host, jobs), calls);
    }

    private void Configure(IWorkflowEngineBuilder engine)
    {
        useStore(engine);
        engine
            .AddStep("note", payload => payload.Data.Prepend(payload.StepId))
            .AddStep("flaky", payload => payload.Attempt < 2 ? StepResult.Fail("busy", "later") : StepResult.Completed(payload.Data))
            .AddStep("again", payload => payload.GetState<int>() is var legs && legs < 1 ? StepResult.RunAgain(TimeSpan.FromSeconds(10), legs + 1) : StepResult.Completed(payload.Data.Prepend(legs)))
            .AddStep("ask", payload => payload.Signal is { } signal ? StepResult.Completed(DataPacket.Of(signal)) : StepResult.Wait("go"))
            .AddStep("large", payload => payload.Data.Prepend(new string('x', 20_000)))
            .AddStep("breaks", _ => _isMended ? StepResult.Completed(DataPacket.Of("mended")) : StepResult.Fail("broken", "until it is mended", retryable: false))
            .AddFlow("mixed", flow => flow
                .Start("a", "note")
                .Step("b", "flaky", after: ["a"], step => step.Retry(2, TimeSpan.FromMinutes(1)))
                .Step("c", "ask", after: ["a"])
                .Step("d", "again", after: ["a"])
                .Join("e", "large", ["b", "c", "d"])
                .Step("f", "note", after: ["e"]))
            .AddFlow("waits", flow => flow.Start("w", "ask").Then("x", "note"))
            .AddFlow("breaks", flow => flow.Start("y", "breaks").Then("z", "note"));
    }

    private async Task<JobHandle[]> PlayAsync(FlowTestHost host)
    {
        var mixed = await StartAsync(host, "mixed");
        await InsistAsync(host, () => mixed.PauseAsync());
        await host.RunUntilIdleAsync();
        await InsistAsync(host, () => mixed.ResumeAsync());
        await host.RunUntilIdleAsync();
        var waits = await StartAsync(host, "waits");
        var breaks = await StartAsync(host, "breaks");
        await host.AdvanceAsync(TimeSpan.FromSeconds(1));
        await InsistAsync(host, () => mixed.CreateCheckpointAsync("before the signal"));
        await InsistAsync(host, () => waits.CancelAsync());
        await InsistAsync(host, () => waits.SignalAsync("go", "too late"));
        await InsistAsync(host, () => mixed.SignalAsync("go", "yes", new SignalOptions { DedupeKey = "once" }));
        await InsistAsync(host, () => mixed.SetVariableAsync("limit", 7));
        _isMended = true;
        await InsistAsync(host, () => breaks.RetryAsync());
        await InsistAsync(host, host.CrashAsync);
        await host.AdvanceAsync(TimeSpan.FromMinutes(10));
        return [mixed, waits, breaks];
    }

    private static async Task<JobHandle> StartAsync(FlowTestHost host, string flow)
    {
        JobHandle? job = null;
        await InsistAsync(host, async () => job = await host.StartAsync(flow, "in", new JobOptions { Key = flow }));
        return job!;
    }

    /// <summary>A call that failed is made again; while one waits, time goes on.</summary>
    private static async Task InsistAsync(FlowTestHost host, Func<Task> call)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                var made = call();
                for (var waits = 0; await Task.WhenAny(made, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None)) != made; waits++)
                {
                    await host.AdvanceAsync(TimeSpan.FromMilliseconds(100));
                    waits.Should().BeLessThan(200, "a call must come to an end");
                }

                await made;
                return;
            }
            catch (InvalidTransitionException)
            {
                return; // The signal that comes too late; or what took effect at a first try whose reply was lost.
            }
            catch (StoreException) when (tries < 3)
            {
                // The application does not know whether it took effect.
            }
        }
    }

    private static async Task<string> TextAsync(FlowTestHost host, JobHandle[] jobs)
    {
        var text = new StringBuilder();
        foreach (var job in jobs)
        {
            var result = await host.RunToEndAsync(job);
            var report = await host.Engine.GetJob(job.Id).GetStatusAsync();
            text.Append($"{report.FlowId} {result.Status.ToWord()} {result.Reason}: ");
            text.AppendJoin(", ", report.Steps.Select(step => $"{step.Path} {step.Status.ToWord()} {step.Attempts}"));
            text.Append(" -> ").AppendJoin(", ", result.Output.Select(item => item.Content.GetRawText()[..Math.Min(12, item.Content.GetRawText().Length)]));
            text.AppendLine($"; limit {(await host.Engine.GetJob(job.Id).GetVariablesAsync())["limit"]}; {await EventsAsync(host, job)}");
        }

        return text.ToString();
    }

    /// <summary>Outcomes are told once; starts may be told again by the next owner. Sequences have no gaps.</summary>
    private static async Task<string> EventsAsync(FlowTestHost host, JobHandle job)
    {
        var events = await host.EventsAsync(host.Engine.GetJob(job.Id));
        var gaps = events.Where((happened, index) => happened.Sequence != index + 1).Count();
        var outcomes = events.Where(happened => happened.Type is JobEventTypes.StepCompleted or JobEventTypes.StepFailed or JobEventTypes.JobCompleted or JobEventTypes.JobCancelled or JobEventTypes.JobFailed);
        return $"{gaps} gaps; {string.Join(' ', outcomes.Select(happened => $"{happened.StepId}:{happened.Type}").Order(StringComparer.Ordinal))}";
    }
}
