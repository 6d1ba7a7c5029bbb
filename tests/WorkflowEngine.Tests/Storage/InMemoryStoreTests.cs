using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Storage;

/// <summary>Fencing, verdicts, claims and mail of the in-memory store (G3, G7).</summary>
public sealed class InMemoryStoreTests
{
    private static readonly Guid Node = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Other = new("00000000-0000-0000-0000-000000000002");
    private readonly InMemoryStore _store = new(TimeProvider.System);
    private readonly JobId _job = JobId.New(TimeProvider.System.GetUtcNow());

    [Fact]
    public void Create_Twice_IsAlreadyCommitted()
    {
        Create().Result.Should().Be(CommitResult.Committed);
        Create().Result.Should().Be(CommitResult.AlreadyCommitted);
    }

    [Fact]
    public void Commit_OfUnknownJob_IsStale() => Commit(version: 2).Result.Should().Be(CommitResult.Stale);

    [Fact]
    public async Task Commit_ByOwnerWithNextVersion_IsCommitted()
    {
        Create();

        Commit(version: 2, JobStatus.Waiting).Result.Should().Be(CommitResult.Committed);

        (await Load())!.Head.Should().Match<JobHead>(head => head.Version == 2 && head.Status == JobStatus.Waiting);
    }

    [Fact]
    public async Task Commit_Again_IsAlreadyCommittedAndChangesNothing()
    {
        Create();
        Commit(version: 2, JobStatus.Waiting);

        Commit(version: 2, JobStatus.Paused).Result.Should().Be(CommitResult.AlreadyCommitted);

        (await Load())!.Head.Status.Should().Be(JobStatus.Waiting);
    }

    [Theory]
    [InlineData(1, 1, 4, "a version was left out")]
    [InlineData(1, 1, 1, "the version is older than the last")]
    [InlineData(1, 2, 3, "the epoch is not the owner's")]
    [InlineData(1, 0, 3, "the epoch is not the owner's")]
    [InlineData(2, 1, 3, "another incarnation owns the job")]
    public async Task Commit_WithStaleGuard_IsRefused(int node, int epoch, long version, string because)
    {
        Create();
        Commit(version: 2, JobStatus.Waiting);

        Commit(version, JobStatus.Paused, node == 1 ? Node : Other, epoch).Result.Should().Be(CommitResult.Stale, because);

        (await Load())!.Head.Should().Match<JobHead>(head => head.Version == 2 && head.Status == JobStatus.Waiting);
    }

    [Fact]
    public async Task Commit_AfterATakeover_IsStaleForTheOldOwner()
    {
        Create();
        await _store.RenewAsync(new NodeBeat(Node, "one", TimeSpan.FromSeconds(10), Stopping: true), default);

        var taken = (await Claim(Other)).Jobs.Should().ContainSingle().Subject;

        taken.Epoch.Should().Be(2);
        Commit(version: 2).Result.Should().Be(CommitResult.Stale);
        Commit(version: 2, JobStatus.Running, Other, epoch: 2).Result.Should().Be(CommitResult.Committed);
    }

    [Fact]
    public void Create_WithTakenKey_NamesTheHolder()
    {
        Create(key: "k");

        var verdict = Create(key: "k", job: JobId.New(TimeProvider.System.GetUtcNow()));

        (verdict.Result, verdict.Existing!.Id).Should().Be((CommitResult.KeyTaken, _job));
        Create(key: "k", job: JobId.New(TimeProvider.System.GetUtcNow()), tenant: "t").Result.Should().Be(CommitResult.Committed, "keys are unique per tenant");
    }

    [Fact]
    public void Create_ByManyWithOneKey_TellsAllLosersTheWinner()
    {
        for (var round = 0; round < 200; round++)
        {
            var key = $"k{round}";
            var ids = Enumerable.Range(0, 4).Select(_ => JobId.New(TimeProvider.System.GetUtcNow())).ToArray();
            var verdicts = new CommitVerdict[ids.Length];

            Parallel.For(0, ids.Length, at => verdicts[at] = Create(key: key, job: ids[at]));

            var winner = ids[Array.FindIndex(verdicts, verdict => verdict.Result == CommitResult.Committed)];
            verdicts.Where(verdict => verdict.Result == CommitResult.KeyTaken).Should().HaveCount(3).And.OnlyContain(verdict => verdict.Existing!.Id == winner);
        }
    }

    [Fact]
    public async Task Release_WithDueTime_IsClaimableThenAndNotBefore()
    {
        Create();
        var due = TimeProvider.System.GetUtcNow().AddHours(1);
        Commit(version: 2, JobStatus.Waiting, releases: true, dueAt: due.UtcTicks).Result.Should().Be(CommitResult.Committed);
        Commit(version: 3).Result.Should().Be(CommitResult.Stale, "nobody owns it");

        var claim = await Claim(Other);

        claim.Jobs.Should().BeEmpty();
        claim.NextDue.Should().Be(due);
    }

    [Fact]
    public async Task Release_Past_IsClaimedOnce()
    {
        Create();
        Commit(version: 2, JobStatus.Waiting, releases: true, dueAt: 1);

        (await Claim(Other)).Jobs.Should().ContainSingle();
        (await Claim(Node)).Jobs.Should().BeEmpty();
    }

    [Fact]
    public async Task Send_ToUnownedJobThatIsNotDue_MakesItClaimableWithItsMail()
    {
        Create();
        Commit(version: 2, JobStatus.Paused, releases: true);
        (await Claim(Other)).Jobs.Should().BeEmpty("a paused job is runnable by mail only");
        var message = Message();

        (await _store.SendAsync(message, default)).Should().Be(SendVerdict.Accepted);
        (await _store.SendAsync(message, default)).Should().Be(SendVerdict.Duplicate);

        var claimed = (await Claim(Other)).Jobs.Should().ContainSingle().Subject;
        claimed.Mail.Should().ContainSingle(mail => mail.Id == message.Id);
        Commit(version: 3, JobStatus.Paused, Other, epoch: 2, taken: message.Id);
        (await Load(JobParts.Mail))!.Mail.Should().BeEmpty();
        (await _store.SendAsync(message, default)).Should().Be(SendVerdict.Duplicate, "ids stay until the job is pruned");
    }

    [Fact]
    public async Task Send_ToTerminalJob_IsRefusedUnlessItReopens()
    {
        (await _store.SendAsync(Message(), default)).Should().Be(SendVerdict.NoSuchJob);
        Create();
        Commit(version: 2, JobStatus.Failed);

        (await _store.SendAsync(Message(), default)).Should().Be(SendVerdict.Terminal);
        (await _store.SendAsync(Message() with { Reopens = true }, default)).Should().Be(SendVerdict.Accepted);
        (await Claim(Other)).Jobs.Should().ContainSingle();
    }

    [Fact]
    public async Task Send_WhileTheLastCommitEndsTheJob_IsHandedOut()
    {
        Create();
        await _store.SendAsync(Message(), default);
        Commit(version: 2, JobStatus.Completed);

        (await Claim(Other)).Jobs.Should().ContainSingle("every command gets a verdict (G7)");
    }

    [Fact]
    public async Task Claim_WithHeld_HandsOutOwnedJobsThatAreNotNamed()
    {
        Create();
        (await Claim(Node, held: [_job])).Jobs.Should().BeEmpty();

        var again = (await Claim(Node, held: [])).Jobs.Should().ContainSingle().Subject;

        again.Epoch.Should().Be(2);
        Commit(version: 2).Result.Should().Be(CommitResult.Stale, "the runner that was forgotten is fenced off");
        (await Claim(Other, held: [])).Jobs.Should().BeEmpty("it belongs to another incarnation");
    }

    [Fact]
    public async Task Claim_PastStaleEntries_FillsItsSlots()
    {
        Create(owner: Guid.Empty);
        await _store.SendAsync(Message(), default);
        await Claim(Node);
        var second = JobId.New(TimeProvider.System.GetUtcNow());
        Create(owner: Guid.Empty, job: second);

        (await Claim(Node, slots: 1)).Jobs.Should().ContainSingle(job => job.Creation.Id == second, "the first job's second entry is stale and takes no slot");
    }

    [Fact]
    public async Task Claim_OfFlowTheNodeCannotRun_LeavesTheJob()
    {
        Create(owner: Guid.Empty);

        (await _store.ClaimAsync(new ClaimRequest { Incarnation = Node, Slots = 1, Flows = new HashSet<FlowKey>() }, default)).Jobs.Should().BeEmpty();
        (await Claim(Other)).Jobs.Should().ContainSingle();
    }

    [Fact]
    public async Task Prune_OfKeyedJob_FreesItsKey()
    {
        Create(key: "k");
        Commit(version: 2, JobStatus.Completed);

        var pruned = await _store.PruneAsync(new PruneRequest(DateTimeOffset.MaxValue, 10), default);

        pruned.Should().ContainSingle(owner => owner.Id == _job);
        Create(key: "k", job: JobId.New(TimeProvider.System.GetUtcNow())).Result.Should().Be(CommitResult.Committed);
    }

    private JobMessage Message() => new() { Id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), JobId = _job, Action = "pause" };

    private ValueTask<StoredJob?> Load(JobParts parts = JobParts.Head) => _store.LoadAsync(_job, parts, default);

    private ValueTask<ClaimReply> Claim(Guid node, int slots = 10, IReadOnlyCollection<JobId>? held = null)
        => _store.ClaimAsync(new ClaimRequest { Incarnation = node, Slots = slots, Held = held, Flows = new HashSet<FlowKey> { new("flow", "1") } }, default);

    private CommitVerdict Create(string? key = null, JobId? job = null, string? tenant = null, Guid? owner = null)
    {
        var creation = new JobCreation { Id = job ?? _job, FlowId = "flow", FlowVersion = "1", CreatedAt = 1, Options = key is null ? null : new JobOptions { Key = key, Tenant = tenant } };
        return Commit(new JobTransition { Id = creation.Id, Creation = creation, Incarnation = owner ?? Node, Epoch = 1, Head = new JobHead { Version = 1, Attempt = 1 } });
    }

    private CommitVerdict Commit(long version, JobStatus status = JobStatus.Running, Guid? node = null, int epoch = 1, bool releases = false, long dueAt = 0, Guid? taken = null)
        => Commit(new JobTransition
        {
            Id = _job,
            Incarnation = node ?? Node,
            Epoch = epoch,
            Head = new JobHead { Version = version, Status = status, DueAt = dueAt },
            Releases = releases,
            Taken = taken is { } id ? [id] : [],
        });

    private CommitVerdict Commit(JobTransition transition)
    {
        var verdicts = new CommitVerdict[1];
        var commit = _store.CommitAsync(new[] { transition }, verdicts, default).AsTask();
        commit.IsCompletedSuccessfully.Should().BeTrue("the store is synchronous");
        return verdicts[0];
    }
}
