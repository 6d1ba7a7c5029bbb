using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>One engine of a host: put together here by hand, so that this file is all there is to read to know what runs.</summary>
internal sealed class EngineHost : IHostedService, IAsyncDisposable
{
    private readonly IReadOnlyList<IJobObserver> _observers;
    private readonly Pruner _pruner;
    private readonly string? _temporaryPackets;
    private readonly CancellationTokenSource _stop = new();
    private Task _observing = Task.CompletedTask;
    private int _state;
    private int _isDisposed;

    public EngineHost(IServiceProvider services, EngineComposition composition, string? name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<WorkflowEngineOptions>>().Get(name ?? Options.DefaultName);
        var time = EngineComposition.TimeOf(services);
        var loggers = services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        var registry = new StepRegistry(BuiltInSteps.All.Concat(composition.Steps.Select(step => step(services))));
        var catalog = new FlowCatalog(registry, options.Json);
        var packets = composition.Packets?.Invoke(services) ?? StorePackets(composition.StorePacketFolder, time, out _temporaryPackets);
        WorkflowJson.AllowBytes(options.MaxPacketBytes);
        var store = composition.Store(services);
        var vault = new PacketVault(packets, Math.Min(options.InlinePacketBytes, store.Traits.MaxValueBytes), options.MaxPacketBytes);
        var rendering = new ConfigRendering(vault, Make(composition.Secrets, services));
        _observers = Make(composition.Observers, services);
        Node = new EngineNode
        {
            Options = options,
            Store = store,
            Commits = new StoreCommits(store, store.Traits.IsSynchronous ? null : new GroupCommitter(store, time, loggers.CreateLogger("WorkflowEngine"))),
            Catalog = catalog,
            Registry = registry,
            Scheduler = services.GetService<IStepScheduler>() ?? new StepScheduler(options.MaxConcurrentSteps),
            Executor = new StepExecutor(services, Make(composition.Middleware, services), rendering, vault, time, loggers),
            Rendering = rendering,
            Vault = vault,
            Packets = packets,
            Time = time,
            Timers = new DueTimers(time),
            Services = services,
            Loggers = loggers,
            Log = loggers.CreateLogger("WorkflowEngine"),
            Incarnation = Guid.CreateVersion7(time.GetUtcNow()),
            Name = options.NodeName ?? Environment.MachineName,
        };
        foreach (var flow in composition.Flows.SelectMany(flows => flows(services)))
        {
            catalog.Add(flow);
        }

        var starter = new JobStarter(Node, Make(composition.EngineData, services));
        var reading = new JobReading(Node);
        Loop = new EngineLoop(Node);
        Client = new WorkflowEngineClient(Node, starter, reading, new JobControl(Node, starter, reading), new SessionOpening(Node, Loop, starter));
        foreach (var (flow, step) in composition.CodeFlows.Select(make => make(Client)))
        {
            registry.Replace(step);
            catalog.Add(flow);
        }

        _pruner = new Pruner(Node);
    }

    public EngineNode Node { get; }

    public EngineLoop Loop { get; }

    public IWorkflowEngine Client { get; }

    /// <summary>Starting twice is starting once.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, 1, 0) == 0 && Node.Options.RunJobs)
        {
            // Each observer has a queue and a loop of its own, so that a slow one delays no other.
            var watched = _observers.Select(observer => (observer, Node.Events.Watch(job: null, capacity: 65_536))).ToList();
            _observing = Task.WhenAll(watched.Select(pair => Task.Run(() => ObserveAsync(pair.observer, pair.Item2), CancellationToken.None)));

            await Loop.StartAsync(cancellationToken).ConfigureAwait(false);
            _pruner.Start();
        }
    }

    /// <summary>Stopping what was not started, or twice, does nothing.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, 2, 1) == 1 && Node.Options.RunJobs)
        {
            await Loop.StopAsync(cancellationToken).ConfigureAwait(false);
            await _pruner.DisposeAsync().ConfigureAwait(false);
            await _stop.CancelAsync().ConfigureAwait(false);
            // One that ignores its token is left behind.
            await _observing.WaitAsync(Node.Options.StepCancellationGrace, Node.Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Disposing twice is disposing once: the container knows this host by two names.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        Loop.Dispose();
        await Node.Commits.DisposeAsync().ConfigureAwait(false);
        if (Node.Store is IAsyncDisposable store)
        {
            await store.DisposeAsync().ConfigureAwait(false);
        }

        Node.Timers.Dispose();
        _stop.Dispose();
        if (_temporaryPackets is not null && Directory.Exists(_temporaryPackets))
        {
            Directory.Delete(_temporaryPackets, recursive: true);
        }
    }

    private async Task ObserveAsync(IJobObserver observer, EventHub.Watcher watcher)
    {
        using (watcher)
        {
            await foreach (var row in watcher.Rows.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
            {
                foreach (var happened in row.Read())
                {
                    await TellAsync(observer, happened).ConfigureAwait(false);
                }
            }
        }
    }

    private async ValueTask TellAsync(IJobObserver observer, JobEvent happened)
    {
        try
        {
            await observer.OnEventAsync(happened, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException || !_stop.IsCancellationRequested)
        {
            EngineLog.ObserverFailed(Node.Log, error, happened.JobId);
        }
    }

    /// <summary>Without a packet folder large packets live as long as the process, like the jobs in memory.</summary>
    private static FilePacketStore StorePackets(string? folder, TimeProvider time, out string? temporary)
    {
        temporary = folder is not null ? null : Path.Combine(Path.GetTempPath(), $"workflow-packets-{Environment.ProcessId}-{Guid.CreateVersion7(time.GetUtcNow()):N}");
        return new FilePacketStore(folder ?? temporary!, time);
    }

    private static IReadOnlyList<T> Make<T>(List<Func<IServiceProvider, T>> factories, IServiceProvider services) => [.. factories.Select(factory => factory(services))];
}
