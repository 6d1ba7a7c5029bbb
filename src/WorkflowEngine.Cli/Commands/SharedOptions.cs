using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary>Arguments and options that several commands take.</summary>
internal static class SharedOptions
{
    public static Argument<string> FlowFile() => new("FLOW_FILE") { Description = "The flow's JSON file." };

    public static Option<string?> Store() => new("--store") { Description = "Where jobs are kept; only memory in this version.", HelpName = "STORE" };

    public static Option<bool> Json(string what) => new("--json") { Description = what };

    /// <summary>The option, else <c>WF_STORE</c>, else <c>DATABASE_URL</c>, else memory.</summary>
    /// <exception cref="UsageException">It names another store than memory.</exception>
    public static void RequireMemory(string? option)
    {
        (string? Value, string Source)[] places =
        [
            (option, "--store"),
            (Environment.GetEnvironmentVariable("WF_STORE"), "WF_STORE"),
            (Environment.GetEnvironmentVariable("DATABASE_URL"), "DATABASE_URL"),
        ];
        var (value, source) = places.FirstOrDefault(place => !string.IsNullOrEmpty(place.Value));
        if (value is not null && value != "memory")
        {
            var kind = value.Contains(':', StringComparison.Ordinal) ? value[..value.IndexOf(':', StringComparison.Ordinal)] : value;
            throw new UsageException($"the store '{kind}' (from {source}) is not in this version; use --store memory.");
        }
    }

    /// <exception cref="UsageException">The number is there and is not at least 1.</exception>
    public static int? AtLeastOne(int? number, string option)
        => number is < 1 ? throw new UsageException($"{option} must be at least 1, not {number}.") : number;
}
