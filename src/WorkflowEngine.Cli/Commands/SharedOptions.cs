using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary>Arguments and options that several commands take.</summary>
internal static class SharedOptions
{
    public static Argument<string> FlowFile() => new("FLOW_FILE") { Description = "The flow's JSON file." };

    public static Option<string?> Store() => new("--store") { Description = "Where jobs are kept: memory or sqlite:PATH; default WF_STORE, else DATABASE_URL, else memory.", HelpName = "STORE" };

    public static Option<bool> Json(string what) => new("--json") { Description = what };

    public static Option<string?> Input() => new("--input") { Description = "The job's input: JSON, a file of JSON, or - for stdin.", HelpName = "JSON|FILE|-" };

    public static Option<string[]> Variables() => new("--var") { Description = "A variable, of its declared default's type, else a string; k:=JSON for raw JSON.", HelpName = "k=v" };

    public static Option<string?> Packets() => new("--packets") { Description = "Where large packets are kept; default PATH-packets beside the SQLite file, for memory a temporary folder.", HelpName = "DIR" };

    public static Option<int?> MaxConcurrency() => new("--max-concurrency") { Description = "How many steps run at the same time.", HelpName = "N" };

    /// <exception cref="UsageException">The number is there and is not at least 1.</exception>
    public static int? AtLeastOne(int? number, string option)
        => number is < 1 ? throw new UsageException($"{option} must be at least 1, not {number}.") : number;
}
