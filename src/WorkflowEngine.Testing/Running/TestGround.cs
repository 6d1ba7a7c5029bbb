using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>What a test host's nodes stand on, one after the other: everything that outlives a crash.</summary>
internal sealed class TestGround(Action<IWorkflowEngineBuilder> configure, Action<WorkflowEngineOptions>? options)
{
    private readonly MemoryPackets _packets = new();
    private IJobStore? _store;

    public Action<IWorkflowEngineBuilder> Configure => configure;

    public Action<WorkflowEngineOptions>? Options => options;

    public VirtualTime Time { get; } = new();

    public StoreFaults Faults { get; } = new();

    public CrashPlan Crashes { get; } = new();

    public List<FakeStep> Fakes { get; } = [];

    /// <summary>Jobs in memory outlive the node, as they would in a database. A durable store is opened anew by each node, as by a new process.</summary>
    public IJobStore StoreOf(IServiceProvider services, Func<IServiceProvider, IJobStore> make)
    {
        if (_store is { } kept)
        {
            return kept;
        }

        var made = make(new StoreServices(services, Time));
        _store = made.Traits.IsDurable ? null : made;
        return made;
    }

    public IDataPacketStore PacketsOf(IServiceProvider services, Func<IServiceProvider, IDataPacketStore>? make) => make?.Invoke(services) ?? _packets;

    /// <summary>Nobody waits for the lease of a node that is known to be dead: it is over at once, the next node declares it dead, and its jobs are struck (G4).</summary>
    public static async ValueTask BuryAsync(TestNode dead)
    {
        if (!dead.Store.Traits.IsDurable)
        {
            await dead.Store.Inner.RenewAsync(new NodeBeat(dead.Engine.Node.Incarnation, dead.Engine.Node.Name, TimeSpan.Zero), CancellationToken.None).ConfigureAwait(false);
        }
        else
        {
            await dead.Store.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A store has its own clock, right whatever a node's clock says (G3).</summary>
    private sealed class StoreServices(IServiceProvider services, TimeProvider time) : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType == typeof(TimeProvider) ? time : services.GetService(serviceType);
    }
}
