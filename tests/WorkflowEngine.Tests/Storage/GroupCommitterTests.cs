using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using WorkflowEngine.Storage;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Storage;

/// <summary>Many transitions, few commits; one that cannot be stored, or a reply that was lost, harms nobody (DESIGN §3.5, G3).</summary>
public sealed class GroupCommitterTests : IAsyncDisposable
{
    private const int Jobs = 64;

    private static readonly Guid Node = new("00000000-0000-0000-0000-000000000001");
    private readonly FaultStore _store;
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly JobId[] _ids = [.. Enumerable.Range(0, Jobs).Select(_ => JobId.New(TimeProvider.System.GetUtcNow()))];

    public GroupCommitterTests()
    {
        var memory = new InMemoryStore(TimeProvider.System);
        _store = new FaultStore(memory) { Traits = memory.Traits with { IsSynchronous = false }, Before = WaitAtTheGateAsync };
    }

    [Fact]
    public async Task Commit_OfManyJobsAtOnce_SharesBatches()
    {
        await using var committer = NewCommitter();

        var first = committer.CommitAsync(Creating(_ids[0])).AsTask();
        await _entered.Task;
        var rest = _ids[1..].Select(id => committer.CommitAsync(Creating(id)).AsTask()).ToArray();
        _gate.SetResult();
        await Task.WhenAll([first, .. rest]);

        (committer.Batches, committer.Transitions).Should().Be((2, Jobs), "what arrives while one commit runs forms the next");
    }

    [Fact]
    public async Task Commit_BeforeTheStoreAnswered_IsNotAcknowledged()
    {
        await using var committer = NewCommitter();

        var commit = committer.CommitAsync(Creating(_ids[0])).AsTask();
        await _entered.Task;

        commit.IsCompleted.Should().BeFalse();
        _gate.SetResult();
        (await commit).Result.Should().Be(CommitResult.Committed);
        (await _store.Inner.LoadAsync(_ids[0], JobParts.Head, default)).Should().NotBeNull("what is acknowledged is there");
    }

    [Fact]
    public async Task Commit_WithOneThatCannotBeStored_RefusesThatOneOnly()
    {
        await using var committer = NewCommitter();
        _gate.SetResult();
        _store.Before = call => call.Jobs.Contains(_ids[17]) ? throw new StoreException("too odd", isTransient: false) : default;

        var verdicts = await Task.WhenAll(_ids.Select(id => committer.CommitAsync(Creating(id)).AsTask()));

        verdicts.Index().Where(pair => pair.Item.Result != CommitResult.Committed).Should().ContainSingle()
            .Which.Should().Match<(int Index, CommitVerdict Item)>(pair => pair.Index == 17 && pair.Item.Result == CommitResult.Refused && pair.Item.Message == "too odd");
        (await _store.Inner.LoadAsync(_ids[17], JobParts.Head, default)).Should().BeNull();
    }

    [Fact]
    public async Task Commit_WhoseReplyWasLost_HasItsEffectOnce()
    {
        await using var committer = NewCommitter();
        _gate.SetResult();
        _store.Faults.Add(new Fault { Member = StoreMember.Commit, Times = 2, AfterEffect = true });

        var created = await committer.CommitAsync(Creating(_ids[0]));
        _store.Faults.Add(new Fault { Member = StoreMember.Commit, AfterEffect = true });
        var gone = await committer.CommitAsync(Next(_ids[0], 2, releases: true));

        (created.Result, gone.Result).Should().Be((CommitResult.AlreadyCommitted, CommitResult.AlreadyCommitted));
        (await _store.Inner.ReadEventsAsync(new EventQuery(_ids[0], 0), default)).Rows.Should().ContainSingle("the transition was applied once");
    }

    [Fact]
    public async Task Commit_AfterTheEnd_IsRefused()
    {
        var committer = NewCommitter();
        await committer.DisposeAsync();

        var commit = async () => await committer.CommitAsync(Creating(_ids[0]));

        await commit.Should().ThrowAsync<StoreException>();
    }

    /// <summary>The budget of DESIGN §3, on the real engine and a real file: 64 jobs of 20 steps each.</summary>
    [Fact]
    public async Task Run_OfManyJobsOnSqlite_CostsFarLessThanOneCommitAStep()
    {
        using var folder = new SqliteFolder();
        const int Steps = 20;
        await using var host = await TestHost.StartAsync(engine =>
        {
            engine.UseSqlite($"Data Source={folder.File}");
            engine.AddStep("work", (_, _) => DataPacket.Of(1));
            engine.AddFlow("long", flow =>
            {
                flow.Start("s0", "work");
                for (var i = 1; i < Steps; i++)
                {
                    flow.Then($"s{i}", "work");
                }
            });
        });

        var jobs = await Task.WhenAll(Enumerable.Range(0, Jobs).Select(_ => host.Engine.StartAsync("long")));
        foreach (var job in jobs)
        {
            (await job.WaitAsync()).Status.Should().Be(JobStatus.Completed);
        }

        var committer = host.Node.Commits.Committer!;
        var perStep = (double)committer.Batches / (Jobs * Steps);
        TestContext.Current.TestOutputHelper?.WriteLine($"{perStep:F4} commits a step");
        perStep.Should().BeLessThan(0.2, $"{committer.Batches} batches carried {committer.Transitions} transitions of {Jobs * Steps} steps");
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private GroupCommitter NewCommitter() => new(_store, TimeProvider.System, NullLogger.Instance);

    private static JobTransition Creating(JobId id)
        => new TransitionBuilder
        {
            Id = id,
            Incarnation = Node,
            Epoch = 1,
            Creation = new JobCreation { Id = id, FlowId = "flow", FlowVersion = "1", CreatedAt = 1 },
            Head = new JobHead { Version = 1, Status = JobStatus.Running },
        }.Build();

    private static JobTransition Next(JobId id, long version, bool releases)
        => new TransitionBuilder
        {
            Id = id,
            Incarnation = Node,
            Epoch = 1,
            Head = new JobHead { Version = version, Status = JobStatus.Waiting },
            Events = new EventRow(id, "flow", 1, 1, new byte[] { 1 }),
            Releases = releases,
        }.Build();

    /// <summary>Holds every commit until the gate is open, and tells that one has come.</summary>
    private ValueTask WaitAtTheGateAsync(StoreCall call)
    {
        if (call.Member != StoreMember.Commit)
        {
            return default;
        }

        _entered.TrySetResult();
        return new(_gate.Task);
    }
}
