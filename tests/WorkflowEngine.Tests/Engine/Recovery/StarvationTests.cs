using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Engine.Recovery;

/// <summary>R16: bodies that block every thread of the pool cost no lease. Runs alone, since it stops the pool of the whole process.</summary>
[Collection(nameof(StarvationTests))]
public sealed class StarvationTests
{
    private static readonly Guid Other = new("0198c000-0000-7000-8000-000000000008");
    private readonly InMemoryStore _memory = new(TimeProvider.System);

    [Fact]
    public async Task Lease_WithTwoHundredBlockedPoolThreads_IsKept()
    {
        (await StarveAsync(TimeProvider.System, isEnough: (beats, _) => beats >= 6)).Should().BeTrue("the lease is a second long, is renewed three times in each, and nobody may have called the node dead");
    }

    /// <summary>The negative control: the same renewals from the pool's timers come too late.</summary>
    [Fact]
    public async Task Lease_KeptByThePoolsOwnTimers_IsLost()
    {
        (await StarveAsync(new PoolTime(), isEnough: (_, isAlive) => !isAlive)).Should().BeFalse();
    }

    /// <summary>Blocks the pool and looks at the store as another node does, from a thread of its own, until enough is seen. Whether the node was alive then.</summary>
    private async Task<bool> StarveAsync(TimeProvider time, Func<int, bool, bool> isEnough)
    {
        var beats = 0;
        var store = new FaultStore(_memory) { Before = call => Count(call.Member == StoreMember.Renew) };
        await using var host = await TestHost.StartAsync(
            engine =>
            {
                engine.Services.AddSingleton(time);
                engine.AddStep("idle", (payload, _) => payload.Data).AddFlow("f", flow => flow.Start("a", "idle")).UseStore(_ => store);
            },
            options => (options.LeaseDuration, options.NodeName) = (TimeSpan.FromSeconds(1), "starved"));
        return await Task.Factory.StartNew(Starve, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        bool Starve()
        {
            var blocked = new ManualResetEventSlim(); // Not disposed: threads of the pool may still look at it.
            for (var i = 0; i < 200; i++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static gate => gate.Wait(), blocked, preferLocal: false);
            }

            var began = TimeProvider.System.GetTimestamp();
            Interlocked.Exchange(ref beats, 0);
            var isAlive = true;
            while (!isEnough(Volatile.Read(ref beats), isAlive) && TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20))
            {
                _memory.RenewAsync(new NodeBeat(Other, "other", TimeSpan.FromMinutes(1)), default).AsTask().GetAwaiter().GetResult();
                isAlive = _memory.OverviewAsync(default).AsTask().GetAwaiter().GetResult().Nodes.Contains("starved");
                Thread.Yield();
            }

            blocked.Set();
            SpinWait.SpinUntil(() => ThreadPool.PendingWorkItemCount < 100);
            return isAlive;
        }

        ValueTask Count(bool isBeat)
        {
            Interlocked.Add(ref beats, isBeat ? 1 : 0);
            return default;
        }
    }

    /// <summary>The system's clock under another name: what it drives runs on the pool.</summary>
    private sealed class PoolTime : TimeProvider;
}

[CollectionDefinition(nameof(StarvationTests), DisableParallelization = true)]
public sealed class StarvationAlone;
