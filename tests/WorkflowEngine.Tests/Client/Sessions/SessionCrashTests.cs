using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;
using WorkflowEngine.Tests.Storage;

namespace WorkflowEngine.Tests.Client.Sessions;

/// <summary>Sessions whose process dies: the store is taken from under it, and another host opens the file (S28, G4).</summary>
public sealed class SessionCrashTests
{
    [Fact]
    public async Task Session_WhoseProcessDied_GoesOnBehindItsCompletedSteps()
    {
        using var folder = new SqliteFolder();
        var effects = new List<string>();
        var dead = await DyingAsync(folder);
        var first = await dead.Host.Engine.OpenSessionAsync("crash", "s", totalSteps: 3);
        await first.RunStepAsync("a", _ => Note(effects, "a"));
        await first.RunStepAsync("b", _ => Note(effects, "b"));
        await first.StartStepAsync("c");
        await first.GetStatusAsync();
        first.Variables.Set("rows", 45);
        await first.Variables.SetAsync("kept", "yes", VariableKind.Output, "b");
        await dead.Store.DisposeAsync();

        await using var host = await TestHost.StartAsync(engine => engine.UseSqlite($"Data Source={folder.File}"));
        await using var second = await host.Engine.OpenSessionAsync("crash", "s", totalSteps: 3);

        second.JobId.Should().Be(first.JobId);
        (await second.RunStepAsync("a", _ => Note(effects, "a"))).Should().Be("a");
        (await second.RunStepAsync("b", _ => Note(effects, "b"))).Should().Be("b");
        (await second.StartStepAsync("c")).Should().BeTrue();
        await second.CompleteStepAsync("c");
        (second.Variables.Get<int>("rows"), second.Variables.Get<string>("kept")).Should().Be((45, "yes"));
        await second.CompleteAsync();
        effects.Should().Equal("a", "b");
        var report = await second.GetStatusAsync();
        (report.Status, report["c"].Attempts, report.Progress.Percentage).Should().Be((JobStatus.Completed, 1, 100));
        await first.Invoking(old => old.RunStepAsync("d", _ => Task.CompletedTask).Soon()).Should().ThrowAsync<Exception>();
    }

    [Fact]
    public async Task CodeFlow_WhoseProcessDied_RunsAgainAndRepeatsNoCompletedStep()
    {
        using var folder = new SqliteFolder();
        var effects = new List<string>();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isFirst = true;
        void Configure(IWorkflowEngineBuilder engine) => engine.AddFlow<DataPacket>("crash", version: "1", async (session, _, stop) =>
        {
            await session.RunStepAsync("a", _ => Note(effects, "a"), cancellationToken: stop);
            await session.RunStepAsync("b", async token =>
            {
                var dies = isFirst;
                began.TrySetResult();
                return dies ? await Forever(token) : await Note(effects, "b");
            }, cancellationToken: stop);
        });
        var dead = await DyingAsync(folder, Configure);
        var job = await dead.Host.Engine.StartAsync("crash");
        await began.Task.Soon();
        await dead.Store.DisposeAsync();
        isFirst = false;

        await using var host = await TestHost.StartAsync(engine => Configure(engine.UseSqlite($"Data Source={folder.File}")));

        (await host.Engine.GetJob(job.Id).WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        effects.Should().Equal("a", "b");
        (await host.Engine.GetJob(job.Id).GetStatusAsync())["b"].Attempts.Should().Be(1, "a crash ends no attempt");
    }

    [Fact]
    public async Task LargeResult_OfACompletedStep_ComesBackFromThePacketStore()
    {
        using var folder = new SqliteFolder();
        void Configure(IWorkflowEngineBuilder engine) => engine.UseSqlite($"Data Source={folder.File}").UseFilePackets(Path.Combine(folder.Folder, "packets"));
        var large = new string('x', 100_000);
        await using (var host = await TestHost.StartAsync(Configure))
        {
            await using var session = await host.Engine.OpenSessionAsync("large", "s");
            await session.RunStepAsync("big", _ => Task.FromResult(large));
        }

        await using var again = await TestHost.StartAsync(Configure);
        await using var second = await again.Engine.OpenSessionAsync("large", "s");

        (await second.RunStepAsync("big", _ => Task.FromResult("other"))).Should().Be(large);
        Directory.GetFiles(Path.Combine(folder.Folder, "packets"), "*.json", SearchOption.AllDirectories).Should().ContainSingle();
    }

    private static async Task<(TestHost Host, Sqlite.SqliteStore Store)> DyingAsync(SqliteFolder folder, Action<IWorkflowEngineBuilder>? more = null)
    {
        var store = folder.Open();
        var host = await TestHost.StartAsync(engine =>
        {
            engine.UseStore(_ => store);
            more?.Invoke(engine);
        });
        return (host, store);
    }

    private static async Task<string> Forever(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return "never";
    }

    private static Task<string> Note(List<string> effects, string step)
    {
        lock (effects)
        {
            effects.Add(step);
        }

        return Task.FromResult(step);
    }
}
