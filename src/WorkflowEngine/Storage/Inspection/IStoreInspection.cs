namespace WorkflowEngine.Storage;

/// <summary>What a store that keeps a file or a database may offer beside <see cref="IJobStore"/>, so that <c>wf doctor</c> sees what no member of that shows.</summary>
public interface IStoreInspection
{
    /// <summary>Looks for damage, and for rows that contradict one another. Without <paramref name="repairs"/> nothing is changed.</summary>
    /// <param name="repairs">Repair what can be repaired without losing data; refused while a worker uses the store.</param>
    /// <param name="cancellationToken">Ends the look; what was repaired by then stays so.</param>
    /// <exception cref="StoreException">The store cannot be read, or is to be repaired while a worker uses it.</exception>
    ValueTask<IReadOnlyList<StoreFinding>> InspectAsync(bool repairs, CancellationToken cancellationToken);

    /// <summary>The ids of jobs in ascending order, also of those that cannot be read.</summary>
    ValueTask<IReadOnlyList<JobId>> ListIdsAsync(JobId? after, int limit, CancellationToken cancellationToken);
}

/// <summary>Something in a store that contradicts its rules.</summary>
/// <param name="Code">Which rule, as a snake_case code.</param>
/// <param name="Message">What was found.</param>
/// <param name="Job">The job concerned; null: the store as a whole.</param>
public sealed record StoreFinding(string Code, string Message, JobId? Job = null)
{
    /// <summary>What helps, for people; null: repairing the store does.</summary>
    public string? Advice { get; init; }

    /// <summary>True when it was found and is mended.</summary>
    public bool IsRepaired { get; init; }

    /// <summary>True for what is worth knowing and breaks no rule.</summary>
    public bool IsNote { get; init; }
}
