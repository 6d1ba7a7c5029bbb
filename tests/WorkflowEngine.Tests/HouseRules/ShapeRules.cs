using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace WorkflowEngine.Tests.HouseRules;

/// <summary>How large things may grow, and that classes are closed unless they are meant to be extended.</summary>
internal static class ShapeRules
{
    private const int MaxFileLines = 300;
    private const int MaxMethodLines = 60;
    private const int MaxFolderFiles = 12;
    private const int MaxConstructorParameters = 6;

    public static IEnumerable<Offence> FileLength(SourceFile file)
    {
        var lines = file.Text.AsSpan().TrimEnd().Count('\n') + 1;
        if (lines > MaxFileLines)
        {
            yield return new Offence(file.Path, lines, "file", $"{lines} lines, {MaxFileLines} at most");
        }
    }

    public static IEnumerable<Offence> MethodLength(SourceFile file)
    {
        foreach (var node in file.Syntax.DescendantNodes().Where(node => node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax))
        {
            var span = node.SyntaxTree.GetLineSpan(node.Span);
            var lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
            if (lines > MaxMethodLines)
            {
                yield return file.Offends(node.GetLocation(), NameOf(node), $"{lines} lines in one method, {MaxMethodLines} at most");
            }
        }
    }

    public static IEnumerable<Offence> FolderSize(IEnumerable<SourceFile> files)
        => files.GroupBy(file => file.Folder, StringComparer.Ordinal)
            .Where(folder => folder.Count() > MaxFolderFiles)
            .Select(folder => new Offence(folder.Key, 0, "folder", $"{folder.Count()} files, {MaxFolderFiles} at most"));

    /// <summary>Records and structs are data and may be wide; whatever has behaviour may not.</summary>
    public static IEnumerable<Offence> ConstructorWidth(SourceFile file)
    {
        foreach (var type in file.Syntax.DescendantNodes().OfType<ClassDeclarationSyntax>())
        {
            var lists = type.Members.OfType<ConstructorDeclarationSyntax>().Select(constructor => constructor.ParameterList).Append(type.ParameterList);
            foreach (var list in lists.OfType<ParameterListSyntax>().Where(list => list.Parameters.Count > MaxConstructorParameters))
            {
                yield return file.Offends(list.GetLocation(), type.Identifier.Text, $"a constructor with {list.Parameters.Count} parameters, {MaxConstructorParameters} at most");
            }
        }
    }

    /// <summary>A partial class may say <c>sealed</c> in any of its parts, so this rule looks at all files together.</summary>
    public static IEnumerable<Offence> Sealed(IEnumerable<SourceFile> files)
    {
        var classes = files.SelectMany(file => file.Syntax.DescendantNodes().OfType<TypeDeclarationSyntax>(), (file, type) => (file, type))
            .Where(pair => pair.type is ClassDeclarationSyntax or RecordDeclarationSyntax && !pair.type.IsKind(SyntaxKind.RecordStructDeclaration));
        foreach (var parts in classes.GroupBy(pair => (QualifiedName(pair.type), pair.type.Arity)))
        {
            if (!parts.Any(part => part.type.Modifiers.Any(word => word.Kind() is SyntaxKind.SealedKeyword or SyntaxKind.AbstractKeyword or SyntaxKind.StaticKeyword)))
            {
                var (file, type) = parts.First();
                yield return file.Offends(type.Identifier.GetLocation(), type.Identifier.Text, "a class that is neither sealed, abstract nor static");
            }
        }
    }

    private static string QualifiedName(TypeDeclarationSyntax type)
        => string.Join('.', type.AncestorsAndSelf().Select(node => node switch
        {
            TypeDeclarationSyntax outer => outer.Identifier.Text,
            BaseNamespaceDeclarationSyntax space => space.Name.ToString(),
            _ => null,
        }).OfType<string>().Reverse());

    private static string NameOf(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        LocalFunctionStatementSyntax local => local.Identifier.Text,
        AccessorDeclarationSyntax accessor when accessor.Parent?.Parent is PropertyDeclarationSyntax property => $"{property.Identifier.Text}.{accessor.Keyword.Text}",
        _ => node.Kind().ToString(),
    };
}
