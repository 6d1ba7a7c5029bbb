using System.Diagnostics.CodeAnalysis;

namespace Quickstart;

/// <summary>What the command line says. Paths are absolute.</summary>
internal sealed record Arguments(string Folder, string Output, bool IsQuiet)
{
    private const string Usage = "Usage: quickstart [FOLDER] [--output FILE] [--quiet]";

    public static bool TryParse(string[] args, [NotNullWhen(true)] out Arguments? arguments, [NotNullWhen(false)] out string? problem)
    {
        (arguments, problem) = (null, null);
        string? folder = null;
        var (output, isQuiet) = ("quickstart-report.html", false);
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

        arguments = problem is null ? new Arguments(folder, Path.GetFullPath(output), isQuiet) : null;
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
