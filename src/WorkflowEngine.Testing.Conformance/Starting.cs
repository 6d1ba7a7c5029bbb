namespace WorkflowEngine.Testing.Conformance;

/// <summary>Creating jobs: owned or unowned, repeated, and under a key (S31).</summary>
public abstract class Starting : StoreContract
{
    /// <summary>A job created with an owner belongs to it at the epoch it named, and nobody else is handed it.</summary>
    [Fact]
    public async Task Create_WithOwner_BelongsToItAtEpochOne()
    {
        var id = await CreateAsync(New());

        var job = await LoadAsync(id);

        Assert.Equal((One, 1, 1L, JobStatus.Running), (job.Owner, job.Epoch, job.Head.Version, job.Head.Status));
        Assert.Empty(await ClaimedAsync(Two));
    }

    /// <summary>A job created without an owner has epoch 0 and is claimable.</summary>
    [Fact]
    public async Task Create_WithoutOwner_IsClaimableWithEpochZero()
    {
        var id = await QueueAsync();

        var job = await LoadAsync(id);

        Assert.Null(job.Owner);
        Assert.Equal(0, job.Epoch);
        Assert.Equal([id], await ClaimedAsync());
    }

    /// <summary>A creation whose reply was lost is told from a new one.</summary>
    [Fact]
    public async Task Create_Repeated_IsAlreadyCommitted()
    {
        var owned = New();
        var queued = New();
        await CreateAsync(owned);
        await QueueAsync(queued);

        Assert.Equal(CommitResult.AlreadyCommitted, (await CommitAsync(Creating(owned))).Result);
        Assert.Equal(CommitResult.AlreadyCommitted, (await CommitAsync(Creating(queued, Guid.Empty, JobStatus.Pending))).Result);
    }

    /// <summary>A creation repeated after a worker has taken the job on changes nothing and is still not a failure: the job exists, as asked.</summary>
    [Fact]
    public async Task Create_RepeatedAfterTheJobWentOn_IsAlreadyCommittedAndChangesNothing()
    {
        var creation = New();
        var id = await QueueAsync(creation);
        await ClaimAsync();
        await CommitAsync(To(id, 2, JobStatus.Completed));

        Assert.Equal(CommitResult.AlreadyCommitted, (await CommitAsync(Creating(creation, Guid.Empty))).Result);
        Assert.Equal((2L, JobStatus.Completed), ((await LoadAsync(id)).Head.Version, (await LoadAsync(id)).Head.Status));
    }

    /// <summary>A key that is taken names the job that has it, and leaves no trace of the other.</summary>
    [Fact]
    public async Task Create_WithTakenKey_NamesTheHolderAndIsNotThere()
    {
        var first = New(options: new JobOptions { Key = "k" });
        await CreateAsync(first);
        var second = New(options: new JobOptions { Key = "k" });

        var verdict = await CommitAsync(Creating(second));

        Assert.Equal((CommitResult.KeyTaken, first.Id), (verdict.Result, verdict.Existing?.Id));
        Assert.Equal("k", verdict.Existing!.Key);
        Assert.Null(await Store.LoadAsync(second.Id, JobParts.Head, CancellationToken.None));
    }

    /// <summary>A key is unique within one tenant and one flow only, and no tenant is not a tenant without a name.</summary>
    [Theory]
    [InlineData("flow", "tenant", "k")]
    [InlineData("other", null, "k")]
    [InlineData("flow", null, "K")]
    [InlineData("flow", null, "k ")]
    public async Task Create_WithKeyOfAnotherScope_IsCommitted(string flow, string? tenant, string key)
    {
        await CreateAsync(New(options: new JobOptions { Key = "k" }));

        Assert.Equal(CommitResult.Committed, (await CommitAsync(Creating(New(flow, options: new JobOptions { Key = key, Tenant = tenant })))).Result);
    }

    /// <summary>The key of a finished job stays taken while the job is kept.</summary>
    [Fact]
    public async Task Create_WithKeyOfAFinishedJob_IsKeyTaken()
    {
        var id = await CreateAsync(New(options: new JobOptions { Key = "k" }));
        await CommitAsync(To(id, 2, JobStatus.Completed));

        Assert.Equal(CommitResult.KeyTaken, (await CommitAsync(Creating(New(options: new JobOptions { Key = "k" })))).Result);
    }

    /// <summary>Within one batch the first of two creations gets the key.</summary>
    [Fact]
    public async Task Create_WithOneKeyTwiceInABatch_IsCommittedOnce()
    {
        var first = New(options: new JobOptions { Key = "k" });

        var verdicts = await CommitAsync([Creating(first), Creating(New(options: new JobOptions { Key = "k" }))]);

        Assert.Equal([CommitResult.Committed, CommitResult.KeyTaken], verdicts.Select(verdict => verdict.Result));
        Assert.Equal(first.Id, verdicts[1].Existing?.Id);
    }

    /// <summary>A job that does not exist loads as nothing.</summary>
    [Fact]
    public async Task Load_OfUnknownJob_IsNull() => Assert.Null(await Store.LoadAsync(New().Id, JobParts.Steps, CancellationToken.None));

    /// <summary>A durable store gives everything back after it was closed and opened again.</summary>
    [Fact]
    public async Task Create_ThenReopen_KeepsTheJob()
    {
        var id = await QueueAsync(New(options: new JobOptions { Key = "k", Labels = ["a"] }));

        await ReopenAsync();

        Assert.Equal("k", (await LoadAsync(id)).Creation.Key);
        Assert.Equal([id], await ClaimedAsync());
    }
}
