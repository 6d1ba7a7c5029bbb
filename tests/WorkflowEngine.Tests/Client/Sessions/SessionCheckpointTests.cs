using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Client.Sessions;

/// <summary>Checkpoints of sessions, and going back to one from inside the code (S26, S28).</summary>
public sealed class SessionCheckpointTests
{
    [Fact]
    public async Task Restore_FromInside_PutsStepsAndVariablesBackAndTheCodeGoesOn()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("checkpoints", "s", totalSteps: 4);
        await session.RunStepAsync("load", _ => Task.FromResult(1));
        session.Variables.Set("limit", 10);
        var checkpoint = await session.CreateCheckpointAsync("before the risk").Soon();
        var before = await session.RunStepAsync("risky", _ => Task.FromResult(session.IdempotencyKeyFor("risky")));
        session.Variables.Set("limit", 20);
        session.Variables.Set("later", true);

        (await session.RestoreCheckpointAsync(checkpoint.Id)).Should().BeTrue();

        (session.Variables.Get<int>("limit"), session.Variables.Contains("later")).Should().Be((10, false));
        (await session.RunStepAsync("load", _ => Task.FromResult(2))).Should().Be(1, "it completed before the checkpoint");
        var after = await session.RunStepAsync("risky", _ => Task.FromResult(session.IdempotencyKeyFor("risky")));
        after.Should().NotBe(before, "a step that runs again has a new key");
        await session.CompleteAsync();
        var report = await session.GetStatusAsync();
        (report.Status, report["risky"].Attempts).Should().Be((JobStatus.Completed, 2));
        report.Checkpoints.Should().Equal(checkpoint.Id);
    }

    [Fact]
    public async Task Restore_OfAnUnknownCheckpoint_IsFalse()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("checkpoints", "s");

        (await session.RestoreCheckpointAsync("nothing")).Should().BeFalse();
    }

    [Fact]
    public async Task CompleteStep_AsFailedAfterARestore_IsLegalAndTheRunCompletes()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("checkpoints", "s", totalSteps: 2);
        var checkpoint = await session.CreateCheckpointAsync().Soon();
        await session.StartStepAsync("aggregate", "Aggregate");
        await session.RestoreCheckpointAsync(checkpoint.Id);

        await session.CompleteStepAsync("aggregate", success: false, new InvalidDataException("incomplete"));

        await session.RunStepAsync("save", _ => Task.CompletedTask);
        await session.CompleteAsync();
        var report = await session.GetStatusAsync();
        (report.Status, report["aggregate"].Status, report.Progress.Failed, report.Progress.Completed).Should().Be((JobStatus.Completed, StepStatus.Failed, 1, 1));
        report["aggregate"].Error!.Message.Should().Contain("incomplete");
    }

    [Fact]
    public async Task CompleteStep_ThatWasNeverStarted_SaysSo()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("checkpoints", "s");

        await session.Invoking(open => open.CompleteStepAsync("ghost")).Should().ThrowAsync<InvalidOperationException>().WithMessage("*'ghost' was not started*");
    }

    [Fact]
    public async Task Restore_FromOutside_StopsTheCodeAndItRunsAgain()
    {
        var runs = Channel.CreateUnbounded<string>();
        var waits = true;
        await using var host = await TestHost.StartAsync(engine => engine.AddFlow<DataPacket>("outside", version: "1", async (session, _, stop) =>
        {
            await session.RunStepAsync("first", token => runs.Writer.WriteAsync("first", token).AsTask(), cancellationToken: stop);
            await session.RunStepAsync("second", async token =>
            {
                await runs.Writer.WriteAsync("second", token);
                await (waits ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token) : Task.CompletedTask);
            }, cancellationToken: stop);
        }));
        var job = await host.Engine.StartAsync("outside");
        (await runs.Reader.ReadAsync().AsTask().Soon()).Should().Be("first");
        (await runs.Reader.ReadAsync().AsTask().Soon()).Should().Be("second");
        var checkpoint = await job.CreateCheckpointAsync().Soon();
        waits = false;

        (await job.RestoreCheckpointAsync(checkpoint.Id).Soon()).Should().BeTrue();

        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        runs.Writer.Complete();
        (await runs.Reader.ReadAllAsync().ToListAsync()).Should().Equal("second");
    }

    [Fact]
    public async Task TryRun_ThatRestores_TriesOnceMoreFromTheCheckpoint()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("checkpoints", "s");
        session.Variables.Set("mode", "fast");
        await session.CreateCheckpointAsync().Soon();
        var seen = new List<string?>();
        var options = new StepOptions { RestoresCheckpoint = true };

        var rescued = await session.TryRunStepAsync(
            "risky",
            "Risky",
            _ =>
            {
                seen.Add(session.Variables.Get<string>("mode"));
                session.Variables.Set("mode", "broken");
                return seen.Count == 1 ? throw new UnauthorizedAccessException() : Task.CompletedTask;
            },
            options);

        (rescued, string.Join(' ', seen)).Should().Be((true, "fast fast"));
    }

    [Fact]
    public async Task ImportState_OfAnotherSession_TakesItsStepsAndVariables()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        JobExport state;
        await using (var first = await host.Engine.OpenSessionAsync("moved", "first"))
        {
            await first.RunStepAsync("load", _ => Task.FromResult(45));
            first.Variables.Set("rows", 45);
            state = JobExport.Parse((await first.ExportStateAsync()).ToJson());
        }

        await using var second = await host.Engine.OpenSessionAsync("moved", "second");
        await second.RunStepAsync("own", _ => Task.CompletedTask);
        await second.ImportStateAsync(state);

        (await second.RunStepAsync("load", _ => Task.FromResult(0))).Should().Be(45);
        second.Variables.Get<int>("rows").Should().Be(45);
        (await second.GetStatusAsync())["own"].Status.Should().Be(StepStatus.Pending, "it was not in the export");
        await second.CompleteAsync();
        await using var other = await host.Engine.OpenSessionAsync("other", "s");
        await other.Invoking(open => open.ImportStateAsync(state)).Should().ThrowAsync<ArgumentException>().WithMessage("*'moved'*'other'*");
    }
}
