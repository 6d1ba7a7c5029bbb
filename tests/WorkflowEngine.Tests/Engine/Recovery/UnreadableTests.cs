using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Storage;

namespace WorkflowEngine.Tests.Engine.Recovery;

/// <summary>L2: random bytes in stored JSON harm the job they belong to and no other; the claim loop lives (G4).</summary>
public sealed class UnreadableTests : IDisposable
{
    private readonly Probe _probe = new();
    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("update jobs set data = '{\"\u0001' where id = $1")]
    [InlineData("update jobs set data = x'00ff17c3' where id = $1")]
    [InlineData("update jobs set options = 'nonsense' where id = $1")]
    [InlineData("update jobs set input = '[[[[' where id = $1")]
    [InlineData("insert into steps (job_id, position, path, status, no_items, attempt, started_at, completed_at, detail) values ($1, 0, 'a', 2, 0, 1, 0, 0, 'x')")]
    [InlineData("insert into steps (job_id, position, path, status, no_items, attempt, started_at, completed_at) values ($1, -1, 'z', 2, 0, 1, 0, 0)")]
    [InlineData("insert into inbox (job_id, id, position, body) values ($1, x'00112233445566778899aabbccddeeff', 1, '{')")]
    public async Task Job_WithDamagedRows_IsParkedAndTheOthersRun(string damage)
    {
        JobHandle bad, good;
        await using (var client = await StartAsync(runsJobs: false))
        {
            bad = await client.Engine.StartAsync("chain");
            good = await client.Engine.StartAsync("chain");
        }

        Damage(damage, bad.Id);
        await using var worker = await StartAsync(runsJobs: true);
        var parked = worker.Engine.GetJob(bad.Id);

        (await worker.Engine.GetJob(good.Id).WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        var end = await parked.SeenAsync(happened => happened.Type == JobEventTypes.JobFailed);
        end.Reason.Should().Be(Reasons.JobUnreadable);
        (await worker.Engine.RunAsync("chain").Soon()).Status.Should().Be(JobStatus.Completed, "the claim loop lives");
        (await worker.Engine.ListJobsAsync().ToListAsync()).Select(job => job.Status).Should().BeEquivalentTo([JobStatus.Failed, JobStatus.Completed, JobStatus.Completed]);
        await worker.NothingIsHeldAsync();
    }

    private Task<TestHost> StartAsync(bool runsJobs)
        => TestHost.StartAsync(
            engine => _probe.AddTo(engine).AddFlow("chain", flow => flow.Start("a", "probe").Then("b", "probe")).UseSqlite($"Data Source={_folder.File}"),
            options => (options.RunJobs, options.MaxStrikes, options.PollInterval) = (runsJobs, 2, TimeSpan.FromMilliseconds(20)));

    private void Damage(string sql, JobId job)
    {
        using var connection = new SqliteConnection($"Data Source={_folder.File};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$1", job.Value.ToByteArray(bigEndian: true));
        command.ExecuteNonQuery();
    }
}
