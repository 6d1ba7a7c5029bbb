using WorkflowEngine.Testing.Conformance;

namespace WorkflowEngine.Tests.HouseRules;

/// <summary>
/// The public face of every assembly equals <c>src/{assembly}/PublicApi.txt</c>. After a wanted change run the tests once with
/// <c>UPDATE_PUBLIC_API=1</c> and review the difference of the file.
/// </summary>
public sealed class PublicApiTests
{
    /// <summary>One type of each assembly that has a public face.</summary>
    private static readonly Type[] Anchors = [typeof(DataPacket), typeof(HttpStep), typeof(FlowTestHost), typeof(SqliteStoreOptions), typeof(StoreContract)];

    public static TheoryData<string> Assemblies => [.. Anchors.Select(anchor => anchor.Assembly.GetName().Name!)];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void PublicApi_OfAssembly_EqualsItsFile(string assembly)
    {
        var actual = PublicApiText.Of(Anchors.Single(anchor => anchor.Assembly.GetName().Name == assembly).Assembly);
        var path = Path.Combine(SourceTree.Root, "src", assembly, "PublicApi.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1")
        {
            File.WriteAllText(path, actual);
            return;
        }

        var difference = Difference(File.Exists(path) ? File.ReadAllText(path) : string.Empty, actual);
        if (difference.Count > 0)
        {
            Assert.Fail($"The public API of {assembly} changed. If that is wanted, run with UPDATE_PUBLIC_API=1 and note it in docs/CHANGELOG.md.\n{string.Join('\n', difference)}");
        }
    }

    [Fact]
    public void EverySourceAssembly_ThatIsReferenced_IsAnAnchor()
    {
        var output = SourceTree.Find("src", "*.csproj").Select(path => Path.GetFileNameWithoutExtension(path)!)
            .Where(name => File.Exists(Path.Combine(AppContext.BaseDirectory, $"{name}.dll")));

        output.Should().BeSubsetOf(Anchors.Select(anchor => anchor.Assembly.GetName().Name!), "the test project references it, so its public face is checked");
    }

    [Fact]
    public void Difference_OfARemovedAndAnAddedMember_NamesBothWithTheirType()
        => Difference("class A\n    void B()\nclass C\n    void B()\n", "class A\n    void B()\nclass C\n    void D()\n")
            .Should().Equal("- class C |     void B()", "+ class C |     void D()");

    [Fact]
    public void Text_OfAMember_ShowsWhatACallerDependsOn()
    {
        var text = PublicApiText.Of([typeof(Sample<>), typeof(SampleRecord), typeof(SampleWord)]);

        text.Should().Be("""
            sealed class WorkflowEngine.Tests.HouseRules.PublicApiTests.Sample<T> where T : class
                Sample()
                const int Limit = 3
                int? Find(string key, out string? found, bool deep = false)
                required string Name { get; init; }
                string? Note { get; }
            sealed record class WorkflowEngine.Tests.HouseRules.PublicApiTests.SampleRecord : IEquatable<SampleRecord>
                SampleRecord(int Count)
                int Count { get; init; }
            enum WorkflowEngine.Tests.HouseRules.PublicApiTests.SampleWord
                One = 1

            """.ReplaceLineEndings("\n"));
    }

    private static List<string> Difference(string expected, string actual)
    {
        var before = Qualified(expected);
        var after = Qualified(actual);
        return [.. before.Except(after, StringComparer.Ordinal).Select(line => $"- {line}"), .. after.Except(before, StringComparer.Ordinal).Select(line => $"+ {line}")];
    }

    /// <summary>Each member's line with its type's in front, so that equal members of different types stay apart.</summary>
    private static List<string> Qualified(string text)
    {
        var type = string.Empty;
        var lines = new List<string>();
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            type = line.StartsWith(' ') ? type : line;
            lines.Add(line.StartsWith(' ') ? $"{type} | {line}" : line);
        }

        return lines;
    }

    public enum SampleWord
    {
        One = 1,
    }

    public sealed class Sample<T>
        where T : class
    {
        public const int Limit = 3;

        public required string Name { get; init; }

        public string? Note { get; private set; }

        internal T? Hidden { get; set; }

        public int? Find(string key, out string? found, bool deep = false)
        {
            found = deep ? key : null;
            return Hidden is null ? null : 1;
        }
    }

    public sealed record SampleRecord(int Count);
}
