// The ceiling that the engine on SQLite is measured against: the same work by hand, without an engine. Jobs of five steps; one insert per job, then per step a guarded update of
// the job, the step's row with a small output, and an event, all by one writer with prepared statements that commits what has gathered. Each job waits until its transition is durable.
//   dotnet run -c Release --project benchmarks/SqliteCeiling -- FILE [JOBS IN FLIGHT] [SECONDS]        prints: steps/s, p50 of a job in ms
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;

const int Steps = 5;
const int MostInABatch = 500;
const string Output = """[{"type":"x","content":{"n":1,"title":"hello world"}}]""";

var file = args[0];
var inFlight = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 64;
var measured = TimeSpan.FromSeconds(args.Length > 2 ? double.Parse(args[2], CultureInfo.InvariantCulture) : 6);
var warmUp = TimeSpan.FromSeconds(1);

SQLitePCL.Batteries_V2.Init();
foreach (var ending in (string[])["", "-wal", "-shm"])
{
    File.Delete(file + ending);
}

using var connection = new SqliteConnection($"Data Source={file};Pooling=false");
connection.Open();
Prepare("""
    pragma page_size = 8192; pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -200000; pragma wal_autocheckpoint = 4000;
    create table jobs (id blob primary key, flow_id text, status int, epoch int, version int, completed int, total int, updated_at int) without rowid;
    create table steps (job_id blob, step_id text, status int, attempts int, output text, started_at int, completed_at int, primary key (job_id, step_id)) without rowid;
    create table events (job_id blob, seq int, type int, at int, data text, primary key (job_id, seq)) without rowid;
    """, 0).ExecuteNonQuery();
var queue = Channel.CreateUnbounded<Transition>(new UnboundedChannelOptions { SingleReader = true });
new Thread(Write) { IsBackground = true }.Start();

var clock = Stopwatch.StartNew();
var done = 0L;
var milliseconds = new ConcurrentBag<double>();
await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(RunJobsAsync)));
var sorted = milliseconds.Order().ToArray();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done / measured.TotalSeconds:F0} {sorted[sorted.Length / 2]:F3}"));

async Task RunJobsAsync()
{
    while (clock.Elapsed < warmUp + measured)
    {
        var (job, began) = (Guid.CreateVersion7(), Stopwatch.GetTimestamp());
        for (var version = 0; version <= Steps; version++)
        {
            var transition = new Transition(job, version);
            queue.Writer.TryWrite(transition);
            await transition.Task;
            if (version > 0 && clock.Elapsed > warmUp)
            {
                Interlocked.Increment(ref done);
            }
        }

        milliseconds.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }
}

void Write()
{
    using var insert = Prepare("insert into jobs values ($1, 'f', 1, 1, 0, 0, 5, $2)", 2);
    using var update = Prepare("update jobs set version = version + 1, completed = completed + 1, updated_at = $2 where id = $1 and epoch = 1", 2);
    using var step = Prepare("insert into steps values ($1, $2, 3, 1, $3, $4, $4) on conflict do update set status = excluded.status", 4);
    using var happened = Prepare("insert into events values ($1, $2, 5, $3, null)", 3);
    using var begin = Prepare("begin immediate", 0);
    using var commit = Prepare("commit", 0);
    var batch = new List<Transition>();
    while (queue.Reader.WaitToReadAsync().AsTask().Result)
    {
        batch.Clear();
        while (batch.Count < MostInABatch && queue.Reader.TryRead(out var next))
        {
            batch.Add(next);
        }

        begin.ExecuteNonQuery();
        foreach (var transition in batch)
        {
            var (job, now) = (transition.Job.ToByteArray(bigEndian: true), Stopwatch.GetTimestamp());
            if (transition.Version == 0)
            {
                Run(insert, job, now);
            }
            else
            {
                Run(update, job, now);
                Run(step, job, $"s{transition.Version}", Output, now);
                Run(happened, job, transition.Version, now);
            }
        }

        commit.ExecuteNonQuery();
        batch.ForEach(transition => transition.SetResult());
    }
}

SqliteCommand Prepare(string sql, int parameters)
{
    var command = connection.CreateCommand();
    command.CommandText = sql;
    for (var i = 1; i <= parameters; i++)
    {
        command.Parameters.AddWithValue($"${i}", DBNull.Value);
    }

    if (parameters > 0)
    {
        command.Prepare();
    }

    return command;
}

static void Run(SqliteCommand command, params ReadOnlySpan<object> values)
{
    for (var i = 0; i < values.Length; i++)
    {
        command.Parameters[i].Value = values[i];
    }

    command.ExecuteNonQuery();
}

internal sealed class Transition(Guid job, int version) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public Guid Job { get; } = job;

    public int Version { get; } = version;
}
