using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;
using WorkflowEngine.Tests.HouseRules;
using WorkflowEngine.Tests.Steps;

namespace WorkflowEngine.Tests.Docs;

/// <summary>What README.md shows is code that compiles and a flow that runs.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Readme = SourceTree.Read("README.md");

    [Fact]
    public void Snippet_IsTheSampleProgram() => Blocks("csharp").First().Should().Be(SourceTree.Read("samples/Snippet/Program.cs"));

    [Fact]
    public void OtherCode_IsCompiledHere()
    {
        var compiled = Unindented(SourceTree.Read("tests/WorkflowEngine.Tests/Docs/ReadmeExamples.cs"));

        Blocks("csharp").Skip(1).Should().NotBeEmpty().And.AllSatisfy(block => compiled.Should().Contain(Unindented(block)));
    }

    [Fact]
    public async Task Flow_Runs()
    {
        using var folder = new TemporaryFolder();
        var flow = JsonNode.Parse(Blocks("json").Single())!;
        flow["steps"]![2]!["config"]!["path"] = folder["versions.json"];
        await using var host = await TestHost.StartAsync(engine => engine
            .AddStep<ExecStep>("exec").AddStep<WriteFileStep>("write_file")
            .AddFlow(FlowDefinition.Parse(flow.ToJsonString())));

        var result = await host.Engine.RunAsync("versions");

        result.EnsureSucceeded();
        var written = JsonNode.Parse(await File.ReadAllTextAsync(folder["versions.json"]))!;
        written["sdk"]!["stdout"]!.GetValue<string>().Should().MatchRegex("^[0-9]+\\.");
        written["git"].Should().NotBeNull();
    }

    [Fact]
    public void Packages_AreThoseThatTheSampleIsBuiltWith()
    {
        var hosting = PackageVersion().Match(SourceTree.Read("Directory.Packages.props")).Groups["version"].Value;

        Readme.Should().Contain($"dotnet add package Microsoft.Extensions.Hosting --version {hosting}\n");
    }

    [Fact]
    public void Readme_StaysBelow200Lines() => Readme.Split('\n').Should().HaveCountLessThan(200);

    private static IEnumerable<string> Blocks(string language)
        => Fence().Matches(Readme).Where(match => match.Groups["language"].Value == language).Select(match => match.Groups["code"].Value);

    private static string Unindented(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()));

    [GeneratedRegex("^```(?<language>[a-z]+)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Fence();

    [GeneratedRegex("\"Microsoft.Extensions.Hosting\" Version=\"(?<version>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PackageVersion();
}
