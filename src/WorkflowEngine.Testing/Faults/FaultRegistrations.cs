using WorkflowEngine;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts faults between an engine and its store.</summary>
public static class FaultRegistrations
{
    /// <summary>
    /// Lets calls of the chosen store fail as the plan says. Call it after <c>Use…</c> of the store, in a host of the test's own; a <see cref="FlowTestHost"/> has its plan already.
    /// </summary>
    public static IWorkflowEngineBuilder UseFaults(this IWorkflowEngineBuilder builder, StoreFaults faults)
    {
        ArgumentNullException.ThrowIfNull(faults);
        var composition = builder.Composition();
        var make = composition.Store;
        composition.Store = services => new FaultStore(make(services), faults);
        return builder;
    }
}
