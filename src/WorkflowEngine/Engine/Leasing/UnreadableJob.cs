using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// A job whose rows cannot be read. It is given back with a strike, since a later version of the program may be able to read it, and parked with the last one, without reading
/// what cannot be read: its head changes, everything else stays as it is.
/// </summary>
internal static class UnreadableJob
{
    public static async Task GiveUpAsync(EngineNode node, StoredJob job, string problem)
    {
        var transition = Seal(node, job, problem);
        try
        {
            var verdict = await node.Commits.CommitAsync(transition).ConfigureAwait(false);
            node.LostTrack |= verdict.Result is not (CommitResult.Committed or CommitResult.AlreadyCommitted);
        }
        catch (StoreException error)
        {
            EngineLog.RunnerFailed(node.Log, error, job.Creation.Id);
            node.LostTrack = true;
        }

        foreach (var message in transition.Taken)
        {
            node.Answers.Give(message, CommandVerdict.Refused(Sentence(problem)));
        }
    }

    private static JobTransition Seal(EngineNode node, StoredJob job, string problem)
    {
        var (id, head, events, now) = (job.Creation.Id, job.Head, new EventWriter(), node.Now);
        var strikes = job.Strikes.Struck(alone: true, now);
        var wasTerminal = head.Status.IsTerminal();
        var isParked = !wasTerminal && strikes.Alone >= node.Options.MaxStrikes;
        if (isParked)
        {
            events.Job(EventKind.JobFailed, id, now, head.Status, JobStatus.Failed, head.Attempt, new EventNotes(Reason: Reasons.JobUnreadable, Message: Sentence(problem)));
            head.Status = JobStatus.Failed;
            head.CompletedAt = now;
            head.Data = (head.Data ?? JobData.None) with { Reason = Reasons.JobUnreadable, Message = Sentence(problem) };
            EngineLog.JobParked(node.Log, id, Reasons.JobUnreadable, problem);
        }
        else
        {
            EngineLog.JobUnreadable(node.Log, id, JobStrikes.DelayAfter(strikes.Count), problem);
        }

        // Mail that nobody can apply is refused when the job ends, so that its senders learn of it, and so that it does not make the job claimable for ever.
        var taken = isParked || wasTerminal ? job.Mail : [];
        foreach (var message in taken)
        {
            var command = new RefusedCommand(message.Action, Sentence(problem)) { Id = message.Id, Actor = message.Actor, Note = message.Note };
            events.Job(EventKind.CommandRefused, id, now, head.Status, head.Status, 0, new EventNotes(message.Actor, Reasons.JobUnreadable, Sentence(problem), EventData.OfCommand(command)));
        }

        head.DueAt = isParked || wasTerminal ? 0 : Math.Max(now, strikes.HeldUntil);
        head.Version++;
        events.Sign(node.Name);
        var row = new EventRow(id, job.Creation.FlowId, head.Sequence + 1, events.Count, events.Written);
        head.Sequence += events.Count;
        return new TransitionBuilder
        {
            Id = id,
            Incarnation = node.Incarnation,
            Epoch = job.Epoch,
            Head = head,
            Events = row,
            Taken = [.. taken.Select(message => message.Id)],
            Releases = true,
            Strikes = isParked ? StrikeChange.Cleared : wasTerminal ? StrikeChange.None : StrikeChange.Added,
        }.Build();
    }

    private static string Sentence(string problem) => $"The job cannot be read: {problem}";
}
