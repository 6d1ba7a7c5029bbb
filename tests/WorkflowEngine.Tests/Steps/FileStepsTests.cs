using System.Text;

namespace WorkflowEngine.Tests.Steps;

public sealed class FileStepsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ReadFile_TextWithMark_ComesWithoutIt()
    {
        await File.WriteAllTextAsync(_folder["a.txt"], "grün\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));

        var content = (await new ReadFileStep().RunAsync(new { path = _folder["a.txt"] })).Content();

        content.GetRawText().Should().Be($$"""{"path":"{{_folder["a.txt"]}}","text":"grün\n"}""");
    }

    [Fact]
    public async Task ReadFile_Missing_FailsByName()
        => (await new ReadFileStep().FailAsync(new { path = _folder["no.txt"] })).Reason.Should().Be("file_not_found");

    [Fact]
    public async Task ReadFile_Folder_FailsForGood()
    {
        var failure = await new ReadFileStep().FailAsync(new { path = _folder.Path });

        (failure.Reason, failure.Retryable).Should().Be(("file_access_denied", false));
    }

    [Fact]
    public async Task ReadFile_NotText_FailsRatherThanGarbling()
    {
        await File.WriteAllBytesAsync(_folder["a.bin"], [0x66, 0xFC, 0x72]);

        (await new ReadFileStep().FailAsync(new { path = _folder["a.bin"] })).Reason.Should().Be("invalid_text");
    }

    [Fact]
    public async Task ReadFile_Endless_StopsAtTheLimit()
        => (await new ReadFileStep().FailAsync(new { path = "/dev/zero" })).Reason.Should().Be("file_too_large");

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "path": "" }""")]
    [InlineData("""{ "path": null }""")]
    [InlineData("""{ "path": "a\u0000b" }""")]
    public async Task ReadFile_NoPath_IsABadConfig(string config)
        => (await new ReadFileStep().FailAsync(System.Text.Json.JsonElement.Parse(config))).Reason.Should().Be(Reasons.InvalidConfig);

    [Fact]
    public async Task WriteFile_Text_IsWrittenAndCounted()
    {
        var content = (await new WriteFileStep().RunAsync(new { path = _folder["new/a.txt"], content = "grün" })).Content();

        content.GetProperty("bytes").GetInt64().Should().Be(5);
        (await File.ReadAllBytesAsync(_folder["new/a.txt"])).Should().Equal("grün"u8.ToArray());
    }

    [Fact]
    public async Task WriteFile_NoContent_TakesTheNewestItemAsJson()
    {
        await new WriteFileStep().RunAsync(new { path = _folder["a.json"] }, data: new object[] { new { n = 1 }, new { n = 2 } });

        (await File.ReadAllTextAsync(_folder["a.json"])).Should().Be("""{"n":1}""");
    }

    [Fact]
    public async Task WriteFile_NoContentAndNoInput_Fails()
    {
        var act = () => new WriteFileStep().RunAsync(new { path = _folder["a.json"] });

        (await act.Should().ThrowAsync<DataPacketException>()).Which.Reason.Should().Be(Reasons.InvalidInput);
    }

    [Fact]
    public async Task WriteFile_ExistingFile_KeepsItsModeAndLeavesNothingBeside()
    {
        await File.WriteAllTextAsync(_folder["a.sh"], "old");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder["a.sh"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        await new WriteFileStep().RunAsync(new { path = _folder["a.sh"], content = "new" });

        (await File.ReadAllTextAsync(_folder["a.sh"])).Should().Be("new");
        Directory.GetFiles(_folder.Path).Should().Equal(_folder["a.sh"]);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(_folder["a.sh"]).Should().HaveFlag(UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task WriteFile_Link_IsWrittenThrough()
    {
        await File.WriteAllTextAsync(_folder["real.txt"], "old");
        File.CreateSymbolicLink(_folder["link.txt"], _folder["real.txt"]);

        await new WriteFileStep().RunAsync(new { path = _folder["link.txt"], content = "new" });

        (await File.ReadAllTextAsync(_folder["real.txt"])).Should().Be("new");
        new FileInfo(_folder["link.txt"]).LinkTarget.Should().NotBeNull();
    }

    [Fact]
    public async Task WriteFile_OntoAFolder_FailsAndLeavesNothingBehind()
    {
        Directory.CreateDirectory(_folder["d"]);

        await new WriteFileStep().FailAsync(new { path = _folder["d"], content = "x" });

        Directory.GetFiles(_folder.Path).Should().BeEmpty();
    }

    [Fact]
    public async Task WriteFile_Device_StaysADevice()
    {
        await new WriteFileStep().RunAsync(new { path = "/dev/null", content = "x" });

        (await File.ReadAllTextAsync("/dev/null")).Should().BeEmpty();
    }
}
