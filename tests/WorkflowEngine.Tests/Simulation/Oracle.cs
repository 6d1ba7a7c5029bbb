using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Simulation;

/// <summary>What must be true after a simulated day, whatever happened on it: the store against the world outside.</summary>
internal static class Oracle
{
    public static async Task<string?> ObjectionAsync(FlowTestHost host, IReadOnlyList<(JobId Job, RandomFlow Flow)> jobs, IReadOnlyList<Effect> effects)
    {
        if ((host.Node.Slots.Taken, host.Node.Slots.Queued, host.Node.Engine.Node.Held) is not (0, 0, 0))
        {
            return $"leaked: {host.Node.Slots.Taken} slots, {host.Node.Slots.Queued} queued, {host.Node.Engine.Node.Held} places";
        }

        foreach (var (id, flow) in jobs)
        {
            var stored = (await host.Node.Store.Inner.LoadAsync(id, JobParts.Steps | JobParts.Mail, CancellationToken.None))!;
            var events = await host.EventsAsync(host.Engine.GetJob(id));
            var own = effects.Where(effect => effect.Job == id).ToList();
            if (OfEvents(events) is { } told)
            {
                return $"job {id}: {told}";
            }

            if (OfEffects(own) is { } done)
            {
                return $"job {id}: {done}";
            }

            foreach (var step in flow.Steps)
            {
                if (OfStep(step, stored, own) is { } wrong)
                {
                    return $"job {id}, step {step.Id}: {wrong}";
                }
            }
        }

        return null;
    }

    /// <summary>Sequences have no gaps, each job attempt ends once, and no step completes twice.</summary>
    private static string? OfEvents(IReadOnlyList<JobEvent> events)
    {
        if (events.Where((happened, index) => happened.Sequence != index + 1).Any())
        {
            return "its events have gaps";
        }

        var ends = events.Where(happened => happened.Type is JobEventTypes.JobCompleted or JobEventTypes.JobFailed or JobEventTypes.JobCancelled).ToList();
        var twice = events.Where(happened => happened.Type == JobEventTypes.StepCompleted).GroupBy(happened => happened.StepId).FirstOrDefault(same => same.Count() > 1)?.Key;
        return ends.Count == 0 || ends.GroupBy(happened => happened.Attempt).Any(same => same.Count() > 1) ? $"{ends.Count} ends are told"
            : twice is null ? null : $"{twice} completed twice";
    }

    /// <summary>An effect is repeated only by a later owner, or a later attempt; and nothing began before its predecessors were durable.</summary>
    private static string? OfEffects(IReadOnlyList<Effect> effects)
    {
        foreach (var same in effects.GroupBy(effect => effect.Step))
        {
            foreach (var (earlier, later) in same.Zip(same.Skip(1)))
            {
                if (later.Epoch < earlier.Epoch || (later.Epoch == earlier.Epoch && later.Attempt <= earlier.Attempt))
                {
                    return $"{same.Key} had its effect in epoch {earlier.Epoch}, attempt {earlier.Attempt}, and again in {later.Epoch}, {later.Attempt}";
                }
            }
        }

        return effects.FirstOrDefault(effect => !effect.ParentsWereDurable) is { } early ? $"{early.Step} began before its predecessors' commits" : null;
    }

    /// <summary>What is stored is what the last effect made, and what the flow makes of the stored inputs, reckoned anew.</summary>
    private static string? OfStep(RandomStep step, StoredJob stored, IReadOnlyList<Effect> effects)
    {
        var row = stored.Steps.FirstOrDefault(found => found.Path == step.Id);
        if (row.Path is null || row.Status != StepStatus.Completed)
        {
            return stored.Head.Status.IsTerminal() && row.Path is not null && !row.Status.IsTerminal() ? $"left {row.Status} in an ended job" : null;
        }

        if (effects.LastOrDefault(effect => effect.Step == step.Id) is not { } last)
        {
            return "completed without an effect";
        }

        var found = row.Output.Packet?.Get<string>();
        if (found != last.Output)
        {
            return $"stored {found}, but its last effect made {last.Output}";
        }

        var parents = step.After.Select(parent => stored.Steps.FirstOrDefault(known => known.Path == parent)).ToList();
        if (step.Join.Required > 0 || parents.Exists(parent => parent.Status != StepStatus.Completed))
        {
            return null; // Which inputs there were is a matter of time.
        }

        var inputs = step.After.Length == 0 ? stored.Creation.Input.Packet!.Select(item => item.Get<string>()) : parents.Select(parent => parent.Output.Packet!.Get<string>());
        return SimulatedEngine.OutputOf(step.Id, inputs) == found ? null : $"stored {found}, which its inputs do not make";
    }
}
