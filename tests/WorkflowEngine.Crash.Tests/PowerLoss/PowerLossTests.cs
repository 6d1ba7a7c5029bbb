using System.Globalization;
using Microsoft.Data.Sqlite;
using WorkflowEngine.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Crash.Tests.PowerLoss;

/// <summary>
/// The power goes at random writes and synchronisations of the store (R10). What was synchronised stays; of everything else any part, torn at 512 bytes, may be left.
/// 100 losses; <c>POWER_ROUNDS=5000</c> for more, <c>POWER_SEED</c> to repeat a run.
/// </summary>
public sealed class PowerLossTests(ITestOutputHelper output)
{
    private const int Openings = 4;
    private const int CommitsAnOpening = 40;
    private const int Jobs = 6;
    private const int AverageDistance = 12;

    private static readonly Guid Owner = new("00000000-0000-0000-0000-000000000001");

    [Fact]
    public async Task PowerLoss_WithFullSynchronisation_LosesNothingAcknowledgedAndHarmsNoFile()
    {
        var found = await RoundsAsync(fullSynchronisation: true, lies: false, Number("POWER_ROUNDS", 100));

        found.Damaged.Should().Be(0, found.Because());
        found.Lost.Should().Be(0, found.Because());
    }

    [Fact]
    public async Task PowerLoss_WithoutFullSynchronisation_LosesTheTailAndHarmsNoFile()
    {
        var found = await RoundsAsync(fullSynchronisation: false, lies: false, rounds: 30);

        found.Damaged.Should().Be(0, found.Because());
        found.Lost.Should().BePositive("this is the negative control: a loss that does happen is seen");
    }

    [Fact]
    public async Task PowerLoss_OnADiskThatLies_IsSeen()
    {
        var found = await RoundsAsync(fullSynchronisation: true, lies: true, rounds: 30);

        (found.Lost + found.Damaged).Should().BePositive("this is the negative control: no store can keep its promise on such a disk");
    }

    private async Task<Findings> RoundsAsync(bool fullSynchronisation, bool lies, int rounds)
    {
        var seed = Number("POWER_SEED", Environment.TickCount);
        var random = new Random(seed);
        var found = new Findings(0, 0, 0, seed);
        while (found.Rounds < rounds)
        {
            foreach (var crash in Crashes(random, fullSynchronisation, lies))
            {
                var judged = await JudgeAsync(crash);
                found = found with { Rounds = found.Rounds + 1, Lost = found.Lost + (judged is true ? 1 : 0), Damaged = found.Damaged + (judged is null ? 1 : 0) };
            }
        }

        output.WriteLine($"full: {fullSynchronisation}, lies: {lies}: {found}");
        return found;
    }

    /// <summary>Commits to some jobs in turn, over several openings of the file, each of which ends with a checkpoint; and the moments at which the power goes.</summary>
    private static List<Crash> Crashes(Random random, bool fullSynchronisation, bool lies)
    {
        using var disk = new LossyDisk { Lies = lies };
        var ids = Enumerable.Range(0, Jobs).Select(_ => JobId.New(TimeProvider.System.GetUtcNow())).ToArray();
        var acknowledged = new long[Jobs];
        var crashes = new List<Crash>();
        disk.OnChange = () =>
        {
            if (random.Next(AverageDistance) == 0)
            {
                crashes.Add(new Crash(disk.AfterPowerLoss(random), ids, acknowledged.ToArray()));
            }
        };
        var verdicts = new CommitVerdict[1];
        for (var commit = 0; commit < Openings * CommitsAnOpening;)
        {
            var store = new SqliteStore(new SqliteStoreOptions { ConnectionString = $"Data Source={disk.Folder}/workflow.db", FullSynchronisation = fullSynchronisation }, TimeProvider.System);
            do
            {
                var job = random.Next(Jobs);
                store.CommitAsync(new[] { Next(ids[job], acknowledged[job] + 1, random) }, verdicts, default).AsTask().GetAwaiter().GetResult();
                verdicts[0].Result.Should().Be(CommitResult.Committed);
                acknowledged[job]++;
            }
            while (++commit % CommitsAnOpening != 0);
            store.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        return crashes;
    }

    private static JobTransition Next(JobId id, long version, Random random) => new TransitionBuilder
    {
        Id = id,
        Incarnation = Owner,
        Epoch = 1,
        Creation = version > 1 ? null : new JobCreation { Id = id, FlowId = "flow", FlowVersion = "1", CreatedAt = 1 },
        Head = new JobHead { Version = version, Sequence = version, Status = JobStatus.Running },
        Steps = [new StepRow { Path = $"s{version}", Index = (int)version, Attempt = (int)version, Status = StepStatus.Completed, Output = new PacketSlot(DataPacket.Of(new string('x', random.Next(4000)))) }],
        Events = new EventRow(id, "flow", version, 1, new byte[] { 1 }),
    }.Build();

    /// <summary>False: all is there; true: something acknowledged is lost; null: the file is damaged.</summary>
    private static async Task<bool?> JudgeAsync(Crash crash)
    {
        var folder = Directory.CreateTempSubdirectory("power-left-").FullName;
        try
        {
            foreach (var (name, content) in crash.Left)
            {
                await File.WriteAllBytesAsync(Path.Combine(folder, name), content);
            }

            return await LostAsync(Path.Combine(folder, "workflow.db"), crash);
        }
        catch (StoreException)
        {
            return null;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<bool?> LostAsync(string file, Crash crash)
    {
        var lost = false;
        await using var store = new SqliteStore(new SqliteStoreOptions { ConnectionString = $"Data Source={file}" }, TimeProvider.System);
        for (var i = 0; i < crash.Jobs.Length; i++)
        {
            var job = await store.LoadAsync(crash.Jobs[i], JobParts.Steps, default);
            var version = job?.Head.Version ?? 0;
            var events = (await store.ReadEventsAsync(new EventQuery(crash.Jobs[i], 0), default)).Rows.Count;
            if (job is not null && (job.Steps.Count != version || events != version || job.Head.Sequence != version))
            {
                return null; // Half a transition.
            }

            lost |= version < crash.Acknowledged[i];
        }

        return Check(file) == "ok" ? lost : null;
    }

    private static string Check(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "pragma integrity_check";
        return (string)command.ExecuteScalar()!;
    }

    private static int Number(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    /// <param name="Left">The files as the disk kept them.</param>
    /// <param name="Jobs">The jobs.</param>
    /// <param name="Acknowledged">The version of each that had been acknowledged.</param>
    private sealed record Crash(Dictionary<string, byte[]> Left, JobId[] Jobs, long[] Acknowledged);

    private sealed record Findings(int Rounds, int Lost, int Damaged, int Seed)
    {
        public string Because() => ToString();
    }
}
