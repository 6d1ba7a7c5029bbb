using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;
using WorkflowEngine.Tests.Storage;

namespace WorkflowEngine.Tests.Client;

/// <summary>Many starts at once: few commits, each judged by itself (S31).</summary>
public sealed class StartManyTests
{
    private readonly Probe _probe = new();

    [Fact]
    public async Task StartMany_OfAThousandOnAGroupedStore_TakesFourCommitsAtMost()
    {
        using var folder = new SqliteFolder();
        await using var client = await HostAsync(engine => engine.UseSqlite($"Data Source={folder.File}"), options => options.RunJobs = false);
        var before = client.Node.Commits.Committer!.Batches;

        var jobs = await client.Engine.StartManyAsync(Enumerable.Range(0, 1000).Select(number => new JobStart("one", DataPacket.Of(number)))).Soon();

        (client.Node.Commits.Committer.Batches - before).Should().BeLessThanOrEqualTo(4);
        jobs.Select(job => job.Id).Should().OnlyHaveUniqueItems().And.HaveCount(1000);
        (await client.Engine.CountJobsAsync()).Total.Should().Be(1000);
    }

    [Fact]
    public async Task StartMany_OnARunningHost_RunsThemAll()
    {
        await using var host = await HostAsync();

        var jobs = await host.Engine.StartManyAsync(Enumerable.Range(0, 1200).Select(number => new JobStart("one", DataPacket.Of(number)))).Soon();

        var results = await Task.WhenAll(jobs.Select(job => job.WaitAsync())).Soon();
        results.Should().OnlyContain(result => result.Status == JobStatus.Completed);
        results.Select(result => result.Output[1].Get<int>()).Should().Equal(Enumerable.Range(0, 1200), "handles come in the order of the starts");
        _probe["a"].Should().Be(1200);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task StartMany_WithKeysInsideABatch_JudgesEachByItself(bool onFile)
    {
        using var folder = new SqliteFolder();
        await using var host = await HostAsync(engine => _ = onFile ? engine.UseSqlite($"Data Source={folder.File}") : engine);
        var earlier = await host.Engine.StartAsync("one", DataPacket.Of(0), new JobOptions { Key = "old" });

        var jobs = await host.Engine.StartManyAsync([Keyed("new", 1), Keyed("old", 0), Keyed("new", 1), new JobStart("one")]).Soon();

        jobs.Select(job => job.AlreadyExisted).Should().Equal(false, true, true, false);
        (jobs[1].Id, jobs[2].Id).Should().Be((earlier.Id, jobs[0].Id));
        await host.Engine.Invoking(engine => engine.StartManyAsync([Keyed("new", 2), Keyed("other", 1)])).Should().ThrowAsync<KeyConflictException>();
        (await host.Engine.FindJobAsync("one", "other")).Should().NotBeNull("a refused neighbour costs the others nothing");
    }

    [Fact]
    public async Task StartMany_OfAnUnknownFlow_StartsNothingOfTheBatch()
    {
        await using var host = await HostAsync();

        await host.Engine.Invoking(engine => engine.StartManyAsync([new JobStart("one"), new JobStart("none")])).Should().ThrowAsync<FlowNotFoundException>();

        (await host.Engine.CountJobsAsync()).Total.Should().Be(0);
    }

    [Fact]
    public async Task StartMany_BeyondTheQueue_StartsNothingOfTheBatch()
    {
        await using var client = await HostAsync(options: options => (options.RunJobs, options.MaxQueuedJobs) = (false, 3));
        await client.Engine.StartManyAsync([new JobStart("one"), new JobStart("one")]);

        await client.Engine.Invoking(engine => engine.StartManyAsync([new JobStart("one"), new JobStart("one")])).Should().ThrowAsync<QueueFullException>();

        (await client.Engine.CountJobsAsync()).Total.Should().Be(2);
        (await client.Engine.StartManyAsync([new JobStart("one")])).Should().ContainSingle();
    }

    private static JobStart Keyed(string key, int input) => new("one", DataPacket.Of(input), new JobOptions { Key = key });

    private Task<TestHost> HostAsync(Action<IWorkflowEngineBuilder>? more = null, Action<WorkflowEngineOptions>? options = null) => TestHost.StartAsync(
        engine =>
        {
            _probe.AddTo(engine).AddFlow("one", flow => flow.Start("a", "probe"));
            more?.Invoke(engine);
        },
        options);
}
