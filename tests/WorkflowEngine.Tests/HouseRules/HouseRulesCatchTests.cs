namespace WorkflowEngine.Tests.HouseRules;

/// <summary>The negative controls: each rule is shown a breach and must see it, and its nearest innocent neighbour and must not.</summary>
public sealed class HouseRulesCatchTests
{
    [Fact]
    public void FileLength_Of301Lines_IsCaught()
    {
        ShapeRules.FileLength(Core("Data", string.Concat(Enumerable.Repeat("//\n", 301)))).Should().ContainSingle();
        ShapeRules.FileLength(Core("Data", string.Concat(Enumerable.Repeat("//\n", 300)))).Should().BeEmpty();
    }

    [Theory]
    [InlineData(57, 0)]
    [InlineData(58, 1)]
    public void MethodLength_Above60Lines_IsCaught(int bodyLines, int expected)
        => ShapeRules.MethodLength(Core("Data", $"class A\n{{\nvoid B()\n{{\n{string.Concat(Enumerable.Repeat("x();\n", bodyLines))}}}\n}}"))
            .Should().HaveCount(expected);

    [Theory]
    [InlineData(12, 0)]
    [InlineData(13, 1)]
    public void FolderSize_Above12Files_IsCaught(int files, int expected)
        => ShapeRules.FolderSize(Enumerable.Range(0, files).Select(i => Core("Data", string.Empty, $"F{i}.cs"))).Should().HaveCount(expected);

    [Theory]
    [InlineData("sealed class A(int a, int b, int c, int d, int e, int f, int g);", 1)]
    [InlineData("sealed class A { A(int a, int b, int c, int d, int e, int f, int g) { } }", 1)]
    [InlineData("sealed class A(int a, int b, int c, int d, int e, int f);", 0)]
    [InlineData("sealed record A(int a, int b, int c, int d, int e, int f, int g);", 0)]
    [InlineData("struct A(int a, int b, int c, int d, int e, int f, int g);", 0)]
    public void ConstructorWidth_Above6Parameters_IsCaught(string code, int expected)
        => ShapeRules.ConstructorWidth(Core("Data", code)).Should().HaveCount(expected);

    [Theory]
    [InlineData("public class A;", 1)]
    [InlineData("record A;", 1)]
    [InlineData("sealed class A { class B; }", 1)]
    [InlineData("class A; sealed class A<T>;", 1)]
    [InlineData("sealed class A; abstract class B; static class C { } readonly record struct D; struct E;", 0)]
    [InlineData("partial class A; sealed partial class A;", 0)]
    public void Sealed_OpenClass_IsCaught(string code, int expected) => ShapeRules.Sealed([Core("Data", code)]).Should().HaveCount(expected);

    [Theory]
    [InlineData("Data", "class A { Engine1 x; }", "Engine")]
    [InlineData("Jobs", "class A { object x = new Flow1(); }", "Flows")]
    [InlineData("Jobs", "class A { List<Flow1> x; }", "Flows")]
    [InlineData("Machine", "class A { int x = Engine1.Limit; }", "Engine")]
    [InlineData("Storage", "class A { bool X(object y) => y is Machine1; }", "Machine")]
    [InlineData("Helpers", "class A;", "folder")]
    public void Edges_ForbiddenMention_IsCaught(string folder, string code, string subject)
        => EdgeRules.Folders([.. House, Core(folder, code)]).Should().ContainSingle().Which.Subject.Should().Be(subject);

    [Theory]
    [InlineData("Flows", "class A { Job1 x; }")]
    [InlineData("Engine", "class A { Machine1 x; }")]
    [InlineData("Data", "class A { int x = other.Engine1; }")]
    [InlineData("Data", "class A { Engine1 x; enum Engine1; }")]
    [InlineData("Data", "/// <summary><see cref=\"Engine1\"/></summary>\nclass A;")]
    public void Edges_AllowedMention_IsNoOffence(string folder, string code) => EdgeRules.Folders([.. House, Core(folder, code)]).Should().BeEmpty();

    [Theory]
    [InlineData("WorkflowEngine.Sqlite", "WorkflowEngine.PostgreSql", 1)]
    [InlineData("WorkflowEngine", "WorkflowEngine.Testing", 1)]
    [InlineData("WorkflowEngine.Sqlite", "WorkflowEngine", 0)]
    [InlineData("WorkflowEngine.Cli", "WorkflowEngine.Sqlite", 0)]
    [InlineData("WorkflowEngine.Testing.Conformance", "WorkflowEngine.Testing", 0)]
    [InlineData("WorkflowEngine.Testing.Conformance", "WorkflowEngine.Sqlite", 1)]
    public void ProjectEdges_BetweenSiblings_AreCaught(string from, string to, int expected)
        => EdgeRules.Projects($"src/{from}/{from}.csproj", $"<Project><ItemGroup><ProjectReference Include=\"..\\{to}\\{to}.csproj\" /></ItemGroup></Project>")
            .Should().HaveCount(expected);

    [Fact]
    public void CorePackages_UnlistedOne_IsCaught()
        => EdgeRules.Packages("a.csproj", "<Project><ItemGroup>\n<PackageReference Include=\"Polly.Core\" />\n<PackageReference Include=\"Npgsql\" /></ItemGroup></Project>")
            .Should().ContainSingle().Which.Should().Match<Offence>(offence => offence.Subject == "Npgsql" && offence.Line == 3);

    [Theory]
    [InlineData("JobManager", 1)]
    [InlineData("PacketHelper", 1)]
    [InlineData("JsonUtils", 1)]
    [InlineData("StoreImpl", 1)]
    [InlineData("StepBase", 1)]
    [InlineData("BaseStep", 1)]
    [InlineData("QueueProcessor", 1)]
    [InlineData("SignalHandler", 1)]
    [InlineData("Database", 0)]
    [InlineData("Utilization", 0)]
    [InlineData("Handle", 0)]
    [InlineData("Based", 0)]
    public void TypeNames_WithAnEmptyWord_AreCaught(string name, int expected) => WordRules.TypeNames(Core("Data", $"class {name};")).Should().HaveCount(expected);

    [Fact]
    public void FolderNames_OfAKindOfClass_AreCaught()
        => WordRules.Folders(["src/A/Services/x.cs", "src/A/Models/y.cs", "src/A/Jobs/z.cs"]).Select(offence => offence.Subject).Should().Equal("Services", "Models");

    [Theory]
    [InlineData("// TODO: later", 1)]
    [InlineData("/* HACK */", 1)]
    [InlineData("/// <summary>TODO</summary>", 1)]
    [InlineData("// ------ Public ------", 1)]
    [InlineData("// var x = 1;", 1)]
    [InlineData("// if (x)", 1)]
    [InlineData("#region Fields\n#endregion", 1)]
    [InlineData("// The order matters: rows first, then files.", 0)]
    [InlineData("/// <summary>One; two.</summary>", 0)]
    public void Comments_ThatAreLeftovers_AreCaught(string comment, int expected) => WordRules.Comments(Core("Data", $"{comment}\nclass A;")).Should().HaveCount(expected);

    [Theory]
    [InlineData("DateTime.Now", 1)]
    [InlineData("System.DateTimeOffset.UtcNow", 1)]
    [InlineData("Thread.Sleep(1)", 1)]
    [InlineData("Guid.NewGuid()", 1)]
    [InlineData("Guid.CreateVersion7()", 1)]
    [InlineData("Guid.CreateVersion7(now)", 0)]
    [InlineData("Task.Delay(delay)", 1)]
    [InlineData("Task.Delay(delay, cancellationToken)", 1)]
    [InlineData("Task.Delay(delay, timeProvider, cancellationToken)", 0)]
    [InlineData("Task.Delay(delay, TimeProvider.System)", 0)]
    [InlineData("_time.GetUtcNow()", 0)]
    public void Clock_ReadDirectly_IsCaught(string expression, int expected)
        => PurityRules.Clock(Core("Engine", $"class A {{ object X() => {expression}; }}")).Should().HaveCount(expected);

    [Theory]
    [InlineData("Machine", "TimeProvider x;", 1)]
    [InlineData("Jobs", "Task X() => null;", 1)]
    [InlineData("Machine", "object x = new Random();", 1)]
    [InlineData("Machine", "object x = System.Random.Shared;", 1)]
    [InlineData("Machine", "ILogger<A> x;", 1)]
    [InlineData("Machine", "System.Threading.Tasks.Task x;", 1)]
    [InlineData("Machine", "object x = Guid.CreateVersion7(now);", 1)]
    [InlineData("Machine", "Guid x; object y = other.Task;", 0)]
    [InlineData("Engine", "TimeProvider x;", 0)]
    public void Purity_ClockChanceStoreOrTask_IsCaught(string folder, string member, int expected)
        => PurityRules.Purity(Core(folder, $"class A {{ {member} }}")).Should().HaveCount(expected);

    [Theory]
    [InlineData("#pragma warning disable CS1591", 1)]
    [InlineData("#pragma warning disable CS0618, 1591", 1)]
    [InlineData("#pragma warning disable", 1)]
    [InlineData("#pragma warning disable CS0618\n#pragma warning restore CS1591", 0)]
    public void Documented_PragmaThatHidesIt_IsCaught(string code, int expected) => DocumentationRules.Pragmas(Core("Data", $"{code}\nclass A;")).Should().HaveCount(expected);

    [Theory]
    [InlineData("<NoWarn>$(NoWarn);CS1591</NoWarn>", 1)]
    [InlineData("<GenerateDocumentationFile>false</GenerateDocumentationFile>", 1)]
    [InlineData("<NoWarn>CS1573</NoWarn>", 0)]
    [InlineData("<NoWarn Condition=\"!$(MSBuildProjectDirectory.Contains('/src/'))\">CS1591</NoWarn>", 0)]
    public void Documented_ProjectThatHidesIt_IsCaught(string element, int expected)
        => DocumentationRules.Projects("a.csproj", $"<Project><PropertyGroup>{element}</PropertyGroup></Project>").Should().HaveCount(expected);

    private static SourceFile[] House =>
    [
        Core("Jobs", "class Job1;", "Job1.cs"),
        Core("Flows", "class Flow1;", "Flow1.cs"),
        Core("Machine", "class Machine1;", "Machine1.cs"),
        Core("Engine", "class Engine1;", "Engine1.cs"),
    ];

    private static SourceFile Core(string folder, string code, string name = "A.cs") => SourceFile.Parse($"src/WorkflowEngine/{folder}/{name}", code);
}
