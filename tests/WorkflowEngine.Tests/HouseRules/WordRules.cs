using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace WorkflowEngine.Tests.HouseRules;

/// <summary>Names say what a thing is, not what kind of class it is; comments are neither plans nor leftovers.</summary>
internal static partial class WordRules
{
    private static readonly HashSet<string> FolderNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "Interfaces", "Models", "Services", "Helpers", "Common", "Extensions", "Utils", "Utilities", "Managers", "Handlers", "Impl",
    };

    public static IEnumerable<Offence> TypeNames(SourceFile file)
        => file.Syntax.DescendantNodes().Select(node => node switch
        {
            BaseTypeDeclarationSyntax type => type.Identifier,
            DelegateDeclarationSyntax type => type.Identifier,
            _ => default,
        })
        .Where(name => name.Text is { Length: > 0 } && EmptyWord().IsMatch(name.Text))
        .Select(name => file.Offends(name.GetLocation(), name.Text, "a type name that says how it was built, not what it is"));

    public static IEnumerable<Offence> Folders(IEnumerable<string> paths)
        => paths.Select(path => path[..path.LastIndexOf('/')]).Distinct(StringComparer.Ordinal)
            .SelectMany(folder => folder.Split('/'), (folder, part) => (folder, part))
            .Where(pair => FolderNames.Contains(pair.part))
            .Select(pair => new Offence(pair.folder, 0, pair.part, "a folder named after a kind of class"));

    public static IEnumerable<Offence> Comments(SourceFile file)
    {
        foreach (var trivia in file.Syntax.DescendantTrivia(descendIntoTrivia: true))
        {
            var text = trivia.ToFullString();
            var reason = trivia.Kind() switch
            {
                SyntaxKind.RegionDirectiveTrivia => "#region",
                SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia => CommentReason(text),
                SyntaxKind.SingleLineDocumentationCommentTrivia or SyntaxKind.MultiLineDocumentationCommentTrivia when Plan().IsMatch(text) => "a plan belongs in an issue",
                _ => null,
            };
            if (reason is not null)
            {
                yield return file.Offends(trivia.GetLocation(), text.Trim(), reason);
            }
        }
    }

    private static string? CommentReason(string text)
        => Plan().IsMatch(text) ? "a plan belongs in an issue"
            : Banner().IsMatch(text) ? "a banner"
            : DeadCode().IsMatch(text) ? "commented-out code"
            : null;

    // As a whole PascalCase word at the end, or as a prefix of one: JobManager and ManagerOfJobs, but not Database or Utility pole.
    [GeneratedRegex("(?:^|(?<=[a-z0-9]))(?:Manager|Helpers?|Utils?|Utility|Impl|Base|Processor|Handler)$|^I?(?:Manager|Helper|Utils?|Impl|Base|Processor|Handler)(?=[A-Z])", RegexOptions.None, 1000)]
    private static partial Regex EmptyWord();

    [GeneratedRegex(@"\b(?:TODO|HACK|FIXME|XXX)\b", RegexOptions.None, 1000)]
    private static partial Regex Plan();

    [GeneratedRegex(@"^/[/*]+\s*[-=*#~_]{3,}|[-=*#~_/]{6,}\s*\**/?$", RegexOptions.None, 1000)]
    private static partial Regex Banner();

    [GeneratedRegex(@"^//(?!/).*;\s*$|^//\s*[{}]\s*$|^//\s*(?:if|for|foreach|while|using|switch)\s*\(.*\)\s*\{?\s*$", RegexOptions.None, 1000)]
    private static partial Regex DeadCode();
}
