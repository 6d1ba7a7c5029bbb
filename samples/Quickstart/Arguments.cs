using System.Diagnostics.CodeAnalysis;

namespace Quickstart;

/// <summary>What the command line says. Paths are absolute.</summary>
/// <param name="Folder">What to report on.</param>
/// <param name="Output">Where the report goes.</param>
/// <param name="Database">The SQLite file that keeps the job; null: memory.</param>
/// <param name="IsQuiet">No progress on stderr.</param>
internal sealed record Arguments(string Folder, string Output, string? Database, bool IsQuiet)
{
    private const string Sqlite = "sqlite:";
    private const string Usage = "Usage: quickstart [FOLDER] [--output FILE] [--store memory|sqlite:PATH] [--quiet]";

    public static bool TryParse(string[] args, [NotNullWhen(true)] out Arguments? arguments, [NotNullWhen(false)] out string? problem)
    {
        (arguments, problem) = (null, null);
        string? folder = null;
        var (output, store, isQuiet) = ("quickstart-report.html", "sqlite:quickstart.db", false);
        for (var i = 0; i < args.Length && problem is null; i++)
        {
            switch (args[i])
            {
                case "--quiet":
                    isQuiet = true;
                    break;
                case "--output" when i + 1 < args.Length && args[i + 1].Length > 0:
                    output = args[++i];
                    break;
                case "--store" when i + 1 < args.Length && (args[i + 1] == "memory" || (args[i + 1].StartsWith(Sqlite, StringComparison.Ordinal) && args[i + 1].Length > Sqlite.Length)):
                    store = args[++i];
                    break;
                case var argument when argument.StartsWith("--", StringComparison.Ordinal) || argument.Length == 0 || folder is not null:
                    problem = $"What is '{argument}'? {Usage}";
                    break;
                default:
                    folder = args[i];
                    break;
            }
        }

        folder = Path.GetFullPath(folder ?? RepositoryRoot() ?? Environment.CurrentDirectory);
        if (problem is null && !Directory.Exists(folder))
        {
            problem = $"There is no folder {folder}. {Usage}";
        }

        arguments = problem is null ? new Arguments(folder, Path.GetFullPath(output), store == "memory" ? null : Path.GetFullPath(store[Sqlite.Length..]), isQuiet) : null;
        return problem is null;
    }

    private static string? RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "WorkflowEngine.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName;
    }
}
