namespace WorkflowEngine.Testing.Conformance;

/// <summary>Deleting finished jobs (S23).</summary>
public abstract class Pruning : StoreContract
{
    /// <summary>Finished jobs older than asked go, with all that belongs to them; open ones and younger ones stay.</summary>
    [Fact]
    public async Task Prune_ByAge_TakesOnlyOldFinishedJobs()
    {
        var old = await EndedAsync(daysAgo: 8);
        var young = await EndedAsync(daysAgo: 1);
        var open = await CreateAsync(New());
        await QueueAsync();

        var pruned = await PruneAsync(daysAgo: 7);

        Assert.Equal([new PacketOwner("flow", old)], pruned);
        Assert.Null(await Store.LoadAsync(old, JobParts.Steps, CancellationToken.None));
        Assert.Empty((await Store.ReadEventsAsync(new EventQuery(old, 0), CancellationToken.None)).Rows);
        Assert.Equal(SendVerdict.NoSuchJob, await SendAsync(Message(old)));
        await LoadAsync(young);
        await LoadAsync(open);
    }

    /// <summary>A job's own retention wins over the asked age, whether it is shorter or longer.</summary>
    [Fact]
    public async Task Prune_OfJobWithOwnRetention_GoesByIt()
    {
        var longer = await EndedAsync(daysAgo: 8, TimeSpan.FromDays(30));
        var shorter = await EndedAsync(daysAgo: 1, TimeSpan.FromHours(1));
        var none = await EndedAsync(daysAgo: 0, TimeSpan.Zero);

        var pruned = await PruneAsync(daysAgo: 7);

        Assert.Equal([shorter, none], pruned.Select(owner => owner.Id).Order());
        await LoadAsync(longer);
    }

    /// <summary>No more than asked for at once.</summary>
    [Fact]
    public async Task Prune_WithLimit_TakesSoMany()
    {
        for (var i = 0; i < 3; i++)
        {
            await EndedAsync(daysAgo: 8);
        }

        Assert.Equal(2, (await PruneAsync(7, limit: 2)).Count);
        Assert.Single(await PruneAsync(7, limit: 2));
        Assert.Empty(await PruneAsync(7, limit: 2));
    }

    /// <summary>One job by name goes whatever its age and retention, if it is finished, and no other.</summary>
    [Fact]
    public async Task Prune_OfOneJob_TakesItAloneAndOnlyWhenFinished()
    {
        var open = await CreateAsync(New());
        var kept = await EndedAsync(daysAgo: 0, TimeSpan.FromDays(30));
        var other = await EndedAsync(daysAgo: 8);

        Assert.Empty(await Store.PruneAsync(new PruneRequest(DateTimeOffset.MaxValue, 10) { Job = open }, CancellationToken.None));
        Assert.Equal(kept, Assert.Single(await Store.PruneAsync(new PruneRequest(DateTimeOffset.MinValue, 10) { Job = kept }, CancellationToken.None)).Id);
        Assert.Empty(await Store.PruneAsync(new PruneRequest(DateTimeOffset.MinValue, 10) { Job = kept }, CancellationToken.None));
        await LoadAsync(other);
    }

    /// <summary>A pruned job's key is free.</summary>
    [Fact]
    public async Task Prune_OfKeyedJob_FreesItsKey()
    {
        var id = await CreateAsync(New(options: new JobOptions { Key = "k" }));
        await CommitAsync(To(id, 2, JobStatus.Completed));
        await Store.PruneAsync(new PruneRequest(DateTimeOffset.MaxValue, 10) { Job = id }, CancellationToken.None);

        await CreateAsync(New(options: new JobOptions { Key = "k" }));
    }

    /// <summary>A failed job that a node has taken up again is not deleted under its hands.</summary>
    [Fact]
    public async Task Prune_OfJobThatIsBeingReopened_LeavesIt()
    {
        var id = await EndedAsync(daysAgo: 8, status: JobStatus.Failed);
        var retry = Message(id, "retry", reopens: true);
        await SendAsync(retry);
        await ClaimAsync();

        Assert.Empty(await PruneAsync(daysAgo: 7));
        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 3, epoch: 2) with { Taken = [retry.Id] }));
    }

    private async Task<JobId> EndedAsync(int daysAgo, TimeSpan? retention = null, JobStatus status = JobStatus.Completed)
    {
        var id = await CreateAsync(New(options: retention is null ? null : new JobOptions { Retention = retention }));
        var ended = (await BeatAsync()).Now.AddDays(-daysAgo).AddSeconds(-1).UtcTicks;
        await CommitAsync(To(id, 2) with
        {
            Head = To(id, 2, status).Head with { CompletedAt = ended },
            Steps = [new StepRow { Path = "a", Index = 0, Status = StepStatus.Completed }],
            Events = new EventRow(id, "flow", 1, 1, new byte[] { 1 }),
        });
        return id;
    }

    private async Task<IReadOnlyList<PacketOwner>> PruneAsync(int daysAgo, int limit = 100)
        => await Store.PruneAsync(new PruneRequest((await BeatAsync()).Now.AddDays(-daysAgo), limit), CancellationToken.None);
}
