namespace WorkflowEngine.Testing.Conformance;

/// <summary>Finding jobs: filters, paging, and the store at a glance.</summary>
public abstract class Listing : StoreContract
{
    /// <summary>Newest first.</summary>
    [Fact]
    public async Task List_OfAll_IsNewestFirstWithoutStepsAndMail()
    {
        var first = await CreateAsync(New());
        var second = await QueueAsync();
        await CommitAsync(To(first, 2) with { Steps = [new StepRow { Path = "a", Index = 0 }] });
        await SendAsync(Message(first));

        var page = await ListAsync(new JobQuery());

        Assert.Equal([second, first], page.Jobs.Select(job => job.Creation.Id));
        Assert.Null(page.Next);
        Assert.All(page.Jobs, job => Assert.Empty(job.Steps));
        Assert.All(page.Jobs, job => Assert.Empty(job.Mail));
    }

    /// <summary>Each filter alone, and two together.</summary>
    [Fact]
    public async Task List_WithFilters_FindsWhatFits()
    {
        var plain = await CreateAsync(New());
        var other = await CreateAsync(New("other", "2", new JobOptions { Key = "k", Tenant = "t", Labels = ["red", "it's \"blue\" 100%"] }));
        var failed = await CreateAsync(New(options: new JobOptions { Labels = ["re", "redder"] }));
        await CommitAsync(To(failed, 2) with { Head = To(failed, 2, JobStatus.Failed).Head with { Data = JobData.None with { Reason = "timeout" } } });
        var otherAge = new DateTimeOffset((await LoadAsync(other)).Creation.CreatedAt, TimeSpan.Zero);

        await FindsAsync(new JobQuery { FlowId = "other" }, other);
        await FindsAsync(new JobQuery { FlowVersion = "2" }, other);
        await FindsAsync(new JobQuery { Key = "k" }, other);
        await FindsAsync(new JobQuery { Tenant = "t" }, other);
        await FindsAsync(new JobQuery { Label = "red" }, other);
        await FindsAsync(new JobQuery { Label = "it's \"blue\" 100%" }, other);
        await FindsAsync(new JobQuery { Label = "r%" });
        await FindsAsync(new JobQuery { Reason = "timeout" }, failed);
        await FindsAsync(new JobQuery { Statuses = [JobStatus.Failed, JobStatus.Completed] }, failed);
        await FindsAsync(new JobQuery { Statuses = [JobStatus.Running] }, other, plain);
        await FindsAsync(new JobQuery { Since = otherAge }, failed, other);
        await FindsAsync(new JobQuery { Until = otherAge }, plain);
        await FindsAsync(new JobQuery { Since = otherAge, Until = otherAge.AddTicks(1) }, other);
        await FindsAsync(new JobQuery { FlowId = "other", Statuses = [JobStatus.Failed] });
        await FindsAsync(new JobQuery { FlowId = "' or 1=1 --" });
    }

    /// <summary>Pages neither repeat nor leave out a job, also when younger ones come between two pages.</summary>
    [Fact]
    public async Task List_InPages_GivesEveryJobOnceThoughOthersArrive()
    {
        var ids = new List<JobId>();
        for (var i = 0; i < 7; i++)
        {
            ids.Add(await CreateAsync(New()));
        }

        var found = new List<JobId>();
        JobId? after = null;
        var pages = 0;
        do
        {
            var page = await ListAsync(new JobQuery { Limit = 3, After = after });
            found.AddRange(page.Jobs.Select(job => job.Creation.Id));
            after = page.Next;
            pages++;
            await CreateAsync(New());
        }
        while (after is not null);

        Assert.Equal(ids.AsEnumerable().Reverse(), found.Where(ids.Contains));
        Assert.Equal(3, pages);
    }

    /// <summary>A full last page is not announced as if another followed.</summary>
    [Fact]
    public async Task List_WithExactlyAFullPage_IsTheLast()
    {
        await CreateAsync(New());
        await CreateAsync(New());

        Assert.Null((await ListAsync(new JobQuery { Limit = 2 })).Next);
    }

    /// <summary>Counts of open jobs by status, the due ones nobody holds, and the living nodes.</summary>
    [Fact]
    public async Task Overview_OfSomeJobs_CountsThem()
    {
        var now = (await BeatAsync()).Now;
        await QueueAsync();
        await QueueAsync();
        await QueueAsync(dueAt: now.AddHours(1).UtcTicks);
        await CreateAsync(New());
        await CreateAsync(New(), status: JobStatus.Waiting);
        await CommitAsync(To(await CreateAsync(New()), 2, JobStatus.Completed));

        var overview = await Store.OverviewAsync(CancellationToken.None);

        Assert.Equal(new Dictionary<JobStatus, long> { [JobStatus.Pending] = 3, [JobStatus.Running] = 1, [JobStatus.Waiting] = 1 }, overview.Counts.Where(pair => pair.Value > 0).ToDictionary());
        Assert.Equal(2, overview.QueueDepth);
        Assert.Equal(["node-1"], overview.Nodes);
    }

    /// <summary>A job whose time has come is in the queue, whether or not somebody has claimed since.</summary>
    [Fact]
    public async Task Overview_OfJobThatBecameDue_CountsItInTheQueue()
    {
        await QueueAsync(dueAt: (await BeatAsync()).Now.AddMinutes(-1).UtcTicks);

        Assert.Equal(1, (await Store.OverviewAsync(CancellationToken.None)).QueueDepth);
    }

    /// <summary>A node that stopped is not alive.</summary>
    [Fact]
    public async Task Overview_AfterACleanStop_NamesTheNodeNoMore()
    {
        await BeatAsync();
        await BeatAsync(stopping: true);

        Assert.Empty((await Store.OverviewAsync(CancellationToken.None)).Nodes);
    }

    private async Task<JobPage> ListAsync(JobQuery query) => await Store.ListAsync(query, CancellationToken.None);

    private async Task FindsAsync(JobQuery query, params JobId[] expected) => Assert.Equal(expected, (await ListAsync(query)).Jobs.Select(job => job.Creation.Id));
}
