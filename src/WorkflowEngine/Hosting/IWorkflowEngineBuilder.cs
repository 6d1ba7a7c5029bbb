using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine;

/// <summary>Collects what an engine is made of. The extension methods that fill it are in <c>Microsoft.Extensions.DependencyInjection</c>.</summary>
public interface IWorkflowEngineBuilder
{
    /// <summary>The host's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>The engine's name; null for the default one.</summary>
    string? Name { get; }
}

internal sealed class WorkflowEngineBuilder(IServiceCollection services, string? name, EngineComposition composition) : IWorkflowEngineBuilder
{
    public IServiceCollection Services { get; } = services;

    public string? Name { get; } = name;

    public EngineComposition Composition { get; } = composition;
}
