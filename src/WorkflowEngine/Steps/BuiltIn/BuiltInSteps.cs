namespace WorkflowEngine;

/// <summary>The step types that every host has and that touch nothing but the job itself. One shared instance each: they keep no state.</summary>
internal static class BuiltInSteps
{
    public static IReadOnlyList<StepRegistration> All { get; } =
    [
        Make("set", "Set values", 10, new SetStep(), typeof(SetConfig)),
        Make("log", "Write to the log", 20, new LogStep(), typeof(LogConfig)),
        Make("noop", "Do nothing", 30, new NoopStep(), null),
        Make("fail", "Fail", 40, new FailStep(), typeof(FailConfig)),
        Make("finish", "Finish the job", 50, new FinishStep(), null),
        Make("switch", "Choose a way", 60, new SwitchStep(), typeof(SwitchConfig)) with { Ports = [] },
        Make("delay", "Wait for a time", 70, new DelayStep(), typeof(DelayConfig)),
        Make("wait_for_signal", "Wait for a signal", 80, new WaitForSignalStep(), typeof(WaitForSignalConfig)) with { Ports = [StepResult.DonePort, WaitForSignalStep.TimedOutPort] },
        Make("approval", "Ask for an approval", 90, new ApprovalStep(), typeof(ApprovalConfig)) with { Ports = [ApprovalStep.Approved, ApprovalStep.Rejected, WaitForSignalStep.TimedOutPort] },
        Make(ForEachStep.Word, "Repeat for each item", 100, new ForEachStep(), typeof(ForEachConfig)),
        Make(WhileStep.Word, "Repeat while a condition holds", 110, new WhileStep(), typeof(WhileConfig)),
    ];

    private static StepRegistration Make(string type, string name, int position, IStep step, Type? config) => new()
    {
        Type = type,
        Name = name,
        Position = position,
        ConfigType = config,
        Ports = [StepResult.DonePort],
        ReturnsPackets = false,
        Resolve = _ => step,
    };
}
