using WorkflowEngine.Storage;

namespace WorkflowEngine.Cli;

/// <summary>Flows kept in the store, so that a process can go on with jobs whose flow files it has never seen.</summary>
internal static class StoredFlows
{
    /// <summary>One definition per version, named <c>id@version</c>.</summary>
    private const string Versions = "flow";

    /// <summary>Which version new jobs start with, by flow id.</summary>
    private const string Active = "flow_active";

    /// <summary>Makes a flow the active version, here and, where the store is durable, in it; older versions stay known for the jobs that are pinned to them.</summary>
    public static async Task AddAsync(LocalEngine local, FlowDefinition flow)
    {
        var version = flow.Version;
        if (local.Store.Traits.IsDurable)
        {
            foreach (var stored in (await ReadAsync(local.Store, flow.Id)).Where(stored => stored.Version != version))
            {
                await TryAddAsync(local, stored);
            }
        }

        await local.Engine.Flows.AddAsync(flow);
        if (local.Store.Traits.IsDurable)
        {
            await local.Store.SaveDefinitionsAsync([new(Versions, $"{flow.Id}@{version}", flow.ToJson()), new(Active, flow.Id, version)], CancellationToken.None);
        }
    }

    /// <summary>Adds what the store knows and this process does not: one flow, or all of them.</summary>
    /// <returns>A line for each version that cannot run here.</returns>
    public static async Task<IReadOnlyList<string>> LoadAsync(LocalEngine local, string? flowId = null)
    {
        var problems = new List<string>();
        foreach (var stored in await ReadAsync(local.Store, flowId))
        {
            if (!local.Node.Catalog.TryGet(stored.Id, stored.Version, out _) && await TryAddAsync(local, stored) is { } problem)
            {
                problems.Add(problem);
            }
        }

        return problems;
    }

    /// <summary>Versions in the order in which they are to be added: the active one of a flow last.</summary>
    private static async Task<List<StoredFlow>> ReadAsync(IJobStore store, string? flowId)
    {
        var active = (await store.FindDefinitionsAsync(Active, flowId, CancellationToken.None)).ToDictionary(definition => definition.Name, definition => definition.Body, StringComparer.Ordinal);
        return [.. (await store.FindDefinitionsAsync(Versions, null, CancellationToken.None))
            .Select(definition => StoredFlow.Of(definition))
            .Where(stored => flowId is null || stored.Id == flowId)
            .OrderBy(stored => active.GetValueOrDefault(stored.Id) == stored.Version)];
    }

    private static async Task<string?> TryAddAsync(LocalEngine local, StoredFlow stored)
    {
        try
        {
            await local.Engine.Flows.AddAsync(FlowDefinition.Parse(stored.Json));
            return null;
        }
        catch (FlowValidationException error)
        {
            return $"flow {stored.Id} version {stored.Version} cannot run here: {error.Message}";
        }
    }

    private sealed record StoredFlow(string Id, string Version, string Json)
    {
        public static StoredFlow Of(StoredDefinition definition)
        {
            var at = definition.Name.LastIndexOf('@');
            return new StoredFlow(definition.Name[..at], definition.Name[(at + 1)..], definition.Body);
        }
    }
}
