namespace WorkflowEngine;

/// <summary>Turns a definition into something that runs, or into every reason why it cannot (S3).</summary>
internal static class FlowCompiler
{
    /// <summary>Compiles against the step types of <paramref name="registry"/>.</summary>
    /// <exception cref="FlowValidationException">With all diagnostics.</exception>
    public static CompiledFlow Compile(FlowDefinition flow, StepRegistry registry) => throw new NotSupportedException();
}
