using System.Diagnostics;
using System.Text.Json;

namespace WorkflowEngine.Cli.Tests;

/// <summary>What the README shows of <c>samples/Quickstart</c>: it is killed in the middle, and the same command goes on where it stopped.</summary>
public sealed class QuickstartTests : IDisposable
{
    private const int Files = 240;
    private const long FileBytes = 12 * 1024 * 1024;

    private static readonly string Quickstart = Path.Combine(AppContext.BaseDirectory, "Quickstart.dll");

    private readonly Tool _wf = new();

    [Fact]
    public async Task Quickstart_KilledInTheMiddle_IsFinishedByTheSameCommandWithoutRepeatingFinishedSteps()
    {
        MakeFiles();
        var killed = StartQuickstart();
        await Tool.UntilAsync(killed, " 25 %");
        killed.Kill();
        (await Tool.EndAsync(killed)).ExitCode.Should().Be(137);
        var (left, before) = await EventsAsync();

        var again = await Tool.EndAsync(StartQuickstart());

        again.ExitCode.Should().Be(0, again.Error);
        again.Error.Should().Contain($"Job {left} goes on;");
        File.Exists(again.Output.Trim()).Should().BeTrue();
        var (finished, after) = await EventsAsync();
        finished.Should().Be(left);
        var done = Steps(before, "step.completed");
        done.Should().HaveCountGreaterThan(Files / 5).And.HaveCountLessThan(Files, "it was killed in the middle");
        Steps(after, "step.completed").Should().OnlyHaveUniqueItems().And.HaveCount(Files + 2);
        Steps(after, "step.started").Where(done.Contains).Should().OnlyHaveUniqueItems("a finished step is never started again");
    }

    [Theory]
    [InlineData(2, "--store", "redis:x")]
    [InlineData(4, "--store", "sqlite:no/such/folder/q.db")]
    [InlineData(0, "--store", "memory")]
    public async Task Quickstart_OnAStore_EndsWithTheCodeOfWhatIsWrong(int exitCode, params string[] arguments)
    {
        var run = await Tool.EndAsync(StartQuickstart(arguments));

        run.ExitCode.Should().Be(exitCode);
        run.Error.Should().NotContain("   at ");
    }

    public void Dispose() => _wf.Dispose();

    /// <summary>Empty to the disk and long to read, so that there is a middle.</summary>
    private void MakeFiles()
    {
        var folder = Directory.CreateDirectory(_wf.PathOf("files")).FullName;
        for (var number = 0; number < Files; number++)
        {
            using var file = File.Create(Path.Combine(folder, $"{number}.bin"));
            file.SetLength(FileBytes);
        }
    }

    private Process StartQuickstart(params string[] arguments)
        => _wf.StartProgram(Quickstart, new Dictionary<string, string>(), [Directory.CreateDirectory(_wf.PathOf("files")).FullName, .. arguments]);

    private async Task<(string Job, List<JsonElement> Events)> EventsAsync()
    {
        var jobs = await _wf.RunAsync("jobs", "list", "--store", "sqlite:quickstart.db", "--json");
        var id = jobs.Json.GetProperty("items").EnumerateArray().Should().ContainSingle().Subject.Text("job_id")!;
        var events = await _wf.RunAsync("jobs", "events", id, "--store", "sqlite:quickstart.db", "--json");
        return (id, [.. events.Json.GetProperty("items").EnumerateArray()]);
    }

    private static List<string?> Steps(List<JsonElement> events, string type)
        => [.. events.Where(happened => happened.Text("type") == type).Select(happened => happened.Text("step_path"))];
}
