namespace WorkflowEngine.Testing.Conformance;

/// <summary>Leases, and what becomes of those whose lease is over (G3). Time passes for real here: leases are short and the tests wait for the store to say that they are over.</summary>
public abstract class Leasing : StoreContract
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    /// <summary>Nobody is dead before its lease is over.</summary>
    [Fact]
    public async Task Claim_WhileTheOwnersLeaseLasts_FindsNothing()
    {
        await BeatAsync(One);
        await CreateAsync(New());
        await BeatAsync(Two);

        Assert.Empty(await ClaimedAsync(Two));
        Assert.True((await BeatAsync(One)).IsAlive);
    }

    /// <summary>A job of a dead owner is handed to whoever claims, at the next epoch; the dead one's commits are refused, and it never comes back.</summary>
    [Fact]
    public async Task Claim_OfADeadOwnersJob_RaisesTheEpochAndShutsTheDeadOneOut()
    {
        var id = await DieAsync(One);

        var job = Assert.Single((await ClaimAsync(Two)).Jobs);

        Assert.Equal((id, 2, Two), (job.Creation.Id, job.Epoch, job.Owner));
        Assert.Equal(CommitResult.Stale, await CommitAsync(To(id, 2)));
        Assert.False((await BeatAsync(One)).IsAlive);
        Assert.False((await BeatAsync(One)).IsAlive);
        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 2, owner: Two, epoch: 2)));
    }

    /// <summary>A renewal by another node declares the dead just as well as a claim does.</summary>
    [Fact]
    public async Task Renew_ByAnother_DeclaresTheDead()
    {
        await DieAsync(One);

        await BeatAsync(Two);

        Assert.False((await BeatAsync(One)).IsAlive);
    }

    /// <summary>Who comes late, but before anybody declared it dead, is alive.</summary>
    [Fact]
    public async Task Renew_OfOnesOwnLateLease_GoesOn()
    {
        var id = await DieAsync(One);

        Assert.True((await BeatAsync(One)).IsAlive);

        Assert.Empty(await ClaimedAsync(Two));
        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 2)));
    }

    /// <summary>A dead incarnation is handed nothing, and what it creates is not owned by it.</summary>
    [Fact]
    public async Task Dead_IsHandedNothingAndOwnsNothingNew()
    {
        await DieAsync(One);
        await BeatAsync(Two);
        var queued = await QueueAsync();

        Assert.Empty(await ClaimedAsync(One));
        Assert.Equal(CommitResult.Stale, (await CommitAsync(Creating(New()))).Result);
        Assert.Contains(queued, await ClaimedAsync(Two));
    }

    /// <summary>A clean stop ends a life for ever as well, and gives nobody a strike.</summary>
    [Fact]
    public async Task Renew_AfterACleanStop_IsNotAlive()
    {
        await BeatAsync(One);
        var id = await CreateAsync(New());
        await BeatAsync(One, stopping: true);

        Assert.False((await BeatAsync(One)).IsAlive);
        Assert.Equal(0, (await LoadAsync(id)).Strikes.Count);
        await BeatAsync(Two);
        Assert.Equal(0, Assert.Single((await ClaimAsync(Two)).Jobs).Strikes.Count);
    }

    /// <summary>R4: jobs that end, are handed on, or stay with the living while the dead are declared are not touched by it.</summary>
    [Fact]
    public async Task Rescue_OfManyWhileTheirOwnerStillCommits_OverwritesNothing()
    {
        await BeatAsync(One, lease: Short);
        var ids = new List<JobId>();
        for (var i = 0; i < 60; i++)
        {
            ids.Add(await CreateAsync(New()));
        }

        await ExpireAsync(One);
        var ended = new List<JobId>();
        var committing = Task.Run(async () =>
        {
            foreach (var id in ids)
            {
                if (await CommitAsync(To(id, 2, JobStatus.Completed)) == CommitResult.Committed)
                {
                    ended.Add(id);
                }
            }
        });
        var rescued = await ClaimedAsync(Two);
        await committing;

        Assert.Empty(ended.Intersect(rescued));
        Assert.Equal(ids.Order(), ended.Concat(rescued).Order());
        Assert.All(ended, id => Assert.Equal(JobStatus.Completed, LoadAsync(id).GetAwaiter().GetResult().Head.Status));
        Assert.All(rescued, id => Assert.Equal((Two, 1L), Owned(LoadAsync(id).GetAwaiter().GetResult())));
    }

    /// <summary>R5: what a node creates in the very moment in which the dead are declared is its own: the incarnation decides, and no time stamp.</summary>
    [Fact]
    public async Task Rescue_WhileTheLivingCreate_TakesNothingOfTheirs()
    {
        var rescued = new List<JobId>();
        var lives = Enumerable.Range(1, 8).Select(number => new Guid(number, 0, 0, new byte[8])).ToArray();
        var created = new List<JobId>();
        await BeatAsync(Two);
        foreach (var life in lives)
        {
            await BeatAsync(life, lease: Short);
            await CreateAsync(New(), life);
            await ExpireAsync(life);
            var creating = Task.Run(async () => created.Add(await CreateAsync(New(), Two)));
            rescued.AddRange(await ClaimedAsync(One));
            await creating;
        }

        Assert.Equal(lives.Length, rescued.Count);
        Assert.Empty(created.Intersect(rescued));
    }

    /// <summary>Who reads a job learns who holds it, and for how long at least.</summary>
    [Fact]
    public async Task Load_OfOwnedJob_NamesTheNodeAndItsLease()
    {
        var now = (await BeatAsync(One)).Now;
        var id = await CreateAsync(New());

        var job = await LoadAsync(id);

        Assert.Equal("node-1", job.Node);
        Assert.True(job.LeasedUntil > now);
        Assert.Equal(["node-1"], (await Store.OverviewAsync(CancellationToken.None)).Nodes);
    }

    /// <summary>A claim with no slots brings a job that has mail, and no other (G7).</summary>
    [Fact]
    public async Task Claim_WithoutSlots_BringsJobsWithMailOnly()
    {
        await QueueAsync();
        var written = await QueueAsync(status: JobStatus.Paused);
        await SendAsync(Message(written));

        Assert.Equal([written], await ClaimedAsync(slots: 0));
    }

    /// <summary>Mail outlives the owner that did not take it, and comes with the next claim, once (G7).</summary>
    [Fact]
    public async Task Mail_OfADeadOwnersJob_ComesWithTheNextClaimOnce()
    {
        var id = await DieAsync(One);
        var message = Message(id);
        await SendAsync(message);

        var job = Assert.Single((await ClaimAsync(Two)).Jobs);

        Assert.Equal(message.Id, Assert.Single(job.Mail).Id);
        Assert.Equal(CommitResult.Stale, await CommitAsync(To(id, 2) with { Taken = [message.Id] }));
        Assert.Single((await LoadAsync(id)).Mail);
        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 2, owner: Two, epoch: 2) with { Taken = [message.Id] }));
        Assert.Equal(SendVerdict.Duplicate, await SendAsync(message));
        Assert.Empty((await LoadAsync(id)).Mail);
    }

    private static (Guid?, long) Owned(StoredJob job) => (job.Owner, job.Head.Version);

    /// <summary>A node with one job whose lease is over, though nobody has looked yet.</summary>
    private async Task<JobId> DieAsync(Guid incarnation)
    {
        await BeatAsync(incarnation, lease: Short);
        var id = await CreateAsync(New(), incarnation);
        await ExpireAsync(incarnation);
        return id;
    }

    /// <summary>Waits until the lease is over by the clock that stores go by.</summary>
    private static async Task ExpireAsync(Guid incarnation)
    {
        Assert.NotEqual(Guid.Empty, incarnation);
        await Task.Delay(Short * 1.2, TimeProvider.System);
    }
}
