using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using WorkflowEngine.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Crash.Tests;

/// <summary>A folder with a database, a ledger process, and the victims that live one after the other.</summary>
internal sealed class Scene : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crash-").FullName;
    private readonly List<Victim> _victims = [];
    private readonly List<(Predicate<LedgerLine> Matches, TaskCompletionSource<LedgerLine> Seen)> _awaited = [];
    private readonly Lock _gate = new();
    private readonly List<LedgerLine> _seen = [];
    private readonly Process _ledger;
    private Task _listening = Task.CompletedTask;

    private Scene() => _ledger = Run("ledger", Socket, LedgerFile);

    public string Database => Path.Combine(_folder, "workflow.db");

    public string Packets => Database + "-packets";

    public IReadOnlyList<Victim> Victims => _victims;

    private string Socket => Path.Combine(_folder, "ledger.socket");

    private string LedgerFile => Path.Combine(_folder, "ledger.txt");

    public static async Task<Scene> OpenAsync()
    {
        var scene = new Scene();
        (await scene._ledger.StandardOutput.ReadLineAsync()).Should().Be("listening");
        scene._listening = scene.ListenAsync();
        return scene;
    }

    /// <summary>Starts the victim program.</summary>
    public static Process Run(params string[] arguments)
    {
        var program = Path.ChangeExtension(typeof(VictimPlan).Assembly.Location, null);
        return Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = arguments[0] == "ledger", RedirectStandardError = arguments[0] == "run" })!;
    }

    /// <summary>The next life.</summary>
    public Victim Start(Func<VictimPlan, VictimPlan>? change = null)
    {
        var plan = new VictimPlan { Database = Database, Socket = Socket, Life = _victims.Count };
        plan = change?.Invoke(plan) ?? plan;
        var victim = new Victim(plan, JsonSerializer.Serialize(plan));
        _victims.Add(victim);
        return victim;
    }

    /// <summary>A last life that has nothing wrong with it, until no job is left.</summary>
    public async Task FinishAsync(params string[] moreFlows)
    {
        var last = Start(plan => plan with { Flows = [.. plan.Flows, .. moreFlows] });
        (await last.ExitAsync()).Should().Be(0, await last.ErrorsAsync());
    }

    /// <summary>The first line of a life that is of this kind, once the ledger has it.</summary>
    public async Task<LedgerLine> SignAsync(Victim victim, string kind)
    {
        var sign = LineAsync(line => line.Life == victim.Life && line.Kind == kind);
        var end = victim.ErrorsAsync();
        return await Task.WhenAny(sign, end) == end && !sign.IsCompleted ? throw new InvalidOperationException($"Life {victim.Life} ended before '{kind}': {await end}") : await sign;
    }

    /// <summary>The first line that matches, once the ledger has it; an effect only if it is yet to come.</summary>
    public Task<LedgerLine> LineAsync(Predicate<LedgerLine> matches)
    {
        lock (_gate)
        {
            if (_seen.Find(matches) is { } known)
            {
                return Task.FromResult(known);
            }

            var awaited = new TaskCompletionSource<LedgerLine>(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((matches, awaited));
            return awaited.Task.WaitAsync(TimeSpan.FromMinutes(Rounds.Of(few: 2, many: 30)), TimeProvider.System);
        }
    }

    /// <summary>What the ledger holds on disk.</summary>
    public IReadOnlyList<LedgerLine> Ledger() => [.. File.ReadLines(LedgerFile).Select(Parse)];

    /// <summary>The store's file, as a client sees it.</summary>
    public SqliteStore OpenStore() => new(new SqliteStoreOptions { ConnectionString = $"Data Source={Database}" }, TimeProvider.System);

    /// <summary>Every job with its steps, newest first.</summary>
    public async Task<IReadOnlyList<StoredJob>> JobsAsync()
    {
        await using var store = OpenStore();
        var page = await store.ListAsync(new JobQuery { Limit = 10_000 }, default);
        var jobs = new List<StoredJob>();
        foreach (var listed in page.Jobs)
        {
            jobs.Add((await store.LoadAsync(listed.Creation.Id, JobParts.Steps, default))!);
        }

        return jobs;
    }

    /// <summary>Runs SQL on the file behind the engine's back.</summary>
    public int Sql(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    /// <summary>One number from the file.</summary>
    public long Count(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _victims.ForEach(victim => victim.Dispose());
        _ledger.StandardInput.Close();
        await _listening;
        await _ledger.WaitForExitAsync();
        _ledger.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static LedgerLine Parse(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        return JsonSerializer.Deserialize<LedgerLine>(line.AsSpan(space + 1))! with { At = long.Parse(line.AsSpan(0, space), CultureInfo.InvariantCulture) };
    }

    private async Task ListenAsync()
    {
        while (await _ledger.StandardOutput.ReadLineAsync() is { } text)
        {
            var line = Parse(text);
            lock (_gate)
            {
                if (line.Kind != LedgerLine.Effect)
                {
                    _seen.Add(line);
                }

                foreach (var (matches, seen) in _awaited)
                {
                    if (matches(line))
                    {
                        seen.TrySetResult(line);
                    }
                }

                _awaited.RemoveAll(awaited => awaited.Seen.Task.IsCompleted);
            }
        }
    }
}
