using System.CommandLine;
using System.Globalization;

namespace WorkflowEngine.Cli;

/// <summary>The options that say which jobs are meant, the same wherever several are.</summary>
internal static class JobFilterOptions
{
    private static readonly Option<string?> Status = new("--status") { Description = "Only these, for example failed,cancelled.", HelpName = "S[,S]" };
    private static readonly Option<string?> Flow = new("--flow") { Description = "Only of this flow.", HelpName = "F" };
    private static readonly Option<string?> Key = new("--key") { Description = "Only of this key.", HelpName = "K" };
    private static readonly Option<string?> Tenant = new("--tenant") { Description = "Only of this tenant.", HelpName = "T" };
    private static readonly Option<string?> Label = new("--label") { Description = "Only with this label.", HelpName = "L" };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Only those that ended for this reason.", HelpName = "R" };
    private static readonly Option<string?> Step = new("--failed-step") { Description = "Only those in which this step failed.", HelpName = "STEP" };
    private static readonly Option<string?> Since = new("--since") { Description = "Only those created since: 2h, 7d, or a time such as 2027-01-31T06:00:00Z.", HelpName = "TIME" };
    private static readonly Option<string?> Until = new("--until") { Description = "Only those created before: 2h, 7d, or a time.", HelpName = "TIME" };

    private static readonly Option[] All = [Status, Flow, Key, Tenant, Label, Reason, Step, Since, Until];

    public static void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Add(option);
        }
    }

    public static void AddSinceTo(Command command) => command.Add(Since);

    /// <summary>True when at least one of them was given.</summary>
    public static bool AreGiven(ParseResult parsed) => All.Any(option => parsed.GetResult(option) is not null);

    /// <exception cref="UsageException">A value is none.</exception>
    public static JobFilter FilterOf(ParseResult parsed, TimeProvider time) => new()
    {
        Statuses = StatusesOf(parsed.GetValue(Status)),
        FlowId = parsed.GetValue(Flow),
        Key = parsed.GetValue(Key),
        Tenant = parsed.GetValue(Tenant),
        Label = parsed.GetValue(Label),
        Reason = parsed.GetValue(Reason),
        StepId = parsed.GetValue(Step),
        Since = SinceOf(parsed, time),
        Until = TimeOf(parsed.GetValue(Until), "--until", time),
    };

    /// <exception cref="UsageException">It is neither a duration nor a time.</exception>
    public static DateTimeOffset? SinceOf(ParseResult parsed, TimeProvider time) => TimeOf(parsed.GetValue(Since), "--since", time);

    private static List<JobStatus> StatusesOf(string? words)
        => [.. (words ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(StatusOf)];

    private static JobStatus StatusOf(string word)
    {
        var all = Enum.GetValues<JobStatus>();
        return all.Any(status => status.ToWord() == word)
            ? all.First(status => status.ToWord() == word)
            : throw new UsageException($"--status: there is no status '{word}'; they are {string.Join(", ", all.Select(status => status.ToWord()))}.");
    }

    private static DateTimeOffset? TimeOf(string? text, string option, TimeProvider time)
    {
        if (text is null)
        {
            return null;
        }

        var now = time.GetUtcNow();
        return Duration.TryParse(text, out var ago) && ago < now - DateTimeOffset.MinValue ? now - ago
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at
            : throw new UsageException($"{option}: '{text}' is neither a duration nor a time; write 2h, 7d, or 2027-01-31T06:00:00Z.");
    }
}
