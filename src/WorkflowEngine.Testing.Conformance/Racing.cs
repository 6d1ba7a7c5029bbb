using System.Collections.Concurrent;

namespace WorkflowEngine.Testing.Conformance;

/// <summary>Eight at once: who wins is chance, that one wins is not.</summary>
public abstract class Racing : StoreContract
{
    private const int Threads = 8;

    /// <summary>However many claim together, each job is handed out once.</summary>
    [Fact]
    public async Task Claim_ByManyAtOnce_HandsOutEachJobOnce()
    {
        var ids = new List<JobId>();
        for (var batch = 0; batch < 4; batch++)
        {
            var creations = Enumerable.Range(0, 50).Select(_ => New()).ToArray();
            await CommitAsync([.. creations.Select(creation => Creating(creation, Guid.Empty, JobStatus.Pending))]);
            ids.AddRange(creations.Select(creation => creation.Id));
        }

        var claimed = new ConcurrentBag<JobId>();
        await TogetherAsync(async thread =>
        {
            var owner = new Guid(thread + 1, 0, 0, new byte[8]);
            for (var found = -1; found != 0;)
            {
                var jobs = (await ClaimAsync(owner, slots: 7)).Jobs;
                found = jobs.Count;
                foreach (var job in jobs)
                {
                    Assert.Equal((owner, 1), (job.Owner, job.Epoch));
                    claimed.Add(job.Creation.Id);
                }
            }
        });

        Assert.Equal(ids.Order(), claimed.Order());
    }

    /// <summary>However many commit the same next version of different content, one is committed; the others learn that this version is taken.</summary>
    [Fact]
    public async Task Commit_OfOneVersionByMany_HasOneWinner()
    {
        var id = await CreateAsync(New());
        for (var version = 2; version < 22; version++)
        {
            var results = new ConcurrentBag<CommitResult>();
            await TogetherAsync(async thread => results.Add(await CommitAsync(To(id, version) with { Events = new EventRow(id, "flow", version - 1, 1, new[] { (byte)thread }) })));

            Assert.Single(results, CommitResult.Committed);
            Assert.All(results, result => Assert.NotEqual(CommitResult.Refused, result));
        }

        Assert.Equal(21, (await LoadAsync(id)).Head.Version);
        Assert.Equal(20, (await Store.ReadEventsAsync(new EventQuery(id, 0), CancellationToken.None)).Rows.Count);
    }

    /// <summary>However many start under one key, there is one job, and everybody learns which.</summary>
    [Fact]
    public async Task Create_WithOneKeyByMany_MakesOneJobThatAllLearnOf()
    {
        for (var round = 0; round < 10; round++)
        {
            var key = $"k{round}";
            var verdicts = new ConcurrentBag<(JobId Id, CommitVerdict Verdict)>();
            await TogetherAsync(async _ =>
            {
                var creation = New(options: new JobOptions { Key = key });
                verdicts.Add((creation.Id, await CommitAsync(Creating(creation))));
            });

            var winner = Assert.Single(verdicts, pair => pair.Verdict.Result == CommitResult.Committed).Id;
            Assert.All(verdicts.Where(pair => pair.Id != winner), pair => Assert.Equal((CommitResult.KeyTaken, winner), (pair.Verdict.Result, pair.Verdict.Existing?.Id)));
        }
    }

    /// <summary>However often and from how many places a message is sent, it is accepted once.</summary>
    [Fact]
    public async Task Send_OfOneMessageByMany_IsAcceptedOnce()
    {
        var id = await CreateAsync(New());
        var message = Message(id);
        var verdicts = new ConcurrentBag<SendVerdict>();

        await TogetherAsync(async _ => verdicts.Add(await SendAsync(message)));

        Assert.Single(verdicts, SendVerdict.Accepted);
        Assert.Equal(Threads - 1, verdicts.Count(verdict => verdict == SendVerdict.Duplicate));
        Assert.Single((await LoadAsync(id)).Mail);
    }

    /// <summary>Whoever reads while others write sees whole transitions: a head never without its steps.</summary>
    [Fact]
    public async Task Load_WhileOthersCommit_SeesWholeTransitions()
    {
        var id = await CreateAsync(New());
        const int Last = 60;
        await TogetherAsync(async thread =>
        {
            if (thread == 0)
            {
                for (var version = 2; version <= Last; version++)
                {
                    await CommitAsync(To(id, version) with { Steps = [new StepRow { Path = "a", Index = 0, StartedAt = version }, new StepRow { Path = "b", Index = 1, StartedAt = version }] });
                }

                return;
            }

            StoredJob job;
            do
            {
                job = await LoadAsync(id);
                Assert.All(job.Steps, step => Assert.Equal(job.Head.Version, step.StartedAt));
            }
            while (job.Head.Version < Last);
        });
    }

    private static async Task TogetherAsync(Func<int, Task> work)
    {
        using var start = new Barrier(Threads);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            async () =>
            {
                start.SignalAndWait();
                await work(thread);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap()));
    }
}
