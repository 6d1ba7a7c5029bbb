using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Where packets are kept, as seen from a flow (S22, S23).</summary>
public sealed class LargePacketTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("packets-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Output_AboveInline_IsAFileThatTheNextStepReadsAndCompletionRemoves()
    {
        var seen = new List<string>();
        await using var host = await StartAsync(seen);

        var result = await host.Engine.RunAsync("good").Soon();

        result.Output.Get<int>().Should().Be(20_000);
        seen.Should().ContainSingle().Which.Should().StartWith(Path.Combine(_folder, "good", result.Id.ToString()));
        await Deadlines.EventuallyAsync(() => Files().Length == 0);
    }

    [Fact]
    public async Task Output_AboveInlineOfAFailedJob_StaysForARetry()
    {
        var seen = new List<string>();
        await using var host = await StartAsync(seen);
        var job = await host.Engine.StartAsync("bad");
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Failed);
        Files().Should().HaveCount(1);

        await job.RetryAsync().Soon();

        (await job.WaitAsync().Soon()).Output.Get<int>().Should().Be(20_000);
        await Deadlines.EventuallyAsync(() => Files().Length == 0);
    }

    [Fact]
    public async Task Output_AboveTheLimit_FailsTheStepAsTooLarge()
    {
        await using var host = await StartAsync([], options => options.MaxPacketBytes = 10_000);

        var result = await host.Engine.RunAsync("good").Soon();

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.PacketTooLarge));
        result.Message.Should().Contain("'make'").And.Contain("10000 that MaxPacketBytes allows");
        Files().Should().BeEmpty();
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task Input_AboveInline_StaysWithTheCompletedJobForARerun()
    {
        await using var host = await StartAsync([]);
        var job = await host.Engine.StartAsync("measured", DataPacket.Of(new string('i', 30_000)));
        (await job.WaitAsync().Soon()).Output.Get<int>().Should().Be(30_000);
        await Deadlines.EventuallyAsync(() => Files().Length == 1);

        var again = await job.RerunAsync().Soon();

        (await again.WaitAsync().Soon()).Output.Get<int>().Should().Be(30_000);
        (await job.ExportAsync()).ToJson().Should().Contain(new string('i', 30_000));
    }

    [Fact]
    public async Task File_DamagedBetweenSteps_FailsTheNextStepWithDataRetrievalFailed()
    {
        await using var host = await StartAsync([]);
        var job = await host.Engine.StartAsync("good", options: new JobOptions { StartPaused = true });
        await job.RunStepAsync("make").Soon();
        await File.AppendAllTextAsync(Files().Single(), "damage");

        await job.ResumeAsync().Soon();

        (await job.WaitAsync().Soon()).Reason.Should().Be(Reasons.DataRetrievalFailed);
    }

    [Fact]
    public async Task Memory_OfALongJobWithLargePackets_HoldsOnlyThoseInUse()
    {
        var made = new List<WeakReference>();
        var alive = -1;
        await using var host = await TestHost.StartAsync(engine => engine
            .UseFilePackets(_folder)
            .AddStep("make", (payload, _) => Make(made))
            .AddStep("count", async (payload, _) =>
            {
                await Task.Yield();
                GC.Collect();
                GC.WaitForPendingFinalizers();
                GC.Collect();
                alive = made.Count(packet => packet.IsAlive);
                return StepResult.Completed(DataPacket.Of(payload.Get<string>().Length));
            })
            .AddFlow("long", flow =>
            {
                flow.Start("s0", "make");
                for (var i = 1; i < 40; i++)
                {
                    flow.Then($"s{i}", "make");
                }

                flow.Then("count", "count");
            }));

        (await host.Engine.RunAsync("long").Soon()).Output.Get<int>().Should().Be(20_000);

        made.Should().HaveCount(40);
        alive.Should().BeInRange(0, 5, "finished steps keep references to files");
        await Deadlines.EventuallyAsync(() => Files().Length <= 1); // All but the output; also so that nothing removes files while this test removes their folder.
    }

    private Task<TestHost> StartAsync(List<string> seen, Action<WorkflowEngineOptions>? options = null) => TestHost.StartAsync(
        engine => engine
            .UseFilePackets(_folder)
            .AddStep("make", (_, _) => DataPacket.Of(new string('x', 20_000)))
            .AddStep("measure", (payload, _) =>
            {
                seen.AddRange(Files());
                return DataPacket.Of(payload.Get<string>().Length);
            })
            .AddStep("break_once", (payload, _) => Interlocked.Exchange(ref _broke, 1) == 0 ? throw new InvalidOperationException("once") : DataPacket.Of(payload.Get<string>().Length))
            .AddFlow("measured", flow => flow.Start("measure", "measure"))
            .AddFlow("good", flow => flow.Start("make", "make").Then("measure", "measure"))
            .AddFlow("bad", flow => flow.Start("make", "make").Then("break", "break_once")),
        options);

    private int _broke;

    private static StepResult Make(List<WeakReference> made)
    {
        var packet = DataPacket.Of(new string('x', 20_000));
        made.Add(new WeakReference(packet));
        return StepResult.Completed(packet);
    }

    private string[] Files() => Directory.GetFiles(_folder, "*.json", SearchOption.AllDirectories);
}
