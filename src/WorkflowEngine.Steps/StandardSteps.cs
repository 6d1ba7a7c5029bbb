using WorkflowEngine;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the step types of the step package.</summary>
public static class StandardSteps
{
    /// <summary>Adds <c>http</c>, <c>read_file</c>, <c>write_file</c> and <c>read_csv</c>. Calling it twice is calling it once: the later registration of a type wins.</summary>
    public static IWorkflowEngineBuilder AddStandardSteps(this IWorkflowEngineBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder
            .AddStep<HttpStep>("http", step => step.Name("Call over HTTP").Position(200).Config<HttpConfig>().Ports(StepResult.DonePort))
            .AddStep<ReadFileStep>("read_file", step => step.Name("Read a file").Position(210).Config<ReadFileConfig>().Ports(StepResult.DonePort))
            .AddStep<WriteFileStep>("write_file", step => step.Name("Write a file").Position(211).Config<WriteFileConfig>().Ports(StepResult.DonePort))
            .AddStep<ReadCsvStep>("read_csv", step => step.Name("Read a table").Position(212).Config<ReadCsvConfig>().Ports(StepResult.DonePort));
    }

    /// <summary>
    /// Adds <c>exec</c>, which starts programs with all that the host may do. It is an opt-in of its own: whoever writes a flow then runs code on this machine.
    /// </summary>
    public static IWorkflowEngineBuilder AddExecStep(this IWorkflowEngineBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddStep<ExecStep>("exec", step => step.Name("Run a program").Position(220).Config<ExecConfig>().Ports(StepResult.DonePort));
    }
}
