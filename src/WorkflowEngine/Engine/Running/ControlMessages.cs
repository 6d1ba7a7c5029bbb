using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Inbox messages as the machine's commands.</summary>
internal static class ControlMessages
{
    /// <summary>With what the command needs from the store, so that nothing has to be fetched in a turn. A message that makes no sense becomes a command that is refused: it must not stop a claim.</summary>
    public static ValueTask<ControlCommand> ToCommandAsync(IJobStore store, JobMessage message)
    {
        try
        {
            return message.Action == "restore" ? RestoringAsync(store, message) : new(ToCommand(message));
        }
        catch (Exception error) when (error is not StoreException)
        {
            return new(new RefusedCommand(message.Action, $"What the command carries cannot be read: {error.Message}") { Id = message.Id, Actor = message.Actor, Note = message.Note });
        }
    }

    private static async ValueTask<ControlCommand> RestoringAsync(IJobStore store, JobMessage message)
    {
        var job = await store.LoadAsync(message.JobId, JobParts.Snapshots, CancellationToken.None).ConfigureAwait(false);
        var checkpoint = job?.Checkpoints.FirstOrDefault(kept => kept.Id == message.Name);
        return new RestoreCheckpoint(message.Name ?? string.Empty, checkpoint?.Snapshot) { Id = message.Id, Actor = message.Actor, Note = message.Note };
    }

    private static ControlCommand ToCommand(JobMessage message)
    {
        ControlCommand command = message.Action switch
        {
            "pause" => new PauseJob(),
            "resume" => new ResumeJob(),
            "cancel" => new CancelJob(),
            "fail" => new FailJob(message.Reason ?? "failed_by_operator", message.Value?.GetString() ?? message.Note ?? "Failed by an operator."),
            "skip" => new SkipStep(message.Step!, message.Value is { } output ? new PacketSlot(DataPacket.Parse(output.GetRawText())) : default),
            "retry" => new RetryJob(message.Step),
            "run_step" => new RunStep(message.Step!),
            "signal" => new SendSignal(message.Name!, message.Value ?? WorkflowJson.Null, message.Reason),
            "set_variable" => new WriteVariable(new JobVariable(message.Name!, message.Value ?? WorkflowJson.Null, KindOf(message.Reason), null)),
            "checkpoint" => new CreateCheckpoint(message.Name ?? message.Id.ToString("N"), message.Value?.GetString()),
            _ => new RefusedCommand(message.Action, $"The action '{message.Action}' is unknown to this version."),
        };
        return command with { Id = message.Id, Actor = message.Actor, Note = message.Note };
    }

    private static VariableKind KindOf(string? word) => Enum.TryParse<VariableKind>(word, ignoreCase: true, out var kind) ? kind : VariableKind.Input;
}
