using Microsoft.CodeAnalysis;

namespace WorkflowEngine.Tests.HouseRules;

/// <summary>The house rules, over the source tree. What each rule catches is shown in <see cref="HouseRulesCatchTests"/>.</summary>
public sealed class HouseRulesTests
{
    private static readonly Dictionary<string, Func<IEnumerable<Offence>>> Rules = new(StringComparer.Ordinal)
    {
        ["file_length"] = () => SourceTree.Files.SelectMany(ShapeRules.FileLength),
        ["method_length"] = () => SourceTree.Files.SelectMany(ShapeRules.MethodLength),
        ["folder_size"] = () => ShapeRules.FolderSize(SourceTree.Files),
        ["constructor_width"] = () => SourceTree.Files.SelectMany(ShapeRules.ConstructorWidth),
        ["sealed"] = () => ShapeRules.Sealed(SourceTree.Files),
        ["edges"] = () => EdgeRules.Folders(SourceTree.Files),
        ["project_edges"] = () => Projects.SelectMany(path => EdgeRules.Projects(path, SourceTree.Read(path))),
        ["core_packages"] = () => EdgeRules.Packages(CoreProject, SourceTree.Read(CoreProject)),
        ["type_names"] = () => SourceTree.Files.SelectMany(WordRules.TypeNames),
        ["folder_names"] = () => WordRules.Folders(SourceTree.Find("src", "*")),
        ["comments"] = () => SourceTree.Files.SelectMany(WordRules.Comments),
        ["clock"] = () => SourceTree.Files.SelectMany(PurityRules.Clock),
        ["purity"] = () => SourceTree.Files.SelectMany(PurityRules.Purity),
        ["documented"] = () => SourceTree.Files.SelectMany(DocumentationRules.Pragmas)
            .Concat(Projects.Append("Directory.Build.props").SelectMany(path => DocumentationRules.Projects(path, SourceTree.Read(path)))),
    };

    private const string CoreProject = "src/WorkflowEngine/WorkflowEngine.csproj";

    private static IEnumerable<string> Projects => SourceTree.Find("src", "*.csproj");

    [Fact]
    public void Files_StayWithin300Lines() => Check("file_length");

    [Fact]
    public void Methods_StayWithin60Lines() => Check("method_length");

    [Fact]
    public void Folders_HoldAtMost12Files() => Check("folder_size");

    [Fact]
    public void Constructors_TakeAtMost6Parameters() => Check("constructor_width");

    [Fact]
    public void Classes_AreSealedAbstractOrStatic() => Check("sealed");

    [Fact]
    public void CoreFolders_SeeOnlyWhatTheyMay() => Check("edges");

    [Fact]
    public void Assemblies_SeeOnlyCore() => Check("project_edges");

    [Fact]
    public void Core_DependsOnlyOnTheListedPackages() => Check("core_packages");

    [Fact]
    public void TypeNames_SayWhatTheThingIs() => Check("type_names");

    [Fact]
    public void FolderNames_SayASubject() => Check("folder_names");

    [Fact]
    public void Comments_HoldNoPlansBannersOrDeadCode() => Check("comments");

    [Fact]
    public void Clock_IsReadOnlyThroughTimeProvider() => Check("clock");

    [Fact]
    public void MachineAndJobs_ArePure() => Check("purity");

    [Fact]
    public void PublicMembers_AreDocumented() => Check("documented");

    [Fact]
    public void Exceptions_AreAllStillNeeded()
    {
        var idle = Exceptions.Table.Where(entry => !Rules.TryGetValue(entry.Rule, out var rule) || !rule().Any(offence => offence.File == entry.File && offence.Subject == entry.Subject));

        Report("no longer needed; the list may only shrink", idle);
    }

    [Fact]
    public void SourceTree_IsFound() => SourceTree.Files.Should().Contain(file => file.CoreFolder == "Data", "rules over an empty tree would pass for nothing");

    [Fact]
    public void SourceTree_IsParsedWithoutErrors()
        => Report("the parser of the rules is older than the language of the source", SourceTree.Files.SelectMany(file => file.Syntax.GetDiagnostics()).Where(problem => problem.Severity == DiagnosticSeverity.Error));

    private static void Check(string rule) => Report(rule, Rules[rule]().Where(offence => !Exceptions.Covers(rule, offence)));

    private static void Report<T>(string what, IEnumerable<T> found)
    {
        var lines = found.ToList();
        if (lines.Count > 0)
        {
            Assert.Fail($"{what}: {lines.Count}\n{string.Join('\n', lines)}");
        }
    }
}
