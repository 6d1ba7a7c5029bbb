using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>The transition of a job that no runner holds.</summary>
internal static class UnownedJob
{
    /// <summary>The first transition of a job that nobody owns yet.</summary>
    public static JobTransition SealUnowned(JobState state, string node)
    {
        state.Changes.Events.Sign(node);
        state.Head.Version++;
        state.Head.DueAt = state.Creation.Options?.StartAfter?.UtcTicks ?? 0;
        state.Head.Sequence = state.Changes.Events.Count;
        return new JobTransition
        {
            Id = state.Id,
            Creation = state.Creation,
            Head = state.Head,
            Events = new EventRow(state.Id, state.Flow.Id, 1, state.Changes.Events.Count, state.Changes.Events.Written),
        };
    }
}
