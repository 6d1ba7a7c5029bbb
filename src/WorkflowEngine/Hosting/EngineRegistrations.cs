using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using WorkflowEngine;
using WorkflowEngine.Storage;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers flows and the parts that an engine is made of.</summary>
public static class EngineRegistrations
{
    /// <summary>Adds a flow, declared fluently. It is checked when the host is built, with every problem at once.</summary>
    public static IWorkflowEngineBuilder AddFlow(this IWorkflowEngineBuilder builder, string id, Action<FlowBuilder> declare)
    {
        ArgumentNullException.ThrowIfNull(declare);
        var flow = new FlowBuilder(id);
        declare(flow);
        return builder.AddFlow(flow.Build());
    }

    /// <summary>Adds a flow.</summary>
    public static IWorkflowEngineBuilder AddFlow(this IWorkflowEngineBuilder builder, FlowDefinition flow)
    {
        ArgumentNullException.ThrowIfNull(flow);
        builder.Composition().Flows.Add(_ => [flow]);
        return builder;
    }

    /// <summary>Adds every <c>*.json</c> flow of a folder, relative to the content root.</summary>
    public static IWorkflowEngineBuilder AddFlowsFrom(this IWorkflowEngineBuilder builder, string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        builder.Composition().Flows.Add(services =>
        {
            var path = Rooted(services, folder);
            return Directory.Exists(path)
                ? Directory.EnumerateFiles(path, "*.json").Order(StringComparer.Ordinal).Select(file => FlowDefinition.Parse(File.ReadAllText(file)))
                : throw new DirectoryNotFoundException($"AddFlowsFrom(\"{folder}\"): there is no folder {path}.");
        });
        return builder;
    }

    /// <summary>Adds code around every attempt; the first added is the outermost.</summary>
    public static IWorkflowEngineBuilder AddStepMiddleware<T>(this IWorkflowEngineBuilder builder) where T : class, IStepMiddleware
    {
        builder.Composition().Middleware.Add(Make<T>);
        return builder;
    }

    /// <summary>Adds to the engine data of every new job.</summary>
    public static IWorkflowEngineBuilder AddEngineData<T>(this IWorkflowEngineBuilder builder) where T : class, IEngineDataProvider
    {
        builder.Composition().EngineData.Add(Make<T>);
        return builder;
    }

    /// <summary>Adds a source of secrets; the first that has a name wins.</summary>
    public static IWorkflowEngineBuilder AddSecrets<T>(this IWorkflowEngineBuilder builder) where T : class, ISecretProvider
    {
        builder.Composition().Secrets.Add(Make<T>);
        return builder;
    }

    /// <summary>Adds an observer of events: best effort.</summary>
    public static IWorkflowEngineBuilder AddObserver<T>(this IWorkflowEngineBuilder builder) where T : class, IJobObserver
    {
        builder.Composition().Observers.Add(Make<T>);
        return builder;
    }

    /// <summary>Keeps jobs in memory: they end with the process. The default.</summary>
    public static IWorkflowEngineBuilder UseInMemory(this IWorkflowEngineBuilder builder)
    {
        return builder.UseStore(static services => new InMemoryStore(EngineComposition.TimeOf(services)));
    }

    /// <summary>Keeps jobs in a store of one's own; the last <c>Use…</c> wins.</summary>
    public static IWorkflowEngineBuilder UseStore<T>(this IWorkflowEngineBuilder builder) where T : class, IJobStore
    {
        return builder.UseStore(Make<T>);
    }

    /// <summary>Keeps jobs in a store of one's own, made by a factory; the last <c>Use…</c> wins.</summary>
    /// <param name="builder">The engine.</param>
    /// <param name="make">Makes the store.</param>
    /// <param name="packetFolder">
    /// Where large packets lie unless <see cref="UseFilePackets"/> or <see cref="UsePackets"/> says otherwise; null: in a folder that ends with the process, which is enough
    /// only for a store that does too.
    /// </param>
    public static IWorkflowEngineBuilder UseStore(this IWorkflowEngineBuilder builder, Func<IServiceProvider, IJobStore> make, string? packetFolder = null)
    {
        ArgumentNullException.ThrowIfNull(make);
        builder.Composition().Store = make;
        builder.Composition().StorePacketFolder = packetFolder;
        return builder;
    }

    /// <summary>Keeps large packets as files below a folder, relative to the content root.</summary>
    public static IWorkflowEngineBuilder UseFilePackets(this IWorkflowEngineBuilder builder, string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        builder.Composition().Packets = services => new FilePacketStore(Rooted(services, folder), EngineComposition.TimeOf(services));
        return builder;
    }

    /// <summary>Keeps large packets in a store of one's own.</summary>
    public static IWorkflowEngineBuilder UsePackets<T>(this IWorkflowEngineBuilder builder) where T : class, IDataPacketStore
    {
        builder.Composition().Packets = Make<T>;
        return builder;
    }

    private static T Make<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(IServiceProvider services) where T : class
        => services.GetService<T>() ?? ActivatorUtilities.CreateInstance<T>(services);

    private static string Rooted(IServiceProvider services, string folder)
        => Path.GetFullPath(folder, services.GetService<IHostEnvironment>()?.ContentRootPath ?? Environment.CurrentDirectory);
}
