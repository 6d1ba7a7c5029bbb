using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Steps that misbehave harm their own job at most, and the record says what happened (S12, S20, S22).</summary>
public sealed class BadStepTests
{
    private static readonly Action<WorkflowEngineOptions> QuickGrace = options => options.StepCancellationGrace = TimeSpan.FromMilliseconds(60);

    public static TheoryData<string> Ways => ["sync", "async", "null", "null_task", "odd_cancel", "illegal_name", "cycle", "wrong_input"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Step_ThatMisbehaves_FailsWithTheExceptionKeptAndTheSlotGivenBack(string way)
    {
        await using var host = await TestHost.StartAsync(engine => engine.AddStep("bad", (payload, cancellationToken) => Misbehave(way, payload)).AddFlow("bad", flow => flow.Start("a", "bad")), options => options.MaxConcurrentSteps = 1);

        var job = await host.Engine.StartAsync("bad", DataPacket.Of("text"));
        var result = await job.WaitAsync().Soon();

        result.Status.Should().Be(JobStatus.Failed);
        result.Reason.Should().Be(way switch { "null" or "null_task" => Reasons.InvalidResult, "wrong_input" => Reasons.InvalidInput, "cycle" => Reasons.ResultNotStorable, _ => Reasons.StepExecutionFailure });
        var error = (await job.GetStatusAsync())["a"].Error!;
        (error.Details ?? error.Message).Should().Contain(way switch
        {
            "sync" or "async" => "kaboom",
            "odd_cancel" => nameof(OperationCanceledException),
            "illegal_name" => "not a legal name",
            "cycle" => "cycle",
            "wrong_input" => "Int32",
            _ => "returned null",
        });
        (await host.Engine.RunAsync("bad", DataPacket.Of("again")).Soon()).Status.Should().Be(JobStatus.Failed);
        await host.NothingIsHeldAsync();
    }

    [Theory]
    [InlineData("async", "timeout")]
    [InlineData("sync", "timeout")]
    [InlineData("async", "cancel")]
    [InlineData("sync", "cancel")]
    public async Task Step_ThatHangsIgnoringItsToken_IsGivenUpAndItsLateResultDiscarded(string way, string by)
    {
        using var hangs = new ManualResetEventSlim();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(
            engine => engine
                .AddStep("hang", async (payload, _) =>
                {
                    began.TrySetResult();
                    if (way == "sync")
                    {
                        hangs.Wait(CancellationToken.None);
                    }
                    else
                    {
                        await never.Task;
                    }

                    payload.SetVariable("late", true);
                    return StepResult.Completed();
                })
                .AddStep("good", (payload, _) => StepResult.Completed())
                .AddFlow("hang", flow => flow.Start("a", "hang", step => _ = by == "timeout" ? step.Timeout(TimeSpan.FromMilliseconds(50)) : step))
                .AddFlow("good", flow => flow.Start("a", "good")),
            options =>
            {
                QuickGrace(options);
                options.MaxConcurrentSteps = 1;
            });
        var job = await host.Engine.StartAsync("hang");
        await began.Task.Soon();
        if (by == "cancel")
        {
            await job.CancelAsync().Soon();
        }

        var result = await job.WaitAsync().Soon();
        (await host.Engine.RunAsync("good").Soon()).Status.Should().Be(JobStatus.Completed, "the only slot was given back");
        hangs.Set();
        never.SetResult();
        await Deadlines.EventuallyAsync(() => host.Log.Lines.Any(line => line.Contains("result was discarded", StringComparison.Ordinal)));

        (result.Status, result.Reason).Should().Be(by == "cancel" ? (JobStatus.Cancelled, Reasons.Cancelled) : (JobStatus.Failed, Reasons.Timeout));
        host.Log.Lines.Should().Contain(line => line.Contains("was given up after the grace period", StringComparison.Ordinal));
        (await job.GetVariablesAsync())["late"].Should().BeNull();
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task CancellationCallback_ThatThrows_IsLoggedAndTheCancelStillEnds()
    {
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("rude", async (_, cancellationToken) =>
            {
                using var rude = cancellationToken.Register(() => throw new InvalidOperationException("rude callback"));
                began.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                return StepResult.Completed();
            })
            .AddFlow("rude", flow => flow.Start("a", "rude")));
        var job = await host.Engine.StartAsync("rude");
        await began.Task.Soon();

        await job.CancelAsync().Soon();

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Cancelled);
        await Deadlines.EventuallyAsync(() => host.Log.Lines.Any(line => line.Contains("rude callback", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task StepClass_WhoseConstructorThrows_FailsAndIsMadeAgainByTheNextAttempt()
    {
        ThrowingOnce.Made = Scoped.Made = 0;
        await using var host = await TestHost.StartAsync(engine =>
        {
            engine.Services.AddSingleton<object>("dependency");
            engine.AddStep<Scoped>("scoped").AddStep<ThrowingOnce>("shared")
                .AddFlow("scoped", flow => flow.Start("a", "scoped")).AddFlow("shared", flow => flow.Start("a", "shared"));
        });

        foreach (var flow in new[] { "scoped", "shared" })
        {
            var failed = await host.Engine.RunAsync(flow).Soon();
            (failed.Status, failed.Message).Should().Be((JobStatus.Failed, "InvalidOperationException: constructor"));
            (await host.Engine.RunAsync(flow).Soon()).Status.Should().Be(JobStatus.Completed, flow);
        }
    }

    [Fact]
    public async Task Steps_ThatBlockTwoHundredPoolThreads_DelayOthersButLoseNothing()
    {
        // Not disposed: items of the pool may come to it after the test has ended.
        var gate = new ManualResetEventSlim();
        var blocked = 0;
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("block", (_, _) =>
            {
                for (var i = 0; i < 200; i++)
                {
                    ThreadPool.QueueUserWorkItem(_ =>
                    {
                        Interlocked.Increment(ref blocked);
                        gate.Wait(CancellationToken.None);
                    });
                }

                return StepResult.Completed();
            })
            .AddStep("good", (_, _) => StepResult.Completed())
            .AddFlow("block", flow => flow.Start("a", "block"))
            .AddFlow("good", flow => flow.Start("a", "good").Then("b", "good")));
        var release = new Thread(() =>
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref blocked) >= Environment.ProcessorCount, TimeSpan.FromSeconds(10));
            gate.Set();
        });
        release.Start();

        var jobs = new List<JobHandle> { await host.Engine.StartAsync("block") };
        for (var i = 0; i < 50; i++)
        {
            jobs.Add(await host.Engine.StartAsync("good"));
        }

        foreach (var job in jobs)
        {
            (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        }

        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task User_MutatingAnObjectAfterPuttingItIntoAPacket_ChangesNothing()
    {
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep("mutate", (payload, _) =>
            {
                var list = new List<int> { 1, 2 };
                var result = StepResult.Completed(DataPacket.Of(list));
                list.Add(3);
                return result;
            })
            .AddFlow("mutate", flow => flow.Start("a", "mutate")));

        (await host.Engine.RunAsync("mutate").Soon()).Output.Get<int[]>().Should().Equal(1, 2);
    }

    private static ValueTask<StepResult> Misbehave(string way, StepPayload payload)
    {
        switch (way)
        {
            case "sync":
                throw new InvalidOperationException("kaboom");
            case "async":
                return ThrowLaterAsync();
            case "null_task":
                return new ValueTask<StepResult>(Task.FromResult<StepResult>(null!));
            case "odd_cancel":
                throw new OperationCanceledException();
            case "illegal_name":
                payload.SetVariable("not legal", 1);
                break;
            case "cycle":
                var cycle = new Dictionary<string, object?>();
                cycle["self"] = cycle;
                return DataPacket.Of(cycle);
            case "wrong_input":
                payload.Get<int>();
                break;
        }

        return new ValueTask<StepResult>((StepResult)null!);
    }

    private static async ValueTask<StepResult> ThrowLaterAsync()
    {
        await Task.Yield();
        throw new InvalidOperationException("kaboom");
    }

    private sealed class Scoped : IStep
    {
        public static int Made;

        public Scoped(object dependency) => _ = Made++ == 0 ? throw new InvalidOperationException("constructor") : dependency;

        public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken) => StepResult.Completed();
    }

    private sealed class ThrowingOnce : IStep
    {
        public static int Made;

        public ThrowingOnce() => _ = Made++ == 0 ? throw new InvalidOperationException("constructor") : 0;

        public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken) => StepResult.Completed();
    }
}
