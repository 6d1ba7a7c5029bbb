using System.Diagnostics;
using System.Text.Json;

namespace WorkflowEngine.Tests.Steps;

public sealed class ExecStepTests
{
    private static readonly ExecStep Step = new();

    [Fact]
    public async Task Output_Text_IsOneItem()
    {
        var content = (await ShellAsync("echo out; echo err >&2")).Content();

        content.GetRawText().Should().Be("""{"stdout":"out\n","stderr":"err\n","exit_code":0}""");
    }

    [Fact]
    public async Task Output_Lines_IsAnItemPerLine()
    {
        var result = await ShellAsync("printf 'a\\n\\nb\\r\\nc'", new { output = "lines" });

        result.Output!.Select(item => item.Content.GetRawText()).Should().Equal("""{"text":"a"}""", """{"text":""}""", """{"text":"b"}""", """{"text":"c"}""");
    }

    [Theory]
    [InlineData("""[{"type":"t","content":1},{"type":"u","content":2}]""", "t:1 u:2")]
    [InlineData("[1,2]", "input:1 input:2")]
    [InlineData("7", "input:7")]
    public async Task Output_Json_FollowsTheInputRule(string json, string items)
    {
        var result = await Step.RunAsync(new { command = "echo", args = new[] { json }, output = "json" });

        string.Join(' ', result.Output!.Select(item => $"{item.Type}:{item.Content}")).Should().Be(items);
    }

    [Theory]
    [InlineData("lines", "")]
    [InlineData("json", "")]
    [InlineData("json", "[]")]
    public async Task Output_Nothing_IsImplicitlyEmpty(string output, string text)
    {
        var result = await Step.RunAsync(new { command = "printf", args = new[] { "%s", text }, output });

        (result.Output!.Count, result.IsExplicit).Should().Be((0, false));
    }

    [Fact]
    public async Task Output_NotJson_Fails()
        => (await Step.FailAsync(new { command = "echo", args = new[] { "{oops" }, output = "json" })).Reason.Should().Be("invalid_output");

    [Fact]
    public async Task Args_OfAnyKind_ArriveAsTheyAre()
    {
        var result = await Step.RunAsync(new { command = "printf", args = new object[] { "<%s>", "a b", 1.5, true, "$HOME; `id` 'x'", "" } });

        result.Content().GetProperty("stdout").GetString().Should().Be("<a b><1.5><true><$HOME; `id` 'x'><>");
    }

    [Fact]
    public async Task Stdin_Input_IsThePacket()
    {
        var result = await Step.RunAsync(new { command = "cat", stdin = "input", output = "json" }, data: new[] { "a", "b" });

        result.Output!.Select(item => item.Get<string>()).Should().Equal("a", "b");
    }

    [Fact]
    public async Task Stdin_None_IsEmpty()
        => (await Step.RunAsync(new { command = "cat" }, data: "x")).Content().GetProperty("stdout").GetString().Should().BeEmpty();

    [Fact]
    public async Task Stdin_LargeAndUnread_DoesNotHang()
    {
        var result = await Step.RunAsync(new { command = "true", stdin = "input" }, data: new string('x', 1_000_000));

        result.Content().GetProperty("exit_code").GetInt32().Should().Be(0);
    }

    [Fact]
    public async Task Stdin_LargeAndEchoed_DoesNotDeadlock()
    {
        var text = new string('x', 1_000_000);
        var result = await Step.RunAsync(new { command = "cat", stdin = "input", output = "json" }, data: text);

        result.Output!.Get<string>().Should().Be(text);
    }

    [Fact]
    public async Task Environment_OfTheStep_IsSet()
    {
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        var payload = StepPayload.For(
            config: new { command = "sh", args = new[] { "-c", "echo $WF_JOB_ID $WF_STEP_ID $WF_ATTEMPT $WF_IDEMPOTENCY_KEY $TRACEPARENT $A $B ${HOME-none}" }, env = new Dictionary<string, object?> { ["A"] = 1, ["B"] = "b c", ["HOME"] = null } },
            attempt: 3,
            stepId: "convert");

        var result = await Step.ExecuteAsync(payload, default);

        result.Content().GetProperty("stdout").GetString().Should().Be($"{payload.JobId} convert 3 {payload.IdempotencyKey} {activity.Id} 1 b c none\n");
    }

    [Fact]
    public async Task WorkingDirectory_Given_IsWhereItRuns()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["x.sh"], "#!/bin/sh\npwd");
        await Step.RunAsync(new { command = "chmod", args = new[] { "+x", folder["x.sh"] } });

        var result = await Step.RunAsync(new { command = "./x.sh", working_directory = folder.Path });

        result.Content().GetProperty("stdout").GetString().Should().EndWith(Path.GetFileName(folder.Path) + "\n");
    }

    [Fact]
    public async Task ExitCode_Other_IsARetryableFailureWithTheEndOfStderr()
    {
        var failure = await ShellAsync("i=0; while [ $i -lt 400 ]; do echo line $i grün >&2; i=$((i+1)); done; exit 3");

        (failure.Reason, failure.Retryable).Should().Be(("exit_code", true));
        failure.Message.Should().StartWith("exit code 3: ").And.EndWith("line 399 grün").And.NotContain("line 0 ").And.NotContain("\uFFFD");
        failure.Message!.Length.Should().BeLessThanOrEqualTo(2048 + 20);
    }

    [Fact]
    public async Task ExitCode_DeclaredAsSuccess_Completes()
        => (await ShellAsync("exit 3", new { success_exit_codes = new[] { 0, 3 } })).Content().GetProperty("exit_code").GetInt32().Should().Be(3);

    [Theory]
    [InlineData("kill -9 $$", 137)]
    [InlineData("kill -TERM $$", 143)]
    [InlineData("sleep 300 & kill -9 0", 137)]
    public async Task ExitCode_BySignalToItselfOrItsGroup_IsAFailureOfTheStepAlone(string script, int code)
    {
        var failure = await ShellAsync(script);

        (failure.Reason, failure.Message).Should().Be(("exit_code", $"exit code {code}"));
    }

    [Theory]
    [InlineData("no-such-command-anywhere")]
    [InlineData("./no-such-file")]
    [InlineData("/no/such/file")]
    [InlineData("echo hello")]
    public async Task Command_Missing_FailsForGood(string command)
    {
        var failure = await Step.FailAsync(new { command });

        (failure.Reason, failure.Retryable).Should().Be(("command_not_found", false));
    }

    [Theory]
    [InlineData("""{ "command": "/etc/passwd" }""", "command_not_executable")]
    [InlineData("""{ "command": "true", "working_directory": "/no/such/folder" }""", "working_directory_not_found")]
    [InlineData("""{ "command": "" }""", "invalid_config")]
    [InlineData("""{ }""", "invalid_config")]
    [InlineData("""{ "command": "true", "args": ["a\u0000b"] }""", "invalid_config")]
    [InlineData("""{ "command": "true", "env": { "A=B": "c" } }""", "invalid_config")]
    [InlineData("""{ "command": "true", "output": "xml" }""", "invalid_config")]
    public async Task Config_Wrong_FailsForGood(string config, string reason)
    {
        var failure = await Step.FailAsync(JsonElement.Parse(config));

        (failure.Reason, failure.Retryable).Should().Be((reason, false));
    }

    [Fact]
    public async Task Output_Big_ComesWhole()
    {
        var result = await ShellAsync("head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero | tr '\\0' y >&2");

        (result.Content().GetProperty("stdout").GetString()!.Length, result.Content().GetProperty("stderr").GetString()!.Length).Should().Be((3_000_000, 3_000_000));
    }

    [Fact]
    public async Task Output_Endless_IsKilledAtTheLimit()
    {
        var failure = await Step.FailAsync(new { command = "yes" });

        (failure.Reason, failure.Retryable).Should().Be(("output_too_large", false));
    }

    [Fact]
    public async Task Child_LeftInTheBackgroundWithThePipes_DoesNotHoldTheStep()
    {
        var result = await ShellAsync("sleep 300 & echo $!");

        var child = int.Parse(result.Content().GetProperty("stdout").GetString()!);
        IsAlive(child).Should().BeTrue();
        Process.GetProcessById(child).Kill();
    }

    [Theory]
    [InlineData("sleep 300 & echo $! > {0}; wait")]
    [InlineData("sh -c 'sh -c \"sleep 300 & echo \\$! > {0}; wait\"; true'; true")]
    [InlineData("(sleep 300 & echo $! > {0}); sleep 300")]
    public async Task Cancel_Running_KillsTheWholeTree(string script)
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var payload = StepPayload.For(config: new { command = "sh", args = new[] { "-c", script.Replace("{0}", folder["pid"], StringComparison.Ordinal) } });

        var running = Task.Run(() => Step.ExecuteAsync(payload, stop.Token).AsTask());
        await UntilAsync(() => File.Exists(folder["pid"]) && File.ReadAllText(folder["pid"]).EndsWith('\n'));
        var grandchild = int.Parse(await File.ReadAllTextAsync(folder["pid"]));
        IsAlive(grandchild).Should().BeTrue();
        await stop.CancelAsync();

        await running.Invoking(run => run).Should().ThrowAsync<OperationCanceledException>();
        await UntilAsync(() => !IsAlive(grandchild));
    }

    [Fact]
    public async Task Cancel_BeforeTheStart_StartsNothing()
    {
        using var folder = new TemporaryFolder();
        var payload = StepPayload.For(config: new { command = "touch", args = new[] { folder["x"] } });

        var act = async () => await Step.ExecuteAsync(payload, new CancellationToken(canceled: true));

        await act.Should().ThrowAsync<OperationCanceledException>();
        File.Exists(folder["x"]).Should().BeFalse();
    }

    private static Task<StepResult> ShellAsync(string script, object? more = null)
    {
        var config = new Dictionary<string, object> { ["command"] = "sh", ["args"] = new[] { "-c", script } };
        foreach (var member in JsonSerializer.SerializeToElement(more ?? new { }).EnumerateObject())
        {
            config[member.Name] = member.Value;
        }

        return Step.RunAsync(config);
    }

    /// <summary>A zombie that nobody has collected yet is not alive.</summary>
    private static bool IsAlive(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var deadline = Stopwatch.StartNew(); !condition(); await Task.Yield())
        {
            deadline.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(30));
        }
    }
}
