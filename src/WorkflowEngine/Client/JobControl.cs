using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Sends commands through the inbox and waits for the owner's durable verdict (G7).</summary>
internal sealed class JobControl(EngineNode node, JobStarter starter, JobReading reading)
{
    public async Task SendAsync(JobId id, string action, ControlOptions? options, CancellationToken cancellationToken, Func<JobMessage, JobMessage>? fill = null)
    {
        var message = new JobMessage { Id = Guid.CreateVersion7(node.Time.GetUtcNow()), JobId = id, Action = action, Actor = options?.Actor, Note = options?.Note };
        message = fill?.Invoke(message) ?? message;
        var answer = node.Answers.Expect(message.Id);
        try
        {
            switch (await node.Store.SendAsync(message, cancellationToken).ConfigureAwait(false))
            {
                case SendVerdict.NoSuchJob:
                    throw new JobNotFoundException(id);
                case SendVerdict.Terminal:
                    await ThrowUnlessSoAsync(id, action, message.Step, cancellationToken).ConfigureAwait(false);
                    return;
            }

            if (node.Find(id) is { } owner)
            {
                owner.Deliver(await ControlMessages.ToCommandAsync(node.Store, message).ConfigureAwait(false));
            }

            var verdict = await AnswerAsync(message, answer, cancellationToken).ConfigureAwait(false);
            if (verdict.Effect == CommandEffect.Refused)
            {
                var job = await reading.LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false);
                throw new InvalidTransitionException(id, job.Head.Status, action, verdict.Message!);
            }

            if (action == "pause" && node.Find(id) is { } runner)
            {
                await runner.Bodies.EnteredAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            node.Answers.Forget(message.Id);
        }
    }

    /// <summary>What a command carries.</summary>
    /// <exception cref="DataPacketException">No JSON, or too large.</exception>
    public JsonElement ToJson<T>(string kind, string name, T value)
    {
        try
        {
            return WorkflowJson.ToElement(value, node.Options.Json, node.Options.MaxPacketBytes);
        }
        catch (DataPacketException error)
        {
            throw error.Naming($"The value of {kind} '{name}'", Reasons.InvalidInput);
        }
    }

    public async Task<Checkpoint> CreateCheckpointAsync(JobId id, string? description, ControlOptions? options, CancellationToken cancellationToken)
    {
        var checkpoint = Guid.CreateVersion7(node.Time.GetUtcNow()).ToString("N");
        var text = description is null ? default(JsonElement?) : WorkflowJson.ToElement(description);
        await SendAsync(id, "checkpoint", options, cancellationToken, message => message with { Name = checkpoint, Value = text }).ConfigureAwait(false);
        return (await reading.CheckpointsAsync(id, cancellationToken).ConfigureAwait(false)).First(made => made.Id == checkpoint);
    }

    /// <summary>A checkpoint is never taken away from a job that is there, so that looking first races with nobody.</summary>
    public async Task<bool> RestoreCheckpointAsync(JobId id, string checkpoint, ControlOptions? options, CancellationToken cancellationToken)
    {
        if ((await reading.CheckpointsAsync(id, cancellationToken).ConfigureAwait(false)).All(made => made.Id != checkpoint))
        {
            return false;
        }

        await SendAsync(id, "restore", options, cancellationToken, message => message with { Name = checkpoint, Reopens = true }).ConfigureAwait(false);
        return true;
    }

    /// <summary>A new job of the same flow version, with the same input, variables and options, but for the key.</summary>
    public async Task<JobHandle> RerunAsync(JobId id, ControlOptions? options, CancellationToken cancellationToken)
    {
        var job = await reading.LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false);
        var flow = node.FindFlow(job.Creation.FlowId, job.Creation.FlowVersion) ?? throw new FlowNotFoundException(job.Creation.FlowId);
        var input = await node.Vault.LoadAsync(job.Creation.Input, cancellationToken).ConfigureAwait(false);
        var given = job.Head.Data?.Variables.Where(pair => pair.Value.Kind == VariableKind.Input).ToDictionary(pair => pair.Key, pair => pair.Value.Value);
        var again = (job.Creation.Options ?? new JobOptions()) with { Key = null, StartAfter = null, Variables = given, EngineData = job.Head.Data?.EngineData, Actor = options?.Actor, Trigger = "rerun" };
        var started = await starter.StartAsync(flow.Flow, DataPacket.Parse(input.ToJson()), again, cancellationToken).ConfigureAwait(false);
        return new JobHandle(started.Id, started.AlreadyExisted, this, reading);
    }

    /// <summary>The verdict comes from this process's runner, or, when another one owns the job or this one lost it over a commit of unknown result, from the events.</summary>
    private async Task<CommandVerdict> AnswerAsync(JobMessage message, Task<CommandVerdict> answer, CancellationToken cancellationToken)
    {
        for (long after = 0; ;)
        {
            var waited = Task.Delay(node.Store.Traits.IsShared ? node.Options.PollInterval : Timeout.InfiniteTimeSpan, node.Time, cancellationToken);
            if (await Task.WhenAny(answer, waited).ConfigureAwait(false) != answer)
            {
                await waited.ConfigureAwait(false);
            }
            else if (await answer.ConfigureAwait(false) is { Effect: not CommandEffect.Stale } verdict)
            {
                return verdict;
            }
            else
            {
                answer = node.Answers.Expect(message.Id); // Before the look: the job's next runner may answer any time.
            }

            EventPage page;
            do
            {
                page = await node.Store.ReadEventsAsync(new EventQuery(message.JobId, after), cancellationToken).ConfigureAwait(false);
                foreach (var found in page.Rows.SelectMany(row => row.Read()))
                {
                    after = found.Sequence;
                    if (found.Type is JobEventTypes.CommandApplied or JobEventTypes.CommandRefused && found.Data?.GetProperty("id").GetString() == message.Id.ToString())
                    {
                        return found.Type == JobEventTypes.CommandApplied ? CommandVerdict.Applied : CommandVerdict.Refused(found.Message ?? "Refused.");
                    }
                }
            }
            while (page.Rows.Count > 0);
        }
    }

    private async Task ThrowUnlessSoAsync(JobId id, string action, string? step, CancellationToken cancellationToken)
    {
        var job = await reading.LoadAsync(id, JobParts.Steps, cancellationToken).ConfigureAwait(false);
        var isSo = (action, job.Head.Status) is ("cancel", JobStatus.Cancelled) or ("fail", JobStatus.Failed)
            || (action == "skip" && job.Steps.Any(row => row.Path == step && row.Status == StepStatus.Skipped));
        if (!isSo)
        {
            throw new InvalidTransitionException(id, job.Head.Status, action, $"The job is {job.Head.Status.ToWord()}.");
        }
    }
}
