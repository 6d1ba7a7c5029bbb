using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;
using WorkflowEngine.Tests.Storage;

namespace WorkflowEngine.Tests.Engine;

/// <summary>What still comes to a job that has ended, or that this node cannot run (S15, G7).</summary>
public sealed class EndedJobTests
{
    private readonly Probe _probe = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Control_OfAnEndedJob_IsRefusedAndOnTheRecordWithItsActor(bool onFile)
    {
        using var folder = new SqliteFolder();
        await using var host = await TestHost.StartAsync(engine => _ = onFile ? Add(engine).UseSqlite($"Data Source={folder.File}") : Add(engine));
        var job = await host.Engine.StartAsync("one");
        var ended = await job.WaitAsync().Soon();
        var sequence = (await job.EventsSoFarAsync(CancellationToken.None))[^1].Sequence;

        await job.Invoking(over => over.CancelAsync(new ControlOptions { Actor = "ann", Note = "too late" })).Should().ThrowAsync<InvalidTransitionException>();

        await Deadlines.EventuallyAsync(() => job.EventsSoFarAsync(CancellationToken.None).GetAwaiter().GetResult()[^1].Sequence > sequence);
        var refused = (await job.EventsSoFarAsync(CancellationToken.None)).Should().ContainSingle(happened => happened.Sequence > sequence).Subject;
        (refused.Type, refused.Actor, refused.Data!.Value.GetProperty("action").GetString(), refused.Data.Value.GetProperty("note").GetString()).Should().Be((JobEventTypes.CommandRefused, "ann", "cancel", "too late"));
        var kept = await host.Node.Store.LoadAsync(job.Id, JobParts.Mail, CancellationToken.None);
        (kept!.Owner, kept.Mail.Count, kept.Head.Status).Should().Be((null, 0, ended.Status));
        await Deadlines.EventuallyAsync(() => !host.Node.Runners.Any());
    }

    [Fact]
    public async Task Claim_OfAJobWhoseFlowIsGone_HandsItBack()
    {
        await using var host = await TestHost.StartAsync(engine => Add(engine));
        var id = JobId.New(DateTimeOffset.UnixEpoch);
        var creation = new JobCreation { Id = id, FlowId = "ghost", FlowVersion = "1", CreatedAt = 1 };
        var created = new TransitionBuilder { Id = id, Creation = creation, Incarnation = host.Node.Incarnation, Epoch = 1, Head = new JobHead { Version = 1, Attempt = 1, Status = JobStatus.Running, Total = 1 } };
        await host.Node.Store.CommitAsync(new[] { created.Build() }, new CommitVerdict[1], CancellationToken.None);
        host.Node.LostTrack = true;

        await host.Services.GetRequiredKeyedService<EngineHost>(string.Empty).Loop.ClaimNowAsync();

        (await host.Node.Store.LoadAsync(id, JobParts.Head, CancellationToken.None))!.Owner.Should().BeNull();
        host.Node.Held.Should().Be(0);
    }

    [Fact]
    public async Task Job_WithADeclaredOutputOnAGroupedStore_EndsWithTheCommitThatEndsIt()
    {
        using var folder = new SqliteFolder();
        await using var host = await TestHost.StartAsync(engine => Add(engine).UseSqlite($"Data Source={folder.File}").AddFlow(FlowDefinition.Parse("""
            { "id": "made", "steps": [ { "id": "a", "type": "probe" } ], "output": { "first": "{{ steps.a.output[0].content }}" } }
            """)));

        for (var round = 0; round < 20; round++)
        {
            var result = await host.Engine.RunAsync("made").Soon();
            (result.Status, result.Output[0].Content.GetProperty("first").GetString()).Should().Be((JobStatus.Completed, "a"));
        }
    }

    private IWorkflowEngineBuilder Add(IWorkflowEngineBuilder engine) => _probe.AddTo(engine).AddFlow("one", flow => flow.Start("a", "probe"));
}
