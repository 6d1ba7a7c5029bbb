using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace WorkflowEngine.Tests.HouseRules;

/// <summary>The repository on disk, as the rules see it: every file of <c>src/</c>, parsed once.</summary>
internal static class SourceTree
{
    private static readonly Lazy<IReadOnlyList<SourceFile>> AllFiles = new(() => [.. Find("src", "*.cs").Select(path => SourceFile.Parse(path, Read(path)))]);

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<SourceFile> Files => AllFiles.Value;

    /// <summary>Paths relative to the root, with forward slashes, build output aside, in a stable order.</summary>
    public static IEnumerable<string> Find(string folder, string pattern)
        => Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "WorkflowEngine.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No WorkflowEngine.sln above {AppContext.BaseDirectory}: the house rules need the source tree.");
    }
}

/// <summary>One C# file: its path from the root, its text and its syntax.</summary>
internal sealed record SourceFile(string Path, string Text, SyntaxNode Syntax)
{
    private const string Core = "src/WorkflowEngine/";

    /// <summary>The folder that holds the file.</summary>
    public string Folder => Path[..Path.LastIndexOf('/')];

    /// <summary>The folder directly below core that the file belongs to; null outside core, empty for a file that lies in core's root.</summary>
    public string? CoreFolder
    {
        get
        {
            if (!Path.StartsWith(Core, StringComparison.Ordinal))
            {
                return null;
            }

            var rest = Path[Core.Length..];
            var slash = rest.IndexOf('/', StringComparison.Ordinal);
            return slash < 0 ? string.Empty : rest[..slash];
        }
    }

    public static SourceFile Parse(string path, string text)
        => new(path, text, CSharpSyntaxTree.ParseText(text, CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview), path).GetRoot());

    public Offence Offends(Location location, string subject, string reason)
        => new(Path, location.GetLineSpan().StartLinePosition.Line + 1, subject, reason);
}

/// <summary>One breach of a rule. <see cref="Subject"/> is what an entry of <see cref="Exceptions"/> would name.</summary>
internal sealed record Offence(string File, int Line, string Subject, string Reason)
{
    public override string ToString() => $"{File}:{Line} {Reason} [{Subject}]";
}
