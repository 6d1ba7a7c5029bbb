namespace WorkflowEngine.Tests.Steps;

public sealed class ReadCsvStepTests
{
    private static readonly ReadCsvStep Step = new();

    [Theory]
    [InlineData("a,b\n1,2\n3,4\n", """{"a":"1","b":"2"}|{"a":"3","b":"4"}""")]
    [InlineData("a,b\r\n1,2\r\n3,4", """{"a":"1","b":"2"}|{"a":"3","b":"4"}""")]
    [InlineData("a,b\r1,2\r", """{"a":"1","b":"2"}""")]
    [InlineData("\uFEFFa,b\n1,2\n", """{"a":"1","b":"2"}""")]
    [InlineData("\uFEFF\"a\",b\n1,2\n", """{"a":"1","b":"2"}""")]
    [InlineData("a,b\n\"x,y\",\"he said \"\"no\"\"\"\n", """{"a":"x,y","b":"he said \u0022no\u0022"}""")]
    [InlineData("a,b\n\"one\ntwo\",\"three\r\nfour\"\n", """{"a":"one\ntwo","b":"three\r\nfour"}""")]
    [InlineData("a,b\n,\n\"\",\"\"\n", """{"a":"","b":""}|{"a":"","b":""}""")]
    [InlineData("a,b\n\n1,2\n\n\n", """{"a":"1","b":"2"}""")]
    [InlineData(",b\n1,2\n", """{"column_1":"1","b":"2"}""")]
    [InlineData("a\n5\" pipe\n", """{"a":"5\u0022 pipe"}""")]
    [InlineData("a,b\n 1 , 2\n", """{"a":" 1 ","b":" 2"}""")]
    [InlineData("a\n\"\"\n", """{"a":""}""")]
    public async Task Text_ByRfc4180_IsAnItemPerRow(string text, string rows)
    {
        var result = await Step.RunAsync(new { text });

        string.Join('|', result.Output!.Select(item => item.Content.GetRawText())).Should().Be(rows);
    }

    [Theory]
    [InlineData("a,b\n1,2\n3\n", "Line 3: the row has 1 values where 2 are expected.")]
    [InlineData("a,b\n\"x\ny\",2\n1,2,3\n", "Line 4: the row has 3 values where 2 are expected.")]
    [InlineData("a,b\n1,2\n3,\"four\nfive\n", "Line 3: a quote is opened here and never closed.")]
    [InlineData("a\n\"x\"y\n", "Line 2: something follows the closing quote of a value.")]
    [InlineData("a,b,a\n1,2,3\n", "Line 1: the header names column 'a' twice.")]
    [InlineData("a,b\r\n\"1\r\n1\",2\r\n3\r\n", "Line 4: the row has 1 values where 2 are expected.")]
    public async Task Text_Broken_FailsWithTheLine(string text, string message)
    {
        var failure = await Step.FailAsync(new { text });

        (failure.Reason, failure.Message, failure.Retryable).Should().Be(("invalid_csv", message, false));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a,b\n")]
    public async Task Text_WithoutRows_IsImplicitlyEmpty(string text)
    {
        var result = await Step.RunAsync(new { text });

        (result.Output!.Count, result.IsExplicit).Should().Be((0, false));
    }

    [Fact]
    public async Task Header_Off_NumbersTheColumns()
    {
        var result = await Step.RunAsync(new { text = "1;2\n", delimiter = ";", header = false });

        result.Content().GetRawText().Should().Be("""{"column_1":"1","column_2":"2"}""");
    }

    [Fact]
    public async Task Path_File_IsRead()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["a.csv"], "n\n1\n");

        (await Step.RunAsync(new { path = folder["a.csv"] })).Content().GetProperty("n").GetString().Should().Be("1");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "path": "a", "text": "b" }""")]
    [InlineData("""{ "text": "b", "delimiter": ";;" }""")]
    [InlineData("""{ "text": "b", "delimiter": "\"" }""")]
    [InlineData("""{ "text": "b", "delimiter": "" }""")]
    public async Task Config_Illegal_FailsForGood(string config)
        => (await Step.FailAsync(System.Text.Json.JsonElement.Parse(config))).Reason.Should().Be(Reasons.InvalidConfig);
}
