using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace WorkflowEngine.Tests.HouseRules;

/// <summary>The compiler refuses an undocumented public member (CS1591); these rules see that nobody turns it off.</summary>
internal static class DocumentationRules
{
    public static IEnumerable<Offence> Pragmas(SourceFile file)
        => file.Syntax.DescendantNodes(descendIntoTrivia: true).OfType<PragmaWarningDirectiveTriviaSyntax>()
            .Where(pragma => pragma.DisableOrRestoreKeyword.IsKind(SyntaxKind.DisableKeyword))
            .Where(pragma => pragma.ErrorCodes.Count == 0 || pragma.ErrorCodes.Any(code => code.ToString().Contains("1591", StringComparison.Ordinal)))
            .Select(pragma => file.Offends(pragma.GetLocation(), "CS1591", "public members go undocumented here"));

    /// <summary>In a project file of <c>src/</c>, or in the shared one unless the condition leaves <c>src/</c> out.</summary>
    public static IEnumerable<Offence> Projects(string path, string text)
        => XDocument.Parse(text, LoadOptions.SetLineInfo).Descendants()
            .Where(element => (element.Name.LocalName is "NoWarn" or "WarningsNotAsErrors" && element.Value.Contains("1591", StringComparison.Ordinal))
                || (element.Name.LocalName == "GenerateDocumentationFile" && element.Value.Equals("false", StringComparison.OrdinalIgnoreCase)))
            .Where(element => !LeavesSourceOut(element))
            .Select(element => new Offence(path, ((System.Xml.IXmlLineInfo)element).LineNumber, element.Name.LocalName, "public members go undocumented here"));

    private static bool LeavesSourceOut(XElement element)
        => element.AncestorsAndSelf().Any(part => (string?)part.Attribute("Condition") is { } condition && condition.StartsWith('!') && condition.Contains("'/src/'", StringComparison.Ordinal));
}
