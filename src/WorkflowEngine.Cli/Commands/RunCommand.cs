using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary><c>wf run FLOW_FILE</c>: starts a job of a flow and follows it to its end.</summary>
internal static class RunCommand
{
    private static readonly Argument<string> File = SharedOptions.FlowFile();
    private static readonly Option<string?> Input = SharedOptions.Input();
    private static readonly Option<string[]> Variables = SharedOptions.Variables();
    private static readonly Option<string?> Key = new("--key") { Description = "The job's key; on a durable store the job that has it is continued.", HelpName = "KEY" };
    private static readonly Option<string?> Store = SharedOptions.Store();
    private static readonly Option<string?> Packets = SharedOptions.Packets();
    private static readonly Option<int?> MaxConcurrency = SharedOptions.MaxConcurrency();
    private static readonly Option<bool> Step = new("--step") { Description = "Walk the job: Enter runs the next step." };
    private static readonly Option<bool> Detach = new("--detach") { Description = "Start the job for any worker and end; needs a durable store." };
    private static readonly Option<bool> UntilIdle = new("--until-idle") { Description = "Return as soon as nothing is ready or running." };
    private static readonly Option<bool> Json = SharedOptions.Json("Print the job as one JSON document on stdout.");
    private static readonly Option<string?> Events = new("--events") { Description = "Write every event as a line of JSON.", HelpName = "FILE" };
    private static readonly Option<bool> Quiet = new("--quiet") { Description = "No progress on stderr." };

    public static Command Create()
    {
        var command = new Command("run", "Runs a flow.") { File, Input, Variables, Key, Store, Packets, MaxConcurrency, Step, Detach, UntilIdle, Json, Events, Quiet };
        command.SetAction(async (parsed, _) =>
        {
            using var run = new JobRun(RequestOf(parsed));
            return await run.RunAsync();
        });
        return command;
    }

    /// <exception cref="UsageException">Options that do not go together, or a value that cannot be.</exception>
    private static RunRequest RequestOf(ParseResult parsed)
    {
        var store = StoreAddress.Of(parsed.GetValue(Store));
        if (parsed.GetValue(Detach) && (parsed.GetValue(UntilIdle) || !store.IsDurable))
        {
            throw new UsageException(parsed.GetValue(UntilIdle)
                ? "--detach and --until-idle exclude each other."
                : "--detach needs a durable store: jobs in memory end with this process.");
        }

        var path = parsed.GetRequiredValue(File);
        return new RunRequest(path, FlowFile.Read(path))
        {
            Input = InputText.Read(parsed.GetValue(Input)),
            Variables = parsed.GetValue(Variables) ?? [],
            Store = store,
            Key = parsed.GetValue(Key),
            Packets = parsed.GetValue(Packets),
            MaxConcurrency = SharedOptions.AtLeastOne(parsed.GetValue(MaxConcurrency), "--max-concurrency"),
            IsStepping = parsed.GetValue(Step),
            IsDetached = parsed.GetValue(Detach),
            UntilIdle = parsed.GetValue(UntilIdle),
            IsJson = parsed.GetValue(Json),
            Events = parsed.GetValue(Events),
            IsQuiet = parsed.GetValue(Quiet),
        };
    }
}
