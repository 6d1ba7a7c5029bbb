using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>A flow as lists show it.</summary>
/// <param name="Id">The flow.</param>
/// <param name="Version">Its active version: what new jobs start with.</param>
/// <param name="Name">The name for people; null: none.</param>
/// <param name="Description">What it is for; null: none.</param>
/// <param name="StepCount">How many steps the active version has.</param>
/// <param name="VersionCount">How many versions are known.</param>
public sealed record FlowSummary(string Id, string Version, string? Name, string? Description, int StepCount, int VersionCount);

/// <summary>The flows that jobs can be started from. Versions are immutable; adding never touches jobs that run (S1).</summary>
public interface IFlowCatalog
{
    /// <summary>The flow's active version, or the one asked for; null when it is not known.</summary>
    Task<FlowDefinition?> FindAsync(string flowId, string? version = null, CancellationToken cancellationToken = default);

    /// <summary>All flows with their active versions, in order of their ids.</summary>
    IAsyncEnumerable<FlowSummary> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Checks a flow and makes it the active version of its id. Content that is known already changes nothing, so that a host that starts late with an old
    /// flow never moves <c>active</c> back.
    /// </summary>
    /// <returns>The version.</returns>
    /// <exception cref="FlowValidationException">The flow cannot run; nothing was added.</exception>
    Task<string> AddAsync(FlowDefinition flow, CancellationToken cancellationToken = default);
}

/// <summary>The flows of this process, compiled. Reads take no lock.</summary>
internal sealed class FlowCatalog(StepRegistry registry, JsonSerializerOptions? json = null) : IFlowCatalog
{
    private readonly ConcurrentDictionary<string, FlowVersions> _flows = new(StringComparer.Ordinal);

    /// <summary>Every version of every flow.</summary>
    public IEnumerable<CompiledFlow> All => _flows.Values.SelectMany(versions => versions.All.Values);

    public bool TryGetActive(string flowId, [NotNullWhen(true)] out CompiledFlow? flow)
    {
        flow = _flows.TryGetValue(flowId, out var versions) ? versions.Active : null;
        return flow is not null;
    }

    public bool TryGet(string flowId, string version, [NotNullWhen(true)] out CompiledFlow? flow)
    {
        flow = null;
        return _flows.TryGetValue(flowId, out var versions) && versions.All.TryGetValue(version, out flow);
    }

    /// <exception cref="FlowNotFoundException">Names the nearest id.</exception>
    public CompiledFlow GetActive(string flowId)
        => TryGetActive(flowId, out var flow) ? flow : throw new FlowNotFoundException(flowId, NearestName.Find(flowId, _flows.Keys.Order(StringComparer.Ordinal)));

    /// <summary>The compiled flow; the known one when the content is known.</summary>
    /// <exception cref="FlowValidationException">The flow cannot run.</exception>
    public CompiledFlow Add(FlowDefinition flow)
    {
        ArgumentNullException.ThrowIfNull(flow);
        if (Identifier.IsFlowId(flow.Id) && TryGet(flow.Id, flow.Version, out var known))
        {
            return known;
        }

        var compiled = FlowCompiler.Compile(flow, registry, json);
        var added = _flows.AddOrUpdate(
            compiled.Id,
            static (_, added) => new FlowVersions(added, ImmutableDictionary.Create<string, CompiledFlow>(StringComparer.Ordinal).Add(added.Version, added)),
            static (_, versions, added) => versions.All.ContainsKey(added.Version) ? versions : new FlowVersions(added, versions.All.Add(added.Version, added)),
            compiled);
        return added.All[compiled.Version];
    }

    public Task<FlowDefinition?> FindAsync(string flowId, string? version = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(flowId);
        cancellationToken.ThrowIfCancellationRequested();
        var isKnown = version is null ? TryGetActive(flowId, out var flow) : TryGet(flowId, version, out flow);
        return Task.FromResult(isKnown ? flow!.Definition : null);
    }

    public IAsyncEnumerable<FlowSummary> ListAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _flows.Values.OrderBy(versions => versions.Active.Id, StringComparer.Ordinal).Select(Summarize).ToAsyncEnumerable();
    }

    public Task<string> AddAsync(FlowDefinition flow, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Add(flow).Version);
    }

    private static FlowSummary Summarize(FlowVersions versions)
    {
        var active = versions.Active;
        return new FlowSummary(active.Id, active.Version, active.Definition.Name, active.Definition.Description, active.Steps.Length, versions.All.Count);
    }

    /// <summary>The versions of one flow; replaced as a whole, so that a reader never sees half a change.</summary>
    private sealed record FlowVersions(CompiledFlow Active, ImmutableDictionary<string, CompiledFlow> All);
}
