using System.Text.RegularExpressions;
using WorkflowEngine.Tests.HouseRules;

namespace WorkflowEngine.Tests.Docs;

/// <summary>docs/FEATURES.md names every promise once, and no test or member that does not exist.</summary>
public sealed partial class FeaturesTests
{
    private static readonly string Features = SourceTree.Read("docs/FEATURES.md");

    [Fact]
    public void Table_OfFeatures_HasNoProblems() => FeatureTable.Problems(FeatureTable.Read(Features)).Should().BeEmpty();

    [Theory]
    [InlineData("| 000/1 |", "| 000/2 |", "000/1 stands in 0 rows")]
    [InlineData("| 004/52 |", "| 004/51-52 |", "004/51 stands in 2 rows")]
    [InlineData("| 003/78 |", "| 003/78-79 |", "there is no 003/79")]
    [InlineData("| 003/78 |", "| 003/78ff |", "'003/78ff' is no number or range")]
    [InlineData("RouteTests.RunAsync_ChainOfSteps_RunsEachOnceInOrder", "RouteTests.RunAsync_Chain", "there is no test RouteTests.RunAsync_Chain")]
    [InlineData("`DataPacket.Prepend`", "`DataPacket.Append`", "there is no DataPacket.Append in the public API")]
    [InlineData("`DataPacket.Prepend`", "`Packet`", "there is no Packet in the public API")]
    [InlineData("`ControlTests.Cancel_RunningBody_FiresItsTokenAndStartsNothingNew` | tested |", "| tested |", "tested by nothing")]
    [InlineData("| open: service |", "| open: soon |", "'open: soon' is no state")]
    [InlineData("| decided: S31 |", "| decided: later |", "'decided: later' is no state")]
    public void Table_WithAMistake_IsCaught(string from, string to, string problem)
    {
        Features.Should().Contain(from);

        FeatureTable.Problems(FeatureTable.Read(Features.Replace(from, to, StringComparison.Ordinal))).Should().Contain(found => found.Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Links_LeadToFiles()
    {
        var links = Link().Matches(Features).Select(match => match.Groups["path"].Value).ToList();

        links.Should().NotBeEmpty();
        links.Should().OnlyContain(link => File.Exists(Path.Combine(SourceTree.Root, "docs", link)));
    }

    [GeneratedRegex(@"\]\((?<path>[^)#]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}
