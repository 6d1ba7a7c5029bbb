using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;
using WorkflowEngine.Tests.Storage;

namespace WorkflowEngine.Tests.Client;

/// <summary>Checkpoints through the public face: made, listed and gone back to, on a running engine (S26).</summary>
public sealed class CheckpointLifeTests
{
    private readonly Probe _probe = new();

    [Fact]
    public async Task Restore_OfAFailedJob_RunsOnFromTheCheckpoint()
    {
        _probe.Hold("b").Fail("b");
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        await _probe.Began("b");
        await job.SetVariableAsync("limit", 1).Soon();
        var made = await job.CreateCheckpointAsync("before b ends", new ControlOptions { Actor = "ann" }).Soon();
        await job.SetVariableAsync("limit", 2).Soon();
        _probe.Release("b");
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Failed);

        (await job.RestoreCheckpointAsync(made.Id).Soon()).Should().BeTrue();

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (_probe["a"], _probe["b"], _probe["c"]).Should().Be((1, 2, 1), "a is not repeated");
        (await job.GetVariablesAsync())["limit"]!.Value.GetInt32().Should().Be(1);
        (await job.ListCheckpointsAsync()).Should().Equal(made);
        made.Should().Match<Checkpoint>(kept => kept.Description == "before b ends" && kept.Status == JobStatus.Running && kept.Percentage > 0 && kept.Percentage < 100);
        var report = await job.GetStatusAsync();
        (report.Attempt, report.Checkpoints.Single()).Should().Be((2, made.Id));
        var events = await job.EventsSoFarAsync(CancellationToken.None);
        events.Select(happened => happened.Sequence).Should().Equal(Enumerable.Range(1, events.Count).Select(number => (long)number));
        events.Should().ContainSingle(happened => happened.Type == JobEventTypes.CheckpointCreated && happened.Actor == "ann" && happened.Data!.Value.GetProperty("checkpoint").GetString() == made.Id);
        events.Should().ContainSingle(happened => happened.Type == JobEventTypes.CheckpointRestored);
    }

    [Fact]
    public async Task Restore_WhileABodyRuns_StopsItAndRunsTheStepAnewUnderAnotherKey()
    {
        var keys = new List<string>();
        var began = new SemaphoreSlim(0);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("work", async (StepPayload payload, CancellationToken cancellationToken) =>
            {
                lock (keys)
                {
                    keys.Add(payload.IdempotencyKey);
                }

                began.Release();
                if (keys.Count == 1)
                {
                    await using var seen = cancellationToken.Register(() => stopped.TrySetResult());
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                }

                return StepResult.Completed(DataPacket.Of(cancellationToken.IsCancellationRequested));
            })
            .AddFlow("flow", flow => flow.Start("work", "work")));
        var job = await host.Engine.StartAsync("flow");
        await began.WaitAsync().Soon();
        var made = await job.CreateCheckpointAsync().Soon();

        await job.RestoreCheckpointAsync(made.Id).Soon();

        await stopped.Task.Soon();
        var result = await job.WaitAsync().Soon();
        result.Output.Get<bool>().Should().BeFalse("the new body has a token of its own");
        keys.Should().HaveCount(2).And.OnlyHaveUniqueItems();
        await AllSlotsFreeAsync(host); // None is lost, and none is given back twice.
    }

    [Fact]
    public async Task Restore_WhileABodyIgnoresItsToken_GivesItUpAndItsSlotBack()
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var runs = 0;
        await using var host = await TestHost.StartAsync(
            engine => engine
                .AddStep("stubborn", async (StepPayload _, CancellationToken _) =>
                {
                    if (Interlocked.Increment(ref runs) == 1)
                    {
                        await held.Task;
                    }

                    return StepResult.Completed(DataPacket.Of("x"));
                })
                .AddFlow("flow", flow => flow.Start("work", "stubborn")),
            options =>
            {
                options.MaxConcurrentSteps = 1;
                options.StepCancellationGrace = TimeSpan.FromMilliseconds(50);
            });
        var job = await host.Engine.StartAsync("flow");
        while (Volatile.Read(ref runs) == 0)
        {
            await Task.Yield();
        }

        var made = await job.CreateCheckpointAsync().Soon();
        await job.RestoreCheckpointAsync(made.Id).Soon();

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed, "the only slot came free after the grace period");
        runs.Should().Be(2);
        held.SetResult();
        await AllSlotsFreeAsync(host); // The late body gives no slot back a second time.
        (await job.EventsSoFarAsync(CancellationToken.None)).Count(happened => happened.Type == JobEventTypes.StepCompleted).Should().Be(1);
    }

    [Fact]
    public async Task Restore_OfUnknownId_IsFalseAndOfACompletedJobRefused()
    {
        _probe.Hold("a");
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        await _probe.Began("a");
        var made = await job.CreateCheckpointAsync().Soon();

        (await job.RestoreCheckpointAsync("nothing").Soon()).Should().BeFalse();
        _probe.Release("a");
        await job.WaitAsync().Soon();

        await job.Invoking(ended => ended.RestoreCheckpointAsync(made.Id)).Should().ThrowAsync<InvalidTransitionException>();
        await job.Invoking(ended => ended.CreateCheckpointAsync()).Should().ThrowAsync<InvalidTransitionException>();
        (await job.GetStatusAsync()).Status.Should().Be(JobStatus.Completed);
        await host.Engine.GetJob(JobId.New(DateTimeOffset.UnixEpoch)).Invoking(none => none.RestoreCheckpointAsync("x")).Should().ThrowAsync<JobNotFoundException>();
    }

    [Fact]
    public async Task Restore_OfPacketsByReference_ReadsThemAgain()
    {
        _probe.Hold("b").Fail("b");
        using var folder = new SqliteFolder();
        await using var host = await ChainAsync(engine => engine.UseFilePackets(folder.Folder), options => options.InlinePacketBytes = 1);
        var job = await host.Engine.StartAsync("chain");
        await _probe.Began("b");
        var made = await job.CreateCheckpointAsync().Soon();
        _probe.Release("b");
        await job.WaitAsync().Soon();

        await job.RestoreCheckpointAsync(made.Id).Soon();

        (await job.WaitAsync().Soon()).Output.Select(item => item.Get<string>()).Should().Equal("c", "b", "a");
        while (Directory.GetFiles(folder.Folder, "*.json", SearchOption.AllDirectories).Length > 1)
        {
            await Task.Yield(); // When the job has completed, all but its output goes.
        }
    }

    [Fact]
    public async Task Checkpoint_OnAFile_OutlivesTheProcessAndIsRestoredFromAnother()
    {
        _probe.Hold("b").Fail("b");
        using var folder = new SqliteFolder();
        JobId id;
        Checkpoint made;
        await using (var first = await ChainAsync(engine => engine.UseSqlite($"Data Source={folder.File}")))
        {
            var job = await first.Engine.StartAsync("chain");
            id = job.Id;
            await _probe.Began("b");
            made = await job.CreateCheckpointAsync("kept").Soon();
            _probe.Release("b");
            (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Failed);
        }

        await using var worker = await ChainAsync(engine => engine.UseSqlite($"Data Source={folder.File}"));
        await using var client = await ChainAsync(engine => engine.UseSqlite($"Data Source={folder.File}"), options => options.RunJobs = false);
        var again = client.Engine.GetJob(id);
        (await again.ListCheckpointsAsync()).Should().Equal(made);
        (await again.RestoreCheckpointAsync(made.Id).Soon()).Should().BeTrue();

        (await worker.Engine.GetJob(id).WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (_probe["a"], _probe["b"], _probe["c"]).Should().Be((1, 2, 1));
    }

    private static async Task AllSlotsFreeAsync(TestHost host)
    {
        for (var looks = 0; looks < 1_000_000 && host.Node.Scheduler.Taken != 0; looks++)
        {
            await Task.Yield();
        }

        host.Node.Scheduler.Taken.Should().Be(0);
    }

    private Task<TestHost> ChainAsync(Action<IWorkflowEngineBuilder>? more = null, Action<WorkflowEngineOptions>? options = null) => TestHost.StartAsync(
        engine =>
        {
            _probe.AddTo(engine).AddFlow("chain", flow => flow.Start("a", "probe").Then("b", "probe").Then("c", "probe"));
            more?.Invoke(engine);
        },
        options);
}
