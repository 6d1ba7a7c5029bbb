namespace WorkflowEngine.Testing.Conformance;

/// <summary>Strikes: deaths that jobs have on their account (G4).</summary>
public abstract class Poisoning : StoreContract
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(30);
    private int _lives;

    /// <summary>A death gives each job of the dead one strike; the first changes nothing.</summary>
    [Fact]
    public async Task Death_First_StrikesAndHoldsNothingBack()
    {
        var job = Assert.Single(await DieWithAsync([await CreateAsync(New(), Life(1))], running: false));

        Assert.Equal(new JobStrikes(1, 0, 0), job.Strikes);
        Assert.Equal(1, (await LoadAsync(job.Creation.Id)).Strikes.Count);
    }

    /// <summary>From the second on a job waits: 1 s, 2 s, 4 s.</summary>
    [Fact]
    public async Task Death_Second_HoldsTheJobBack()
    {
        var id = await CreateAsync(New(), Life(1));
        await DieWithAsync([id], running: false);
        _lives++;
        var before = (await BeatAsync(Life(9))).Now;

        Assert.Empty(await DieWithAsync([id], running: false));

        var strikes = (await LoadAsync(id)).Strikes;
        Assert.Equal(2, strikes.Count);
        Assert.InRange(strikes.HeldUntil, before.AddSeconds(1).UtcTicks, before.AddSeconds(20).UtcTicks);
        Assert.NotNull((await ClaimAsync(Life(9))).NextDue);
    }

    /// <summary>Only a death that was the job's alone, with the start of a body durable, counts towards parking.</summary>
    [Theory]
    [InlineData(true, false, 1)]
    [InlineData(false, false, 0)]
    [InlineData(true, true, 0)]
    public async Task Death_CountsAsAlone_OnlyWithoutCompanyAndWithABodyStarted(bool running, bool company, int alone)
    {
        var ids = new List<JobId> { await CreateAsync(New(), Life(1)) };
        if (company)
        {
            ids.Add(await CreateAsync(New(), Life(1)));
        }

        var jobs = await DieWithAsync(ids, running);

        Assert.All(jobs, job => Assert.Equal(new JobStrikes(1, alone, 0), job.Strikes));
    }

    /// <summary>A job that only waits beside is no company: no body of it can have run.</summary>
    [Fact]
    public async Task Death_BesideAWaitingJob_IsTakenAlone()
    {
        var id = await CreateAsync(New(), Life(1));
        var waiting = await CreateAsync(New(), Life(1), JobStatus.Waiting);

        var jobs = await DieWithAsync([id], running: true, besides: [waiting]);

        Assert.Equal(1, jobs.Single(job => job.Creation.Id == id).Strikes.Alone);
        Assert.Equal(0, jobs.Single(job => job.Creation.Id == waiting).Strikes.Alone);
    }

    /// <summary>A transition that says so clears the strikes, in the same commit; another leaves them.</summary>
    [Fact]
    public async Task Commit_OfAnOutcome_ClearsTheStrikes()
    {
        var job = Assert.Single(await DieWithAsync([await CreateAsync(New(), Life(1))], running: true));
        var (id, owner) = (job.Creation.Id, job.Owner!.Value);

        await CommitAsync(To(id, 3, owner: owner, epoch: job.Epoch));
        Assert.Equal(1, (await LoadAsync(id)).Strikes.Count);
        Assert.Equal(CommitResult.Stale, await CommitAsync(To(id, 4, owner: owner, epoch: job.Epoch + 1) with { Strikes = StrikeChange.Cleared }));
        Assert.Equal(1, (await LoadAsync(id)).Strikes.Count);

        await CommitAsync(To(id, 4, owner: owner, epoch: job.Epoch) with { Strikes = StrikeChange.Cleared });
        await ReopenAsync();

        Assert.Equal(default, (await LoadAsync(id)).Strikes);
    }

    /// <summary>A job that cannot be loaded is struck by its owner, as if it had died of it alone.</summary>
    [Fact]
    public async Task Commit_OfAnAddedStrike_Counts()
    {
        var id = await CreateAsync(New());

        await CommitAsync(To(id, 2) with { Strikes = StrikeChange.Added, Releases = true });

        Assert.Equal(new JobStrikes(1, 1, 0), (await LoadAsync(id)).Strikes);
    }

    /// <summary>Struck jobs are handed out fewer together: from the second strike on max(1, slots / 2^(strikes − 1)), by the most struck.</summary>
    [Theory]
    [InlineData(4, 0, 0, 2)]
    [InlineData(4, 1, 2, 1)]
    [InlineData(4, 1, 3, 0)]
    [InlineData(64, 0, 0, 3)]
    [InlineData(1, 0, 0, 1)]
    [InlineData(1, 1, 2, 0)]
    public async Task Claim_OfStruckJobs_StaysWithinTheAllowance(int slots, int held, int most, int expected)
    {
        for (var i = 0; i < 3; i++)
        {
            var id = await CreateAsync(New());
            await CommitAsync(To(id, 2) with { Strikes = StrikeChange.Added, Releases = true });
            await ClaimedAsync();
            await CommitAsync(To(id, 3, epoch: 2) with { Strikes = StrikeChange.Added });
            await CommitAsync(To(id, 4, epoch: 2) with { Releases = true });
        }

        await Task.Delay(TimeSpan.FromMilliseconds(1100), TimeProvider.System); // The second strike holds a job back for a second.
        var request = new ClaimRequest { Incarnation = Two, Slots = 100, Flows = new HashSet<FlowKey> { new("flow", "1") }, Struck = new StrikeAllowance(slots, held, most) };

        Assert.Equal(expected, (await Store.ClaimAsync(request, CancellationToken.None)).Jobs.Count);
    }

    /// <summary>A job that is held back comes at once for its mail, and says that it is held back.</summary>
    [Fact]
    public async Task Claim_OfAHeldBackJobWithMail_SaysUntilWhen()
    {
        var id = await CreateAsync(New(), Life(1));
        await DieWithAsync([id], running: true);
        _lives++;
        await DieWithAsync([id], running: true);
        await SendAsync(Message(id));

        var job = Assert.Single((await ClaimAsync(Life(9))).Jobs);

        Assert.Single(job.Mail);
        Assert.True(job.Strikes.HeldUntil > 0);
    }

    private static Guid Life(int number) => new(number, 1, 0, new byte[8]);

    /// <summary>The jobs' owner gives one sign of life, starts their bodies, and falls silent; the next life claims what it may.</summary>
    private async Task<IReadOnlyList<StoredJob>> DieWithAsync(IReadOnlyList<JobId> ids, bool running, JobId[]? besides = null)
    {
        var owner = Life(_lives + 1);
        await BeatAsync(owner, lease: Short);
        foreach (var id in ids.Where(_ => running))
        {
            var job = await LoadAsync(id);
            await CommitAsync(To(id, job.Head.Version + 1, owner: owner, epoch: job.Epoch) with { Steps = [new StepRow { Path = "a", Index = 0, Status = StepStatus.Running, Attempt = 1 }] });
        }

        await Task.Delay(Short * 1.5, TimeProvider.System);
        await BeatAsync(Life(_lives + 2));
        var jobs = (await ClaimAsync(Life(_lives + 2))).Jobs;
        Assert.True(besides is null || besides.Length < jobs.Count);
        return jobs;
    }
}
