using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary><c>wf jobs …</c>: asks about the jobs of a durable store and controls them, from any process (S15).</summary>
internal static class JobsCommand
{
    private static readonly Option<string?> Store = SharedOptions.Store();
    private static readonly Option<string?> Packets = SharedOptions.Packets();
    private static readonly Option<bool> Json = SharedOptions.Json("Print the answer as one JSON document on stdout.");
    private static readonly Option<string?> Note = new("--note") { Description = "Why; kept in the audit trail.", HelpName = "TEXT" };
    private static readonly Argument<string> Job = new("JOB_ID") { Description = "The job." };
    private static readonly Argument<string> Step = new("STEP") { Description = "The step." };

    public static Command Create() => new("jobs", "Asks about the jobs of a durable store and controls them.")
    {
        List(),
        Ask("status", "Where a job stands.", JobQuestions.StatusAsync),
        Ask("watch", "Follows a job to its end; the exit code says how it ended.", JobQuestions.WatchAsync),
        Ask("events", "Everything that happened to a job.", JobQuestions.EventsAsync),
        Ask("output", "What a job produced.", JobQuestions.OutputAsync),
        Ask("variables", "A job's variables; secrets are masked.", JobQuestions.VariablesAsync),
        Ask("explain", "Why a job is not moving, and the command that would move it.", JobQuestions.ExplainAsync),
        Control("pause", "Starts nothing new; running steps finish.", (job, _, options) => job.PauseAsync(options)),
        Control("resume", "Lets a paused job go on.", (job, _, options) => job.ResumeAsync(options)),
        Control("cancel", "Ends a job.", (job, _, options) => job.CancelAsync(options)),
        Rerun(),
        Fail(),
        Retry(),
        Control("skip", "Skips a step; its dependants go on.", (job, parsed, options) => job.SkipAsync(parsed.GetRequiredValue(Step), options: options), Step),
        Control("run-step", "Runs one step whose prerequisites hold.", (job, parsed, options) => job.RunStepAsync(parsed.GetRequiredValue(Step), options), Step),
        Signal(),
    };

    private static Command List()
    {
        var status = new Option<string?>("--status") { Description = "Only these, for example failed,cancelled.", HelpName = "S[,S]" };
        var flow = new Option<string?>("--flow") { Description = "Only of this flow.", HelpName = "F" };
        var key = new Option<string?>("--key") { Description = "Only of this key.", HelpName = "K" };
        var limit = new Option<int>("--limit") { Description = "How many at most.", HelpName = "N", DefaultValueFactory = _ => 100 };
        var after = new Option<string?>("--after") { Description = "Where the last page ended.", HelpName = "CURSOR" };
        var command = new Command("list", "Jobs, newest first.") { status, flow, key, limit, after, Store, Json };
        command.SetAction((parsed, _) => JobQuestions.ListAsync(
            StoreAddress.Existing(parsed.GetValue(Store)),
            new JobFilter { Statuses = StatusesOf(parsed.GetValue(status)), FlowId = parsed.GetValue(flow), Key = parsed.GetValue(key), After = CursorOf(parsed.GetValue(after)) },
            SharedOptions.AtLeastOne(parsed.GetValue(limit), "--limit")!.Value,
            parsed.GetValue(Json)));
        return command;
    }

    private static Command Ask(string name, string description, Func<JobRequest, Task<int>> answer)
    {
        var command = new Command(name, description) { Job, Store, Packets, Json };
        command.SetAction((parsed, _) => answer(RequestOf(parsed)));
        return command;
    }

    private static Command Control(string name, string description, Func<JobHandle, ParseResult, ControlOptions, Task> control, params Argument[] arguments)
    {
        var command = new Command(name, description) { Job };
        foreach (var argument in arguments)
        {
            command.Add(argument);
        }

        Option[] options = [Store, Packets, Note, Json];
        foreach (var option in options)
        {
            command.Add(option);
        }

        command.SetAction((parsed, _) => JobControls.ApplyAsync(RequestOf(parsed), job => control(job, parsed, OptionsOf(parsed)), runsSteps: name == "run-step"));
        return command;
    }

    private static Command Rerun()
    {
        var command = new Command("rerun", "Starts a new job with the same input, for any worker, and prints its id.") { Job, Store, Packets, Note, Json };
        command.SetAction((parsed, _) => JobControls.RerunAsync(RequestOf(parsed), OptionsOf(parsed)));
        return command;
    }

    private static Command Fail()
    {
        var reason = new Argument<string>("REASON") { Description = "A snake_case code." };
        var message = new Argument<string?>("MESSAGE") { Description = "The same for people.", Arity = ArgumentArity.ZeroOrOne };
        return Control("fail", "Ends a job as failed.", (job, parsed, options) => job.FailAsync(parsed.GetRequiredValue(reason), parsed.GetValue(message) ?? parsed.GetRequiredValue(reason), options), reason, message);
    }

    private static Command Retry()
    {
        var step = new Argument<string?>("STEP") { Description = "Only this step, and what it blocked.", Arity = ArgumentArity.ZeroOrOne };
        return Control(
            "retry",
            "Reopens a failed job; a worker goes on with it.",
            (job, parsed, options) => job.RetryAsync(new RetryOptions { Step = parsed.GetValue(step), Actor = options.Actor, Note = options.Note }),
            step);
    }

    private static Command Signal()
    {
        var name = new Argument<string>("NAME") { Description = "The signal." };
        var value = new Argument<string?>("JSON") { Description = "What it carries.", Arity = ArgumentArity.ZeroOrOne };
        return Control(
            "signal",
            "Sends a signal; one that comes early is kept.",
            (job, parsed, options) => job.SignalAsync(parsed.GetRequiredValue(name), InputText.Value(parsed.GetValue(value) ?? "null"), new SignalOptions { Actor = options.Actor, Note = options.Note }),
            name,
            value);
    }

    private static JobRequest RequestOf(ParseResult parsed)
        => new(StoreAddress.Existing(parsed.GetValue(Store)), parsed.GetValue(Packets), parsed.GetRequiredValue(Job), parsed.GetValue(Json));

    private static ControlOptions OptionsOf(ParseResult parsed) => new() { Actor = Environment.UserName, Note = parsed.GetValue(Note) };

    private static List<JobStatus> StatusesOf(string? words)
        => [.. (words ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(StatusOf)];

    private static JobStatus StatusOf(string word)
    {
        var all = Enum.GetValues<JobStatus>();
        return all.Any(status => status.ToWord() == word)
            ? all.First(status => status.ToWord() == word)
            : throw new UsageException($"--status: there is no status '{word}'; they are {string.Join(", ", all.Select(status => status.ToWord()))}.");
    }

    private static JobId? CursorOf(string? text)
        => text is null ? null : JobId.TryParse(text, out var id) ? id : throw new UsageException($"--after: '{text}' is no cursor; take the one that the last page ended with.");
}
