namespace WorkflowEngine;

/// <summary>What makes a flow one of code (S28): it has a single step, which stands for the code; the steps that the code runs are added to each job as they start.</summary>
/// <param name="Version">The version that jobs pin.</param>
/// <param name="TotalSteps">How many steps the code is expected to run.</param>
/// <param name="IsOpenedByHand">True: a program opens the session; false: the engine runs the code.</param>
internal sealed record CodeFlow(string Version, int TotalSteps, bool IsOpenedByHand)
{
    /// <summary>The id of the step that stands for the code.</summary>
    public const string Root = "session";

    /// <summary>The version of every flow whose sessions are opened by hand: the program that opens them is all the definition there is.</summary>
    public const string OpenedVersion = "session";

    /// <summary>The step type that a flow in code brings along, so that only hosts that registered it can run its jobs (S1).</summary>
    public static string TypeOf(string flowId, string version) => $"{flowId}@{version}";

    /// <summary>A flow whose code the engine runs.</summary>
    /// <exception cref="ArgumentException">The version is not legal.</exception>
    public static FlowDefinition Define(string flowId, string version, int totalSteps)
    {
        if (!Identifier.IsFlowId(version) || version == OpenedVersion)
        {
            throw new ArgumentException($"'{version}' is not a legal version of flow '{flowId}': {Identifier.FlowForm}, and not '{OpenedVersion}'.", nameof(version));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, 1);
        return Of(flowId, new CodeFlow(version, totalSteps, IsOpenedByHand: false), TypeOf(flowId, version));
    }

    /// <summary>The flow of sessions that are opened by hand. Nobody registers its step type, for no slot ever runs it.</summary>
    /// <exception cref="FlowValidationException">The id is not legal.</exception>
    public static CompiledFlow CompileOpened(string flowId)
    {
        var known = new StepRegistry([new StepRegistration { Type = Root, Name = Root }]);
        return FlowCompiler.Compile(Of(flowId, new CodeFlow(OpenedVersion, TotalSteps: 1, IsOpenedByHand: true), Root), known);
    }

    private static FlowDefinition Of(string flowId, CodeFlow code, string type)
        => new() { Id = flowId, Code = code, Steps = [new StepDefinition { Id = Root, Type = type, AllowEmpty = true }] };
}
