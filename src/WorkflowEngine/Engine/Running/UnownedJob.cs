using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Transitions of jobs that no runner holds.</summary>
internal static class UnownedJob
{
    /// <summary>The first transition of a job that nobody owns yet.</summary>
    public static JobTransition SealUnowned(JobState state)
    {
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

    /// <summary>Gives back a claimed job as it is.</summary>
    public static JobTransition SealUnchanged(Guid incarnation, StoredJob job)
    {
        var head = job.Head;
        head.Version++;
        return new JobTransition { Id = job.Creation.Id, Incarnation = incarnation, Epoch = job.Epoch, Head = head, Events = new EventRow(job.Creation.Id, job.Creation.FlowId, head.Sequence + 1, 0, default), Releases = true };
    }
}
