using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Storage;

/// <summary>A whole engine on a disk of 16 MB that fills and empties (R12): intake stops with a typed error, nothing is lost or half done, and work goes on by itself.</summary>
public sealed class FullDiskTests
{
    private const int Jobs = 20;

    [Fact]
    public async Task Database_OnAFullDisk_StopsIntakeAndGoesOnByItself()
    {
        using var disk = new SmallDisk(megabytes: 16);
        var probe = new Probe().Hold("hold");
        await using var host = await StartAsync(probe, disk.File, packets: null);
        var jobs = await StartJobsAsync(host, "small");
        await probe.Began("hold");
        disk.Fill();
        probe.Release("hold");

        await Deadlines.EventuallyAsync(() => host.Node.Commits.Trouble is not null);
        (await host.Engine.Invoking(engine => engine.StartAsync("small")).Should().ThrowAsync<StoreException>().WithMessage($"No job can be started*{disk.File} is full*"))
            .Which.Should().Match<StoreException>(error => error.IsTransient && error.Problem == StoreProblem.DiskFull);
        (await host.Engine.CountJobsAsync(JobFilter.Finished)).Total.Should().Be(0, "what could not be stored is not told to anybody");

        disk.Empty();
        await AllCompleteAsync(jobs, probe);
        (await host.Engine.RunAsync("small").Soon()).Succeeded.Should().BeTrue("intake is open again");
    }

    [Fact]
    public async Task Packets_OnAFullDisk_WaitForRoomAndRepeatNoStep()
    {
        using var disk = new SmallDisk(megabytes: 16);
        using var folder = new SqliteFolder();
        var probe = new Probe().Hold("hold");
        await using var host = await StartAsync(probe, folder.File, Path.Combine(disk.Folder, "packets"));
        var jobs = await StartJobsAsync(host, "large");
        await probe.Began("hold");
        disk.Fill();
        probe.Release("hold");

        await Deadlines.EventuallyAsync(() => host.Log.Lines.Any(line => line.Contains("no room for the output of 'make'", StringComparison.Ordinal)));
        (await host.Engine.Invoking(engine => engine.StartAsync("large", new string('x', 100_000))).Should().ThrowAsync<StoreException>())
            .Which.Problem.Should().Be(StoreProblem.DiskFull, "an input that large is a packet too");

        disk.Empty();
        await AllCompleteAsync(jobs, probe);
    }

    [Fact]
    public async Task Start_CaughtByAFullDisk_EndsItsWaitByItsToken()
    {
        using var disk = new SmallDisk(megabytes: 16);
        await using var host = await StartAsync(new Probe(), disk.File, packets: null);
        (await host.Engine.RunAsync("small").Soon()).Succeeded.Should().BeTrue();
        disk.Fill();
        using var patience = new CancellationTokenSource();

        var start = host.Engine.StartAsync("small", new string('x', 7000), cancellationToken: patience.Token);
        await Deadlines.EventuallyAsync(() => host.Log.Lines.Any(line => line.Contains("transitions failed", StringComparison.Ordinal)));
        await patience.CancelAsync();

        await FluentActions.Awaiting(() => start.Soon()).Should().ThrowAsync<OperationCanceledException>();
        disk.Empty();
        await Deadlines.EventuallyAsync(() => host.Node.Commits.Trouble is null);
    }

    private static Task<TestHost> StartAsync(Probe probe, string database, string? packets) => TestHost.StartAsync(
        engine =>
        {
            engine.UseSqlite($"Data Source={database}");
            if (packets is not null)
            {
                engine.UseFilePackets(packets);
            }

            probe.AddTo(engine).AddStep("make", (payload, _) => DataPacket.Of(new string('y', 50_000)));
            engine.AddFlow("small", flow => flow.Start("hold", "probe").Then("b", "probe").Then("c", "probe"));
            engine.AddFlow("large", flow => flow.Start("hold", "probe").Then("make", "make").Then("c", "probe"));
        });

    private static async Task<JobHandle[]> StartJobsAsync(TestHost host, string flow)
        => await Task.WhenAll(Enumerable.Range(0, Jobs).Select(_ => host.Engine.StartAsync(flow)));

    private static async Task AllCompleteAsync(JobHandle[] jobs, Probe probe)
    {
        foreach (var job in jobs)
        {
            (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed, "nothing is lost");
        }

        (probe["hold"], probe["c"]).Should().Be((Jobs, Jobs), "and nothing is done twice");
    }
}
