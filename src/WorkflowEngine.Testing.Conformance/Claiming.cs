namespace WorkflowEngine.Testing.Conformance;

/// <summary>Handing runnable jobs to nodes (G3, G7, S1, S31).</summary>
public abstract class Claiming : StoreContract
{
    /// <summary>A claim raises the epoch by one, names the owner, and brings the job as it was committed.</summary>
    [Fact]
    public async Task Claim_OfQueuedJob_OwnsItWithARaisedEpoch()
    {
        var id = await QueueAsync();

        var job = Assert.Single((await ClaimAsync()).Jobs);

        Assert.Equal((id, 1, One), (job.Creation.Id, job.Epoch, job.Owner));
        Assert.Equal(One, (await LoadAsync(id)).Owner);
    }

    /// <summary>A claim changes neither version nor sequence: those belong to transitions.</summary>
    [Fact]
    public async Task Claim_OfQueuedJob_LeavesItsVersion()
    {
        var id = await QueueAsync();

        await ClaimAsync();

        Assert.Equal(1, (await LoadAsync(id)).Head.Version);
        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 2)));
    }

    /// <summary>A job is handed out once.</summary>
    [Fact]
    public async Task Claim_Again_FindsNothing()
    {
        await QueueAsync();
        await ClaimAsync();

        Assert.Empty(await ClaimedAsync());
        Assert.Empty(await ClaimedAsync(Two));
    }

    /// <summary>No more jobs than slots, the rest next time.</summary>
    [Fact]
    public async Task Claim_WithFewSlots_TakesSoManyAndLeavesTheRest()
    {
        for (var i = 0; i < 5; i++)
        {
            await QueueAsync();
        }

        Assert.Empty(await ClaimedAsync(slots: 0));
        Assert.Equal(2, (await ClaimedAsync(slots: 2)).Length);
        Assert.Equal(2, (await ClaimedAsync(slots: 2)).Length);
        Assert.Single(await ClaimedAsync(slots: 2));
    }

    /// <summary>Rank is due time less ten seconds per point of priority: equal ones go by age, one point outweighs less than ten seconds.</summary>
    [Fact]
    public async Task Claim_OfSeveral_GoesByRank()
    {
        var old = await QueueAsync();
        var young = await QueueAsync();
        var low = await QueueAsync(New(options: new JobOptions { Priority = -1 }));
        var high = await QueueAsync(New(options: new JobOptions { Priority = 1 }));

        var order = new List<JobId>();
        for (var i = 0; i < 4; i++)
        {
            order.AddRange(await ClaimedAsync(slots: 1));
        }

        Assert.Equal([high, old, young, low], order);
    }

    /// <summary>A job that was released ranks by its due time, not by its age.</summary>
    [Fact]
    public async Task Claim_OfReleasedJob_RanksByItsDueTime()
    {
        var released = await CreateAsync(New());
        var queued = await QueueAsync();
        var due = (await BeatAsync()).Now.AddSeconds(-1).UtcTicks;
        await CommitAsync(To(released, 2, JobStatus.Waiting) with { Releases = true, Head = To(released, 2, JobStatus.Waiting).Head with { DueAt = due } });

        Assert.Equal([queued], await ClaimedAsync(slots: 1));
        Assert.Equal([released], await ClaimedAsync(slots: 1));
    }

    /// <summary>A job that is due later is not handed out; the reply says when.</summary>
    [Fact]
    public async Task Claim_BeforeTheDueTime_FindsNothingAndSaysWhen()
    {
        var due = (await BeatAsync()).Now.AddHours(1);
        await QueueAsync(dueAt: due.UtcTicks);
        await QueueAsync(dueAt: due.AddHours(1).UtcTicks);

        var reply = await ClaimAsync();

        Assert.Empty(reply.Jobs);
        Assert.NotNull(reply.NextDue);
        Assert.InRange((reply.NextDue.Value - due).Duration(), TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
    }

    /// <summary>A job becomes claimable when its time comes, without anybody's help, and not before.</summary>
    [Fact]
    public async Task Claim_OnceTheDueTimeHasCome_FindsTheJob()
    {
        var due = (await BeatAsync()).Now.AddMilliseconds(300);
        var id = await QueueAsync(dueAt: due.UtcTicks);
        var deadline = due.AddSeconds(20);
        ClaimReply reply;
        do
        {
            reply = await ClaimAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
        while (reply.Jobs.Count == 0 && reply.Now < deadline);

        Assert.Equal(id, Assert.Single(reply.Jobs).Creation.Id);
        Assert.True(reply.Now >= due, "handed out before its time");
    }

    /// <summary>A node gets only jobs of flow versions that it can run; the others stay for another node.</summary>
    [Theory]
    [InlineData("other", "1")]
    [InlineData("flow", "2")]
    public async Task Claim_WithoutTheFlowVersion_LeavesTheJob(string flow, string version)
    {
        var id = await QueueAsync();

        Assert.Empty((await ClaimAsync(flow: flow, version: version)).Jobs);
        Assert.Equal([id], await ClaimedAsync(Two));
    }

    /// <summary>Mail makes a job claimable, but not for a node that cannot run its flow.</summary>
    [Fact]
    public async Task Claim_OfJobWithMailWithoutTheFlowVersion_LeavesTheJob()
    {
        var id = await QueueAsync(status: JobStatus.Paused);
        await SendAsync(Message(id));

        Assert.Empty((await ClaimAsync(flow: "other")).Jobs);
        Assert.Equal([id], await ClaimedAsync());
    }

    /// <summary>Many jobs that a node cannot run do not hide the one that it can.</summary>
    [Fact]
    public async Task Claim_BehindManyForeignFlows_FindsItsOwn()
    {
        for (var batch = 0; batch < 4; batch++)
        {
            await CommitAsync([.. Enumerable.Range(0, 50).Select(_ => Creating(New("foreign"), Guid.Empty, JobStatus.Pending))]);
        }

        var id = await QueueAsync();

        Assert.Equal([id], await ClaimedAsync(slots: 1));
    }

    /// <summary>Finished jobs are never handed out.</summary>
    [Theory]
    [InlineData(JobStatus.Completed)]
    [InlineData(JobStatus.CompletedNoItems)]
    [InlineData(JobStatus.Failed)]
    [InlineData(JobStatus.Cancelled)]
    public async Task Claim_OfFinishedJob_FindsNothing(JobStatus end)
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2, end));

        Assert.Null((await LoadAsync(id)).Owner);
        Assert.Empty(await ClaimedAsync(Two));
        await BeatAsync();
        await BeatAsync(stopping: true);
        Assert.Empty(await ClaimedAsync(Two));
    }

    /// <summary>A job that waits without a time, or is paused, is left alone.</summary>
    [Theory]
    [InlineData(JobStatus.Waiting)]
    [InlineData(JobStatus.Paused)]
    public async Task Claim_OfJobThatNothingWakes_FindsNothing(JobStatus status)
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2, status) with { Releases = true });

        Assert.Empty(await ClaimedAsync(Two));
    }

    /// <summary>A released job can be had again at once, at the next epoch.</summary>
    [Fact]
    public async Task Claim_OfReleasedJob_RaisesTheEpochAgain()
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2) with { Releases = true });

        var job = Assert.Single((await ClaimAsync(Two)).Jobs);

        Assert.Equal((id, 2, Two), (job.Creation.Id, job.Epoch, job.Owner));
        Assert.Equal(CommitResult.Stale, await CommitAsync(To(id, 3)));
        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 3, owner: Two, epoch: 2)));
    }

    /// <summary>After a lost reply the node names what it holds, and gets every other job it owns again, at a new epoch (G3).</summary>
    [Fact]
    public async Task Claim_NamingWhatIsHeld_HandsOutWhatIsNot()
    {
        var held = await QueueAsync();
        var lost = await QueueAsync();
        await ClaimAsync();

        var job = Assert.Single((await ClaimAsync(held: [held])).Jobs);

        Assert.Equal((lost, 2), (job.Creation.Id, job.Epoch));
        Assert.Equal(CommitResult.Stale, await CommitAsync(To(lost, 2)));
        Assert.Equal(CommitResult.Committed, await CommitAsync(To(held, 2)));
        Assert.Empty(await ClaimedAsync(Two, held: []));
    }

    /// <summary>A clean stop frees the node's jobs at once, whatever they were waiting for.</summary>
    [Fact]
    public async Task Renew_Stopping_FreesTheNodesJobs()
    {
        await BeatAsync();
        var running = await CreateAsync(New());
        var waiting = await CreateAsync(New(), status: JobStatus.Waiting);
        await BeatAsync(stopping: true);

        Assert.Equal([running, waiting], (await ClaimedAsync(Two)).Order());
        Assert.Equal(CommitResult.Stale, await CommitAsync(To(running, 2)));
    }

    /// <summary>A sign of life is answered with the store's time.</summary>
    [Fact]
    public async Task Renew_OfLivingNode_IsAliveAndTellsTheTime()
    {
        var first = await BeatAsync();
        var second = await BeatAsync();

        Assert.True(first.IsAlive && second.IsAlive);
        Assert.True(second.Now >= first.Now);
        Assert.InRange((first.Now - TimeProvider.System.GetUtcNow()).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(5));
    }

    /// <summary>One job can be claimed by its id, whatever its flow, rank or due time, and nothing else comes along.</summary>
    [Fact]
    public async Task Claim_OfOneJob_TakesItAloneWhateverItsFlow()
    {
        await QueueAsync();
        var wanted = await QueueAsync();
        var request = new ClaimRequest { Incarnation = One, Slots = 0, Flows = new HashSet<FlowKey>(), Job = wanted };

        var job = Assert.Single((await Store.ClaimAsync(request, CancellationToken.None)).Jobs);

        Assert.Equal((wanted, 1, One), (job.Creation.Id, job.Epoch, job.Owner));
        Assert.Empty((await Store.ClaimAsync(request with { Incarnation = Two }, CancellationToken.None)).Jobs);
        Assert.Single(await ClaimedAsync());
    }

    /// <summary>A job that waits without a time limit is not runnable, and can be claimed by its id.</summary>
    [Fact]
    public async Task Claim_OfOneJob_TakesAWaitingOneAndNoEndedOne()
    {
        var waiting = await CreateAsync(New());
        await CommitAsync(To(waiting, 2, JobStatus.Waiting) with { Releases = true });
        var ended = await CreateAsync(New());
        await CommitAsync(To(ended, 2, JobStatus.Completed));
        var request = new ClaimRequest { Incarnation = One, Slots = 0, Flows = new HashSet<FlowKey>(), Job = waiting };

        Assert.Empty(await ClaimedAsync());
        Assert.Equal(waiting, Assert.Single((await Store.ClaimAsync(request, CancellationToken.None)).Jobs).Creation.Id);
        Assert.Empty((await Store.ClaimAsync(request with { Job = ended }, CancellationToken.None)).Jobs);
        Assert.Empty((await Store.ClaimAsync(request with { Job = JobId.New(DateTimeOffset.UnixEpoch) }, CancellationToken.None)).Jobs);
    }
}
