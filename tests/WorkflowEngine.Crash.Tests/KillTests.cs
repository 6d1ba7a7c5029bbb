using System.Diagnostics;
using System.Globalization;
using WorkflowEngine.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Crash.Tests;

/// <summary>
/// Kills a process that runs jobs on SQLite, again and again, at random moments (R1). 10 rounds; <c>CRASH_ROUNDS=500</c> for more, <c>CRASH_SEED</c> to repeat one run's moments.
/// </summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const int StepsPerJob = 4;

    private readonly string _folder = Directory.CreateTempSubdirectory("crash-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Kill_AtAnyMoment_LosesNoJobAndRepeatsNoCommittedStep()
    {
        var rounds = Number("CRASH_ROUNDS", 10);
        var seed = Number("CRASH_SEED", Environment.TickCount);
        var random = new Random(seed);
        var repeated = new List<string>();
        for (var round = 0; round < rounds; round++)
        {
            var (known, before) = (await CompletedStepsAsync(), Lines("ledger.txt").Length);
            using var victim = Start(jobs: 200);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(300, 1500)), TimeProvider.System);
            victim.Kill();
            await victim.WaitForExitAsync();
            repeated.AddRange(Lines("ledger.txt")[before..].Where(line => known.Contains(line[..line.LastIndexOf(' ')])));
        }

        var (lastKnown, lastBefore) = (await CompletedStepsAsync(), Lines("ledger.txt").Length);
        using (var last = Start(jobs: 0))
        using (var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2)))
        {
            await last.WaitForExitAsync(limit.Token);
            last.ExitCode.Should().Be(0);
        }

        repeated.AddRange(Lines("ledger.txt")[lastBefore..].Where(line => lastKnown.Contains(line[..line.LastIndexOf(' ')])));
        var because = $"seed {seed}";
        repeated.Should().BeEmpty($"a step whose outcome was committed never runs again, {because}");
        await CheckAsync(because, rounds);
    }

    private async Task CheckAsync(string because, int rounds)
    {
        var effects = Lines("ledger.txt").Select(line => line.Split(' ')).GroupBy(parts => parts[0], StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);
        var started = Lines("started.txt");
        started.Should().NotBeEmpty(because);
        await using var store = Open();
        foreach (var id in started)
        {
            var job = await store.LoadAsync(JobId.Parse(id), JobParts.Steps, default);
            job.Should().NotBeNull($"job {id} was acknowledged, {because}");
            job!.Head.Status.Should().Be(JobStatus.Completed, $"job {id}, {because}");
            effects[id].Select(parts => parts[1]).Distinct(StringComparer.Ordinal).Should().HaveCount(StepsPerJob, $"every step of {id} had its effect, {because}");
            effects[id].Select(parts => int.Parse(parts[2], CultureInfo.InvariantCulture)).Should().BeInAscendingOrder($"an owner of {id} that was followed by another does nothing more, {because}");
        }

        var all = effects.Values.Sum(lines => lines.Count);
        var distinct = effects.Values.Sum(lines => lines.Select(parts => parts[1]).Distinct(StringComparer.Ordinal).Count());
        output.WriteLine($"{because}: {rounds} kills, {started.Length} acknowledged jobs, {all} effects, {all - distinct} repeated before their outcome was committed");
    }

    private async Task<HashSet<string>> CompletedStepsAsync()
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        await using var store = Open();
        for (JobId? after = null; ;)
        {
            var page = await store.ListAsync(new JobQuery { After = after, Limit = 1000 }, default);
            foreach (var listed in page.Jobs)
            {
                var job = await store.LoadAsync(listed.Creation.Id, JobParts.Steps, default);
                known.UnionWith(job!.Steps.Where(step => step.Status == StepStatus.Completed).Select(step => $"{listed.Creation.Id} {step.Path}"));
            }

            if (page.Next is null)
            {
                return known;
            }

            after = page.Next;
        }
    }

    private SqliteStore Open() => new(new SqliteStoreOptions { ConnectionString = $"Data Source={Path.Combine(_folder, "workflow.db")}" }, TimeProvider.System);

    private Process Start(int jobs)
    {
        var program = typeof(Ledger).Assembly.Location;
        return Process.Start(new ProcessStartInfo(Path.ChangeExtension(program, null) is { } host && File.Exists(host) ? host : program, [_folder, $"{jobs}"]) { UseShellExecute = false })!;
    }

    private string[] Lines(string name)
    {
        var path = Path.Combine(_folder, name);
        return File.Exists(path) ? File.ReadAllText(path).Split('\n')[..^1] : [];
    }

    private static int Number(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var value) ? value : otherwise;
}
