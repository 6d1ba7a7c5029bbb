using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// One life of an engine in a test host: its services, its slots, its clock, and its only ways to the outside, which close when it dies. A dead node is left as it lies,
/// like a killed process: nothing of it is disposed, its timers never fire, and nothing that it still does reaches the store.
/// </summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly TestGround _ground;
    private readonly ServiceProvider _services;
    private FaultStore? _store;

    private TestNode(TestGround ground)
    {
        _ground = ground;
        Time = new NodeTime(ground.Time);
        _services = Compose().BuildServiceProvider();
        try
        {
            Engine = _services.GetRequiredKeyedService<EngineHost>(string.Empty);
            Slots = (SlotQueue)_services.GetRequiredService<IStepScheduler>();
        }
        catch
        {
            _services.Dispose();
            throw;
        }
    }

    public IServiceProvider Services => _services;

    public EngineHost Engine { get; }

    public SlotQueue Slots { get; }

    public NodeTime Time { get; }

    public FaultStore Store => _store!;

    public bool IsDead => Time.IsDead;

    public static async Task<TestNode> StartAsync(TestGround ground)
    {
        var node = new TestNode(ground);
        try
        {
            node.Engine.Node.ClaimsItself = false; // The host's loop claims, so that a run is the same each time.
            foreach (var fake in ground.Fakes)
            {
                node.Use(fake);
            }

            foreach (var service in node._services.GetServices<IHostedService>())
            {
                await service.StartAsync(CancellationToken.None).ConfigureAwait(false);
            }

            return node;
        }
        catch
        {
            await node._services.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public void Use(FakeStep fake)
    {
        var known = Engine.Node.Registry.TryGet(fake.Type, out var registration) ? registration : new StepRegistration { Type = fake.Type, Name = fake.Type };
        Engine.Node.Registry.Replace(known with { NeedsScope = false, Resolve = _ => fake });
    }

    /// <summary>Dies here if that is the plan.</summary>
    public void PassBy(CrashPoint point)
    {
        ThrowIfDead();
        if (_ground.Crashes.Strikes(point))
        {
            Die();
            throw CrashPlan.Death;
        }
    }

    /// <summary>Whoever waits here for the verdict on a command, which the test may be, is told: it has lost its server.</summary>
    public void Die()
    {
        Time.Die();
        Engine.Node.Answers.FailAll(CrashPlan.Death);
    }

    public void ThrowIfDead()
    {
        if (IsDead)
        {
            throw CrashPlan.Death;
        }
    }

    public async Task StopAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private ServiceCollection Compose()
    {
        var services = new ServiceCollection();
        var builder = services.AddWorkflowEngine(chosen =>
        {
            chosen.ShutdownGrace = TimeSpan.Zero;
            chosen.LeaseDuration = TimeSpan.FromDays(3660); // Time moves in leaps here, and a node that runs in leaps is not dead.
            chosen.Retention = FlowTestHost.Horizon * 10;
            chosen.NodeName = "test";
            _ground.Options?.Invoke(chosen);
        });
        _ground.Configure(builder);
        var composition = builder.Composition();
        var (store, packets) = (composition.Store, composition.Packets);
        composition.Store = provider => _store = Watched(_ground.StoreOf(provider, store));
        composition.Packets = provider => new CrashingPackets(_ground.PacketsOf(provider, packets), this);
        composition.Middleware.Insert(0, _ => new CrashingBodies(this));
        services.PostConfigure<WorkflowEngineOptions>(chosen => chosen.PollInterval = VirtualTime.PollInterval);
        services.Replace(ServiceDescriptor.Singleton<TimeProvider>(Time));
        services.Replace(ServiceDescriptor.Singleton<IStepScheduler>(
            provider => new SlotQueue(provider.GetRequiredService<IOptionsMonitor<WorkflowEngineOptions>>().CurrentValue.MaxConcurrentSteps)));
        services.TryAddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.TryAddSingleton(typeof(ILogger<>), typeof(Logger<>));
        return services;
    }

    private FaultStore Watched(IJobStore store) => new(store, _ground.Faults)
    {
        Enter = ThrowIfDead,
        Before = call =>
        {
            if (call.Member is StoreMember.Commit or StoreMember.Claim)
            {
                PassBy(call.Member == StoreMember.Commit ? CrashPoint.BeforeCommit : CrashPoint.BeforeClaim);
            }

            return default;
        },
        After = call =>
        {
            if (call.Member is StoreMember.Commit or StoreMember.Claim)
            {
                PassBy(call.Member == StoreMember.Commit ? CrashPoint.AfterCommit : CrashPoint.AfterClaim);
            }

            return call.Member == StoreMember.Send ? TakeMailAsync(call.Jobs[0]) : default;
        },
    };

    /// <summary>A message for a job that nobody holds is a reason to claim: the sender waits for its verdict, perhaps while the host's loop rests.</summary>
    private async ValueTask TakeMailAsync(JobId job)
    {
        if (Engine.Node is { Accepts: true, IsDraining: false } && Engine.Node.Find(job) is null)
        {
            try
            {
                await Engine.Loop.ClaimNowAsync().ConfigureAwait(false);
            }
            catch (StoreException)
            {
                ThrowIfDead(); // Otherwise: the message is stored all the same, and the loop claims again.
            }
        }
    }
}
