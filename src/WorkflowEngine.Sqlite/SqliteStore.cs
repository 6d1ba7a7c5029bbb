using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Sqlite;

/// <summary>
/// Keeps jobs in one SQLite file (G5): write-ahead log, full synchronisation, one writer with prepared statements, readers beside it. One worker process per file,
/// any number of client processes through the inbox.
/// </summary>
internal sealed class SqliteStore : IJobStore, IStoreInspection, IAsyncDisposable
{
    /// <summary>SQLite itself ends at 1,000,000,000 bytes, of which an estimate keeps well clear.</summary>
    public const long MaxValueBytes = 512 * 1024 * 1024;

    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(100);

    private readonly SqliteFile _file;
    private readonly SqliteWriter _writer;
    private readonly TimeProvider _time;
    private readonly Lock _beating = new();
    private bool _isWorker;
    private readonly Channel<StoreHint> _hints = Channel.CreateBounded<StoreHint>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropOldest });

    public SqliteStore(SqliteStoreOptions options, TimeProvider time)
    {
        _time = time;
        _file = new SqliteFile(options);
        try
        {
            _writer = new SqliteWriter(_file.OpenWriter(), _file.Path);
        }
        catch (Exception error) when (error is not StoreException)
        {
            throw SqliteErrors.Wrap(error, _file.Path);
        }
    }

    public StoreTraits Traits { get; } = new(IsDurable: true, IsShared: true, IsSynchronous: false, MaxValueBytes: MaxValueBytes);

    /// <summary>The first sign of life takes the worker's lock: every earlier incarnation is dead, since no other worker can be alive (G5).</summary>
    public ValueTask<NodeLease> RenewAsync(NodeBeat beat, CancellationToken cancellationToken) => Guarded(() =>
    {
        using var oneAtATime = _beating.EnterScope();
        var now = Now;
        if (!beat.Stopping && !_isWorker)
        {
            _file.TakeWorkerLock();
            _writer.Run(connection => Bury(connection, beat.Incarnation, now));
            _isWorker = true; // Only now: a burial that failed is done by the next sign of life.
        }

        var (isAlive, anyAlive) = _writer.Run(connection =>
        {
            Nodes.BuryExpired(connection, beat.Incarnation, now);
            return (beat.Stopping ? Nodes.Stop(connection, beat, now) : Nodes.Renew(connection, beat, now), !beat.Stopping || Nodes.AnyAlive(connection));
        });
        if (!anyAlive)
        {
            _isWorker = false;
            _file.ReleaseWorkerLock();
        }

        return new NodeLease(isAlive, new DateTimeOffset(now, TimeSpan.Zero));

        static bool Bury(SqliteConnection connection, Guid but, long now)
        {
            Nodes.BuryAll(connection, but, now);
            return true;
        }
    });

    public ValueTask<ClaimReply> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) => Guarded(() =>
    {
        var now = _time.GetUtcNow();
        return _writer.Run(connection => Claims.Take(connection, request, now));
    });

    public ValueTask CommitAsync(ReadOnlyMemory<JobTransition> batch, Memory<CommitVerdict> verdicts, CancellationToken cancellationToken)
    {
        try
        {
            if (_writer.Commit(batch.Span, verdicts.Span, Now))
            {
                _hints.Writer.TryWrite(default);
            }

            return default;
        }
        catch (Exception error) when (error is not StoreException)
        {
            return ValueTask.FromException(SqliteErrors.Wrap(error, _file.Path));
        }
    }

    public ValueTask<SendVerdict> SendAsync(JobMessage message, CancellationToken cancellationToken) => Guarded(() =>
    {
        var verdict = _writer.Run(connection => Inbox.Add(connection, message));
        if (verdict is SendVerdict.Accepted or SendVerdict.Terminal)
        {
            _hints.Writer.TryWrite(new StoreHint(message.JobId));
        }

        return verdict;
    });

    public ValueTask<StoredJob?> LoadAsync(JobId id, JobParts parts, CancellationToken cancellationToken)
        => Guarded(() => _file.Read(connection => Jobs.Load(connection, id, parts) is { } job ? Nodes.Name(connection, job) : null));

    public ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken) => Guarded(() => _file.Read(connection => Jobs.List(connection, query)));

    public ValueTask<EventPage> ReadEventsAsync(EventQuery query, CancellationToken cancellationToken) => Guarded(() => _file.Read(connection => Events.Read(connection, query)));

    public ValueTask<StoreOverview> OverviewAsync(CancellationToken cancellationToken) => Guarded(() => _file.Read(connection => Jobs.Overview(connection, Now)));

    public ValueTask SaveDefinitionsAsync(IReadOnlyList<StoredDefinition> definitions, CancellationToken cancellationToken)
    {
        var saved = Guarded(() => _writer.Run(connection => Definitions.Save(connection, definitions)));
        return saved.IsCompletedSuccessfully ? default : new(saved.AsTask());
    }

    public ValueTask<IReadOnlyList<StoredDefinition>> FindDefinitionsAsync(string kind, string? name, CancellationToken cancellationToken)
        => Guarded(() => _file.Read(connection => Definitions.Find(connection, kind, name)));

    public ValueTask<IReadOnlyList<PacketOwner>> PruneAsync(PruneRequest request, CancellationToken cancellationToken)
        => Guarded(() => _writer.Run(connection => Jobs.Prune(connection, request, Now)));

    /// <summary>A repair takes the worker's lock for as long as it lasts, so that no job is owned or claimed meanwhile.</summary>
    public ValueTask<IReadOnlyList<StoreFinding>> InspectAsync(bool repairs, CancellationToken cancellationToken) => Guarded<IReadOnlyList<StoreFinding>>(() =>
    {
        if (!repairs)
        {
            return _file.Read(Inspection.Look);
        }

        _file.TakeWorkerLock();
        try
        {
            return _writer.Run(Inspection.Repair);
        }
        finally
        {
            _file.ReleaseWorkerLock();
        }
    });

    public ValueTask<IReadOnlyList<JobId>> ListIdsAsync(JobId? after, int limit, CancellationToken cancellationToken)
        => Guarded<IReadOnlyList<JobId>>(() => _file.Read(connection => Inspection.ListIds(connection, after, limit)));

    /// <summary>Own commits hint at once; those of client processes are noticed by <c>PRAGMA data_version</c> (G5).</summary>
    public async IAsyncEnumerable<StoreHint> HintsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watch = WatchOthersAsync(ended.Token);
        try
        {
            await foreach (var hint in _hints.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return hint;
            }
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public ValueTask DisposeAsync()
    {
        _writer.Dispose();
        _file.Dispose();
        return default;
    }

    private async Task WatchOthersAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(WatchInterval, _time);
        var seen = -1L;
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                var now = _writer.ForeignWrites();
                if (seen >= 0 && now != seen)
                {
                    _hints.Writer.TryWrite(default);
                }

                seen = now;
            }
            catch (SqliteException)
            {
                // A hint may be lost: the next tick looks again, and the engine polls besides.
            }
        }
    }

    private long Now => _time.GetUtcNow().UtcTicks;

    private ValueTask<T> Guarded<T>(Func<T> work)
    {
        try
        {
            return new(work());
        }
        catch (StoreException error)
        {
            return ValueTask.FromException<T>(error);
        }
        catch (Exception error)
        {
            return ValueTask.FromException<T>(SqliteErrors.Wrap(error, _file.Path));
        }
    }
}
