using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CustomerAnalytics;

/// <summary>What the command line says. Paths are absolute.</summary>
/// <param name="Records">The CSV file; one with 45,000 records is made when it is not there.</param>
/// <param name="Database">The SQLite file that keeps the run.</param>
/// <param name="Report">Where the report goes.</param>
/// <param name="Run">The session's id: the same one goes on where it stopped.</param>
/// <param name="BatchDelay">How long each batch pretends to take.</param>
internal sealed record Arguments(string Records, string Database, string Report, string Run, TimeSpan BatchDelay)
{
    private const string Usage = "Usage: CustomerAnalytics [RECORDS.csv] [--store FILE] [--report FILE] [--run ID] [--batch-delay MILLISECONDS]";

    public static bool TryParse(string[] args, [NotNullWhen(true)] out Arguments? arguments, [NotNullWhen(false)] out string? problem)
    {
        (arguments, problem) = (null, null);
        string? records = null;
        var (store, report, run, delay) = ("customer-analytics.db", "customer-analytics.md", "customer_analytics_001", 0);
        for (var i = 0; i < args.Length && problem is null; i++)
        {
            var hasValue = i + 1 < args.Length && args[i + 1].Length > 0;
            switch (args[i])
            {
                case "--store" when hasValue:
                    store = args[++i];
                    break;
                case "--report" when hasValue:
                    report = args[++i];
                    break;
                case "--run" when hasValue:
                    run = args[++i];
                    break;
                case "--batch-delay" when hasValue && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out delay):
                    i++;
                    break;
                case var argument when argument.StartsWith("--", StringComparison.Ordinal) || argument.Length == 0 || records is not null:
                    problem = $"What is '{argument}'? {Usage}";
                    break;
                default:
                    records = args[i];
                    break;
            }
        }

        arguments = new Arguments(Path.GetFullPath(records ?? "customer-records.csv"), Path.GetFullPath(store), Path.GetFullPath(report), run, TimeSpan.FromMilliseconds(delay));
        return problem is null;
    }
}
