namespace WorkflowEngine;

/// <summary>What a store can be asked to do; the members of <c>IJobStore</c> that may fail.</summary>
public enum StoreMember
{
    /// <summary>A node's sign of life.</summary>
    Renew,

    /// <summary>A node takes jobs.</summary>
    Claim,

    /// <summary>Transitions become durable: the only way state changes.</summary>
    Commit,

    /// <summary>A message goes to a job's inbox.</summary>
    Send,

    /// <summary>A job is read.</summary>
    Load,

    /// <summary>Jobs are listed.</summary>
    List,

    /// <summary>Events are read.</summary>
    ReadEvents,

    /// <summary>Counts are read.</summary>
    Overview,

    /// <summary>Definitions are stored.</summary>
    SaveDefinitions,

    /// <summary>Definitions are read.</summary>
    FindDefinitions,

    /// <summary>Old jobs are deleted.</summary>
    Prune,
}

/// <summary>
/// Store calls that fail with a <see cref="StoreException"/>. Calls are counted from when the fault was added, among those of <see cref="Member"/>:
/// <c>new Fault { Member = StoreMember.Commit, Call = 3, AfterEffect = true }</c> loses the reply of the third commit from here on.
/// </summary>
public sealed record Fault
{
    /// <summary>Only calls of this member count and fail; null: all calls.</summary>
    public StoreMember? Member { get; init; }

    /// <summary>The first call that fails; 1 is the next one.</summary>
    public int Call { get; init; } = 1;

    /// <summary>How many calls fail, one after the other. Default 1; <see cref="int.MaxValue"/>: all from then on.</summary>
    public int Times { get; init; } = 1;

    /// <summary>True: the call takes effect, and only its reply is lost. Default false: it fails before it had any effect.</summary>
    public bool AfterEffect { get; init; }

    /// <summary>Whether the exception says that trying again may help. Default true.</summary>
    public bool IsTransient { get; init; } = true;

    /// <summary>The exception's message; null: one that names the call.</summary>
    public string? Message { get; init; }
}
