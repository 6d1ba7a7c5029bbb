using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Engine.Recovery;

/// <summary>How a node keeps its lease, and what it does when it has lost it (G3).</summary>
public sealed class LeaseTests : IAsyncDisposable
{
    private static readonly Guid Other = new("0198c000-0000-7000-8000-000000000009");

    private readonly Probe _probe = new();
    private readonly InMemoryStore _memory = new(TimeProvider.System);
    private readonly FaultStore _store;
    private readonly TaskCompletionSource<StopReason> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _bodies;

    public LeaseTests() => _store = new FaultStore(_memory);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Node_DeclaredDead_StopsItsBodiesAndGoesOnAsANewLife()
    {
        await using var host = await StartAsync();
        var first = host.Node.Incarnation;
        var job = await host.Engine.StartAsync("chain");
        await _probe.Began("a");

        await DeclareDeadAsync(first);

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (await _stopped.Task.Soon()).Should().Be(StopReason.LeaseLost);
        host.Node.Incarnation.Should().NotBe(first);
        (_bodies, (await _memory.LoadAsync(job.Id, JobParts.Head, default))!.Epoch).Should().Be((2, 2), "the step ran again under the next owner, and a lost lease is no attempt");
        (await job.GetStatusAsync())["a"].Attempts.Should().Be(1);
        await host.NothingIsHeldAsync();
    }

    [Fact]
    public async Task Node_ThatCannotRenew_StopsItsBodiesBeforeAnybodyElseMayHaveThem()
    {
        await using var host = await StartAsync();
        var job = await host.Engine.StartAsync("chain");
        await _probe.Began("a");

        _store.Before = call => call.Member == StoreMember.Renew ? throw new StoreException("cut off", isTransient: true) : default;
        (await _stopped.Task.Soon()).Should().Be(StopReason.LeaseLost);
        var lease = (await _memory.LoadAsync(job.Id, JobParts.Head, default))!.LeasedUntil;
        var fenced = host.Node.IsFenced;
        _store.Before = static _ => default;

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (fenced, lease is not null).Should().Be((true, true));
        host.Log.Lines.Should().Contain(line => line.Contains("gave up its 1 jobs: its lease could not be renewed", StringComparison.Ordinal));
        host.Log.Lines.Should().Contain(line => line.Contains("has its lease again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_OnAFencedNode_LeavesTheJobInTheStore()
    {
        await using var host = await StartAsync(hold: false);
        host.Node.LoseJobs("a test says so");

        var job = await host.Engine.StartAsync("chain", options: new JobOptions { Key = "k" });

        (await _memory.LoadAsync(job.Id, JobParts.Head, default))!.Epoch.Should().BeLessThan(2);
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
    }

    [Fact]
    public async Task Start_WhileTheNodeCountsWhatItHolds_IsHandedOutOnce()
    {
        await using var host = await StartAsync(hold: false);
        JobHandle? started = null;
        _store.Before = async call =>
        {
            if (call.Member == StoreMember.Claim && !host.Node.LostTrack && Interlocked.Exchange(ref _bodies, -100) >= 0)
            {
                started = await host.Engine.StartAsync("chain"); // Between the list of what is held and the claim that names it.
            }
        };
        host.Node.LostTrack = true;
        await host.Engine.StartAsync("chain", options: new JobOptions { StartAfter = DateTimeOffset.UtcNow });
        while (Volatile.Read(ref started) is null)
        {
            await Task.Yield();
        }

        (await started!.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);

        (await _memory.LoadAsync(started.Id, JobParts.Head, default))!.Epoch.Should().Be(1);
        host.Log.Lines.Should().NotContain(line => line.Contains("was refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TwoNodes_OnOneStore_TakeOverFromEachOther()
    {
        await using var first = await StartAsync(name: "first");
        var job = await first.Engine.StartAsync("chain");
        await _probe.Began("a");
        var second = await TestHost.StartAsync(engine => Flows(engine, hold: false).UseStore(_ => new FaultStore(_memory)), Options("second"));
        await using (second)
        {
            // From here on the first node is as good as dead: nothing of it comes through.
            _store.Before = _ => throw new StoreException("dead", isTransient: true);
            await DeclareDeadAsync(first.Node.Incarnation);

            (await second.Engine.GetJob(job.Id).WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
            var events = await second.Engine.GetJob(job.Id).EventsAsync();
            events.First(happened => happened.Type == JobEventTypes.JobCreated).Node.Should().Be("first");
            events.Last(happened => happened.Type == JobEventTypes.JobCompleted).Node.Should().Be("second");
            _store.Before = static _ => default;
        }
    }

    /// <summary>R5: a hundred thousand jobs, each created in the same instant in which another life's are rescued.</summary>
    [Fact]
    public async Task Rescue_InTheSameInstantAsACreation_TakesOnlyTheDeadOnes()
    {
        var time = new StandingTime();
        var doubles = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var store = new InMemoryStore(time);
            await store.RenewAsync(new NodeBeat(Dead, "dead", TimeSpan.Zero), default);
            await store.RenewAsync(new NodeBeat(Living, "living", TimeSpan.FromMinutes(1)), default);
            var fresh = Creation(time);
            await CommitAsync(store, fresh, Living);
            var reply = await store.ClaimAsync(new ClaimRequest { Incarnation = Other, Slots = 10, Flows = new HashSet<FlowKey> { new("flow", "1") } }, default);
            doubles += reply.Jobs.Count;
        }

        doubles.Should().Be(0);
    }

    private static readonly Guid Dead = new(1, 0, 0, new byte[8]);
    private static readonly Guid Living = new(2, 0, 0, new byte[8]);

    private static JobCreation Creation(TimeProvider time)
        => new() { Id = JobId.New(time.GetUtcNow()), FlowId = "flow", FlowVersion = "1", CreatedAt = time.GetUtcNow().UtcTicks };

    private static async Task CommitAsync(InMemoryStore store, JobCreation creation, Guid owner)
    {
        var transition = new TransitionBuilder { Id = creation.Id, Creation = creation, Incarnation = owner, Epoch = 1, Head = new JobHead { Version = 1, Attempt = 1, Status = JobStatus.Running, Total = 1 } };
        await store.CommitAsync(new[] { transition.Build() }, new CommitVerdict[1], default);
    }

    /// <summary>The lease is over by the store's time, and another life says so.</summary>
    private async Task DeclareDeadAsync(Guid incarnation)
    {
        await _memory.RenewAsync(new NodeBeat(incarnation, "gone", TimeSpan.Zero), default);
        await _memory.RenewAsync(new NodeBeat(Other, "other", TimeSpan.FromMinutes(1)), default);
    }

    private Task<TestHost> StartAsync(bool hold = true, string name = "node") => TestHost.StartAsync(engine => Flows(engine, hold).UseStore(_ => _store), Options(name));

    private static Action<WorkflowEngineOptions> Options(string name) => options =>
    {
        options.LeaseDuration = TimeSpan.FromSeconds(1);
        options.PollInterval = TimeSpan.FromMilliseconds(50);
        options.NodeName = name;
    };

    private IWorkflowEngineBuilder Flows(IWorkflowEngineBuilder engine, bool hold)
        => _probe.AddTo(engine)
            .AddStep("first", async (payload, cancellationToken) =>
            {
                if (Interlocked.Increment(ref _bodies) != 1 || !hold)
                {
                    return StepResult.Completed();
                }

                _probe.Tell("a");
                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    _stopped.TrySetResult(payload.StopReason);
                }

                return StepResult.Completed();
            })
            .AddFlow("chain", flow => flow.Start("a", "first").Then("b", "probe"));

    /// <summary>A clock that stands still.</summary>
    private sealed class StandingTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
