using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Inbox messages as the machine's commands.</summary>
internal static class ControlMessages
{
    public static ControlCommand ToCommand(JobMessage message)
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
            _ => new UnknownCommand(message.Action),
        };
        return command with { Id = message.Id, Actor = message.Actor, Note = message.Note };
    }

    private static VariableKind KindOf(string? word) => Enum.TryParse<VariableKind>(word, ignoreCase: true, out var kind) ? kind : VariableKind.Input;
}
