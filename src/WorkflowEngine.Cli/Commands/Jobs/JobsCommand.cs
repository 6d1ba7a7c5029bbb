using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary><c>wf jobs …</c>: asks about the jobs of a durable store and controls them, from any process (S15).</summary>
internal static class JobsCommand
{
    private static readonly Option<string?> Store = SharedOptions.Store();
    private static readonly Option<string?> Packets = SharedOptions.Packets();
    private static readonly Option<bool> Json = SharedOptions.Json("Print the answer as one JSON document on stdout.");
    private static readonly Argument<string> Job = new("JOB_ID") { Description = "The job." };

    public static Command Create()
    {
        var command = new Command("jobs", "Asks about the jobs of a durable store and controls them.")
        {
            List(),
            Failures(),
            Ask("status", "Where a job stands.", JobQuestions.StatusAsync),
            Ask("watch", "Follows a job to its end; the exit code says how it ended.", JobQuestions.WatchAsync),
            Ask("events", "Everything that happened to a job.", JobQuestions.EventsAsync),
            Ask("output", "What a job produced.", JobQuestions.OutputAsync),
            Ask("variables", "A job's variables; secrets are masked.", JobQuestions.VariablesAsync),
            Ask("checkpoints", "A job's checkpoints, the oldest first.", JobQuestions.CheckpointsAsync),
            Ask("export", "A job as one JSON document, for wf jobs import on another store.", JobFiles.ExportAsync),
            Import(),
            Ask("explain", "Why a job is not moving, and the command that would move it.", JobQuestions.ExplainAsync),
        };
        foreach (var control in JobControlCommands.Create())
        {
            command.Add(control);
        }

        return command;
    }

    private static Command List()
    {
        var version = new Option<string?>("--flow-version") { Description = "Only of this version of the flow.", HelpName = "V" };
        var limit = new Option<int>("--limit") { Description = "How many at most.", HelpName = "N", DefaultValueFactory = _ => 100 };
        var after = new Option<string?>("--after") { Description = "Where the last page ended.", HelpName = "CURSOR" };
        var command = new Command("list", "Jobs, newest first.") { version, limit, after, Store, Json };
        JobFilterOptions.AddTo(command);
        command.SetAction((parsed, _) => JobQuestions.ListAsync(
            StoreAddress.Existing(parsed.GetValue(Store)),
            JobFilterOptions.FilterOf(parsed, TimeProvider.System) with { FlowVersion = parsed.GetValue(version), After = CursorOf(parsed.GetValue(after)) },
            SharedOptions.AtLeastOne(parsed.GetValue(limit), "--limit")!.Value,
            parsed.GetValue(Json)));
        return command;
    }

    private static Command Failures()
    {
        var command = new Command("failures", "What failed, by flow, step and reason, each with the line that retries it.") { Store, Json };
        JobFilterOptions.AddSinceTo(command);
        command.SetAction((parsed, _) => JobFailures.ReportAsync(StoreAddress.Existing(parsed.GetValue(Store)), JobFilterOptions.SinceOf(parsed, TimeProvider.System), parsed.GetValue(Json)));
        return command;
    }

    private static Command Import()
    {
        var file = new Argument<string>("FILE") { Description = "What wf jobs export wrote." };
        var command = new Command("import", "Takes an exported job in, with its id and history, and prints the id; a worker goes on with it.") { file, Store, Packets, Json };
        command.SetAction((parsed, _) => JobFiles.ImportAsync(StoreAddress.Durable(parsed.GetValue(Store)), parsed.GetValue(Packets), parsed.GetRequiredValue(file), parsed.GetValue(Json)));
        return command;
    }

    private static Command Ask(string name, string description, Func<JobRequest, Task<int>> answer)
    {
        var command = new Command(name, description) { Job, Store, Packets, Json };
        command.SetAction((parsed, _) => answer(new JobRequest(StoreAddress.Existing(parsed.GetValue(Store)), parsed.GetValue(Packets), parsed.GetRequiredValue(Job), parsed.GetValue(Json))));
        return command;
    }

    private static JobId? CursorOf(string? text)
        => text is null ? null : JobId.TryParse(text, out var id) ? id : throw new UsageException($"--after: '{text}' is no cursor; take the one that the last page ended with.");
}
