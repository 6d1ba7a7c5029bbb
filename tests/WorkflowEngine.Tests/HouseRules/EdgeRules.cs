using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace WorkflowEngine.Tests.HouseRules;

/// <summary>
/// Who may see whom: folders inside core by the type names that a file mentions, assemblies by their project files. Reading by name is
/// close enough because names are unique in the house; calls of extension methods are not seen.
/// </summary>
internal static class EdgeRules
{
    private static readonly Dictionary<string, string[]> MaySee = new(StringComparer.Ordinal)
    {
        ["Data"] = [],
        ["Jobs"] = ["Data"],
        ["Diagnostics"] = ["Jobs", "Data"],
        ["Steps"] = ["Jobs", "Data"],
        ["Flows"] = ["Steps", "Jobs", "Data"],
        ["Machine"] = ["Flows", "Steps", "Jobs", "Data"],
        ["Storage"] = ["Flows", "Steps", "Jobs", "Data", "Diagnostics"],
        ["Engine"] = ["Machine", "Storage", "Flows", "Steps", "Jobs", "Data", "Diagnostics"],
        ["Client"] = ["Engine", "Machine", "Storage", "Flows", "Steps", "Jobs", "Data", "Diagnostics"],
        ["Hosting"] = ["Client", "Engine", "Machine", "Storage", "Flows", "Steps", "Jobs", "Data", "Diagnostics"],
    };

    private static readonly string[] CorePackages =
    [
        "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Logging.Abstractions",
        "Microsoft.Extensions.Configuration.Abstractions", "Microsoft.Extensions.Diagnostics.Abstractions", "Microsoft.Extensions.FileProviders.Abstractions",
        "Microsoft.Extensions.Options", "Microsoft.Extensions.Options.ConfigurationExtensions", "Microsoft.Extensions.Configuration.Binder", "Polly.Core", "System.Text.Json",
    ];

    /// <summary>At most one offence per file and forbidden folder: the first line that crosses.</summary>
    public static IEnumerable<Offence> Folders(IReadOnlyCollection<SourceFile> files)
    {
        var homes = files.Where(file => file.CoreFolder is not null)
            .SelectMany(file => TopLevelTypes(file.Syntax), (file, name) => (name, file.CoreFolder))
            .ToLookup(pair => pair.name, pair => pair.CoreFolder!, StringComparer.Ordinal);
        foreach (var file in files.Where(file => file.CoreFolder is not null))
        {
            if (!MaySee.TryGetValue(file.CoreFolder!, out var visible))
            {
                yield return new Offence(file.Path, 1, "folder", "core has no such folder; its folders and their edges are listed in EdgeRules");
                continue;
            }

            foreach (var crossing in Mentions(file.Syntax).Where(name => homes.Contains(name.Identifier.Text)).GroupBy(name => Home(name, file.CoreFolder!, visible)).Where(group => group.Key is not null))
            {
                var first = crossing.First();
                yield return file.Offends(first.GetLocation(), crossing.Key!, $"{file.CoreFolder} may not see {crossing.Key}: {first.Identifier.Text}");
            }
        }

        // The folder across a forbidden edge; null when the mention stays inside, or may be read as a type that is visible.
        string? Home(SimpleNameSyntax name, string own, string[] visible)
            => homes[name.Identifier.Text].Any(home => home == own || visible.Contains(home)) ? null : homes[name.Identifier.Text].First();
    }

    public static IEnumerable<Offence> Projects(string path, string text)
    {
        var assembly = Path.GetFileNameWithoutExtension(path);
        foreach (var (name, line) in Includes(text, "ProjectReference"))
        {
            var target = Path.GetFileNameWithoutExtension(name.Replace('\\', '/'));
            var allowed = assembly switch
            {
                "WorkflowEngine" => false,
                "WorkflowEngine.Cli" => true,
                "WorkflowEngine.Testing.Conformance" => target is "WorkflowEngine" or "WorkflowEngine.Testing",
                _ => target == "WorkflowEngine",
            };
            if (!allowed)
            {
                yield return new Offence(path, line, target, $"{assembly} may not see {target}");
            }
        }
    }

    public static IEnumerable<Offence> Packages(string path, string text)
        => Includes(text, "PackageReference").Where(package => !CorePackages.Contains(package.Name))
            .Select(package => new Offence(path, package.Line, package.Name, "core does not depend on this package"));

    private static IEnumerable<(string Name, int Line)> Includes(string text, string element)
        => XDocument.Parse(text, LoadOptions.SetLineInfo).Descendants(element)
            .Select(reference => ((string?)reference.Attribute("Include") ?? string.Empty, ((System.Xml.IXmlLineInfo)reference).LineNumber));

    private static IEnumerable<string> TopLevelTypes(SyntaxNode root)
        => root.DescendantNodes(node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax).Select(node => node switch
        {
            BaseTypeDeclarationSyntax type => type.Identifier.Text,
            DelegateDeclarationSyntax type => type.Identifier.Text,
            _ => null,
        }).OfType<string>();

    /// <summary>
    /// Names that may be types of another file: not the member after a dot, not the name of an argument, not what an initializer sets, and
    /// not a type that this file nests, which hides others of its name.
    /// </summary>
    private static IEnumerable<SimpleNameSyntax> Mentions(SyntaxNode root)
    {
        var nested = root.DescendantNodes().OfType<BaseTypeDeclarationSyntax>().Select(type => type.Identifier.Text).ToHashSet(StringComparer.Ordinal);
        return root.DescendantNodes().OfType<SimpleNameSyntax>().Where(name => !nested.Contains(name.Identifier.Text) && name.Parent switch
        {
            MemberAccessExpressionSyntax access => access.Expression == name,
            MemberBindingExpressionSyntax or NameColonSyntax or NameEqualsSyntax => false,
            AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } assignment => assignment.Right == name,
            _ => true,
        });
    }
}
