using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>One call of a store.</summary>
public sealed class StoreCall
{
    internal StoreCall(int number, StoreMember member, IReadOnlyList<JobId> jobs)
    {
        Number = number;
        Member = member;
        Jobs = jobs;
    }

    /// <summary>The number among all calls, from 1 on.</summary>
    public int Number { get; }

    /// <summary>What was asked.</summary>
    public StoreMember Member { get; }

    /// <summary>The jobs that were named in the call; for a claim those that it returned.</summary>
    public IReadOnlyList<JobId> Jobs { get; internal set; }

    /// <summary>The fault that this call met; null when it met none.</summary>
    public Fault? Fault { get; internal set; }

    /// <summary>While a commit lasts: its transitions, which belong to the engine.</summary>
    internal ReadOnlyMemory<JobTransition> Transitions { get; set; }

    /// <summary>The store is not asked, and the caller is told that all is well: how a store that loses what it acknowledged looks.</summary>
    internal bool IsSwallowed { get; set; }

    /// <summary>The call in one line.</summary>
    public override string ToString() => $"#{Number} {Member}{(Jobs.Count == 0 ? "" : $" of {string.Join(", ", Jobs)}")}{(Fault is null ? "" : Fault.AfterEffect ? ", reply lost" : ", failed")}";
}
