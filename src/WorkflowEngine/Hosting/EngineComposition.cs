using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>What was registered for one engine name: read once, when its host is built.</summary>
internal sealed class EngineComposition
{
    public List<Func<IServiceProvider, StepRegistration>> Steps { get; } = [];

    public List<Func<IServiceProvider, IEnumerable<FlowDefinition>>> Flows { get; } = [];

    /// <summary>Flows in code, each with the step type that runs it.</summary>
    public List<Func<IWorkflowEngine, (FlowDefinition Flow, StepRegistration Step)>> CodeFlows { get; } = [];

    public List<Func<IServiceProvider, IStepMiddleware>> Middleware { get; } = [];

    public List<Func<IServiceProvider, IEngineDataProvider>> EngineData { get; } = [];

    public List<Func<IServiceProvider, ISecretProvider>> Secrets { get; } = [];

    public List<Func<IServiceProvider, IJobObserver>> Observers { get; } = [];

    /// <summary>The last <c>Use…</c> wins.</summary>
    public Func<IServiceProvider, IJobStore> Store { get; set; } = static services => new InMemoryStore(TimeOf(services));

    public Func<IServiceProvider, IDataPacketStore>? Packets { get; set; }

    /// <summary>Where the store wants large packets when nothing else is said.</summary>
    public string? StorePacketFolder { get; set; }

    public static TimeProvider TimeOf(IServiceProvider services) => services.GetService<TimeProvider>() ?? TimeProvider.System;
}

/// <summary>Takes events as they are committed on this node: best effort. A slow or throwing observer harms nobody (S25).</summary>
public interface IJobObserver
{
    /// <summary>Called for every event, in order within a job.</summary>
    ValueTask OnEventAsync(JobEvent jobEvent, CancellationToken cancellationToken);
}
