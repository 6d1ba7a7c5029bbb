using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary>The controls among <c>wf jobs …</c>. Four of them take a filter in place of a job, and then apply to all jobs that it names.</summary>
internal static class JobControlCommands
{
    private static readonly Option<string?> Store = SharedOptions.Store();
    private static readonly Option<string?> Packets = SharedOptions.Packets();
    private static readonly Option<bool> Json = SharedOptions.Json("Print the answer as one JSON document on stdout.");
    private static readonly Option<string?> Note = new("--note") { Description = "Why; kept in the audit trail.", HelpName = "TEXT" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "With a filter: only count the jobs." };
    private static readonly Option<string?> Rate = new("--rate") { Description = "With a filter: at most so many jobs a second, for example 20/s.", HelpName = "N/s" };
    private static readonly Argument<string> Job = new("JOB_ID") { Description = "The job." };
    private static readonly Argument<string?> JobOrNone = new("JOB_ID") { Description = "The job; none: every job that the filter names.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string> Step = new("STEP") { Description = "The step." };

    public static IEnumerable<Command> Create() =>
    [
        OneOrMany("pause", "Starts nothing new; running steps finish.", JobAction.Pause, (job, _, options) => job.PauseAsync(options)),
        OneOrMany("resume", "Lets a paused job go on.", JobAction.Resume, (job, _, options) => job.ResumeAsync(options)),
        OneOrMany("cancel", "Ends a job.", JobAction.Cancel, (job, _, options) => job.CancelAsync(options)),
        Retry(),
        Rerun(),
        Fail(),
        One("skip", "Skips a step; its dependants go on.", (job, parsed, options) => job.SkipAsync(parsed.GetRequiredValue(Step), options: options), Step),
        One("run-step", "Runs one step whose prerequisites hold.", (job, parsed, options) => job.RunStepAsync(parsed.GetRequiredValue(Step), options), Step),
        Signal(),
        Checkpoint(),
        Restore(),
    ];

    private static Command One(string name, string description, Func<JobHandle, ParseResult, ControlOptions, Task> control, params Argument[] arguments)
    {
        var command = Command(name, description, [Job, .. arguments], Note);
        command.SetAction((parsed, _) => JobControls.ApplyAsync(RequestOf(parsed, parsed.GetRequiredValue(Job)), job => control(job, parsed, OptionsOf(parsed)), runsSteps: name == "run-step"));
        return command;
    }

    private static Command OneOrMany(string name, string description, JobAction action, Func<JobHandle, ParseResult, ControlOptions, Task> control, params Argument[] arguments)
    {
        var command = Command(name, description, [JobOrNone, .. arguments], Note, DryRun, Rate);
        JobFilterOptions.AddTo(command);
        command.SetAction((parsed, _) => (parsed.GetValue(JobOrNone), JobFilterOptions.AreGiven(parsed)) switch
        {
            (null, false) => throw new UsageException($"name a job, or say which ones: wf jobs {name} --status failed."),
            (not null, true) => throw new UsageException("a job and a filter exclude each other."),
            (null, true) => BulkControl.ApplyAsync(StoreAddress.Existing(parsed.GetValue(Store)), action, JobFilterOptions.FilterOf(parsed, TimeProvider.System), BulkOf(parsed), parsed.GetValue(Json)),
            (not null, false) when parsed.GetValue(DryRun) || parsed.GetValue(Rate) is not null => throw new UsageException("--dry-run and --rate go with a filter, not with one job."),
            ({ } id, false) => JobControls.ApplyAsync(RequestOf(parsed, id), job => control(job, parsed, OptionsOf(parsed))),
        });
        return command;
    }

    private static Command Retry()
    {
        var step = new Argument<string?>("STEP") { Description = "Only this step, and what it blocked.", Arity = ArgumentArity.ZeroOrOne };
        return OneOrMany(
            "retry",
            "Reopens a failed job; a worker goes on with it.",
            JobAction.Retry,
            (job, parsed, options) => job.RetryAsync(new RetryOptions { Step = parsed.GetValue(step), Actor = options.Actor, Note = options.Note }),
            step);
    }

    private static Command Rerun()
    {
        var command = Command("rerun", "Starts a new job with the same input, for any worker, and prints its id.", [Job], Note);
        command.SetAction((parsed, _) => JobControls.RerunAsync(RequestOf(parsed, parsed.GetRequiredValue(Job)), OptionsOf(parsed)));
        return command;
    }

    private static Command Fail()
    {
        var reason = new Argument<string>("REASON") { Description = "A snake_case code." };
        var message = new Argument<string?>("MESSAGE") { Description = "The same for people.", Arity = ArgumentArity.ZeroOrOne };
        return One("fail", "Ends a job as failed.", (job, parsed, options) => job.FailAsync(parsed.GetRequiredValue(reason), parsed.GetValue(message) ?? parsed.GetRequiredValue(reason), options), reason, message);
    }

    private static Command Signal()
    {
        var name = new Argument<string>("NAME") { Description = "The signal." };
        var value = new Argument<string?>("JSON") { Description = "What it carries.", Arity = ArgumentArity.ZeroOrOne };
        return One(
            "signal",
            "Sends a signal; one that comes early is kept.",
            (job, parsed, options) => job.SignalAsync(parsed.GetRequiredValue(name), InputText.Value(parsed.GetValue(value) ?? "null"), new SignalOptions { Actor = options.Actor, Note = options.Note }),
            name,
            value);
    }

    private static Command Checkpoint()
    {
        var text = new Argument<string?>("DESCRIPTION") { Description = "What it is for.", Arity = ArgumentArity.ZeroOrOne };
        var command = Command("checkpoint", "Keeps a copy of a job as it stands, to come back to, and prints the copy's id.", [Job, text], Note);
        command.SetAction((parsed, _) => JobControls.CheckpointAsync(RequestOf(parsed, parsed.GetRequiredValue(Job)), parsed.GetValue(text), OptionsOf(parsed)));
        return command;
    }

    private static Command Restore()
    {
        var checkpoint = new Argument<string>("CHECKPOINT") { Description = "The checkpoint's id." };
        return One(
            "restore",
            "Brings a job back to a checkpoint; what ran since runs again.",
            async (job, parsed, options) =>
            {
                if (!await job.RestoreCheckpointAsync(parsed.GetRequiredValue(checkpoint), options))
                {
                    throw new NothingFoundException($"job {job.Id} has no checkpoint '{parsed.GetRequiredValue(checkpoint)}'; wf jobs checkpoints lists them.");
                }
            },
            checkpoint);
    }

    private static Command Command(string name, string description, IEnumerable<Argument> arguments, params IEnumerable<Option> options)
    {
        var command = new Command(name, description);
        foreach (var argument in arguments)
        {
            command.Add(argument);
        }

        foreach (var option in options.Concat([Store, Packets, Json]))
        {
            command.Add(option);
        }

        return command;
    }

    private static JobRequest RequestOf(ParseResult parsed, string job)
        => new(StoreAddress.Existing(parsed.GetValue(Store)), parsed.GetValue(Packets), job, parsed.GetValue(Json));

    private static ControlOptions OptionsOf(ParseResult parsed) => new() { Actor = Environment.UserName, Note = parsed.GetValue(Note) };

    private static BulkOptions BulkOf(ParseResult parsed)
        => new() { DryRun = parsed.GetValue(DryRun), RatePerSecond = RateOf(parsed.GetValue(Rate)), Actor = Environment.UserName, Note = parsed.GetValue(Note) };

    private static double? RateOf(string? text)
    {
        var parts = text?.Split('/') ?? [];
        double? seconds = parts is [_] || parts is [_, "s"] ? 1 : parts is [_, "m"] ? 60 : parts is [_, "h"] ? 3600 : null;
        return text is null ? null
            : seconds is { } span && double.TryParse(parts[0], System.Globalization.CultureInfo.InvariantCulture, out var jobs) && double.IsFinite(jobs) && jobs > 0 ? jobs / span
            : throw new UsageException($"--rate: '{text}' is no rate; write 20/s, 100/m or 500/h.");
    }
}
