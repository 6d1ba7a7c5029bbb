using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace WorkflowEngine.Storage;

/// <summary>
/// Gathers the transitions of many jobs into one store transaction (DESIGN §3.5). No timer: it commits what is there, and what arrives meanwhile forms the next batch.
/// Acknowledges only after the commit. A batch that the store cannot take is halved until the one transition is found that it cannot, so that it blocks nobody.
/// </summary>
internal sealed class GroupCommitter : IAsyncDisposable
{
    private const int MostTransitions = 512;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PatienceDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    private readonly Channel<Entry> _queue = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly IJobStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Task _loop;
    private long _waitsUntil;

    public GroupCommitter(IJobStore store, TimeProvider time, ILogger log)
    {
        _store = store;
        _time = time;
        _log = log;
        _loop = Task.Run(CommitUntilStoppedAsync);
    }

    /// <summary>Batches committed so far, and the transitions in them: the budget that tests count.</summary>
    public long Batches { get; private set; }

    public long Transitions { get; private set; }

    /// <summary>What keeps the store from committing for longer than <see cref="PatienceDelay"/>; null: nothing. No new job is taken in meanwhile, since nobody knows for how long.</summary>
    public StoreException? Trouble { get; private set; }

    /// <summary>Completes with the verdict once the transition is durable.</summary>
    public ValueTask<CommitVerdict> CommitAsync(JobTransition transition)
    {
        var entry = new Entry(transition);
        return _queue.Writer.TryWrite(entry) ? new(entry.Task) : throw new StoreException("The committer has stopped.", isTransient: false);
    }

    /// <summary>Completes with all verdicts once the transitions are durable: together, in one batch, unless the store cannot take them so.</summary>
    public async ValueTask<CommitVerdict[]> CommitManyAsync(IReadOnlyList<JobTransition> transitions)
    {
        var entries = transitions.Select(transition => new Entry(transition)).ToArray();
        for (var i = 1; i < entries.Length; i++)
        {
            entries[i - 1].Next = entries[i];
        }

        return entries.Length == 0 ? []
            : _queue.Writer.TryWrite(entries[0]) ? await Task.WhenAll(entries.Select(entry => entry.Task)).ConfigureAwait(false)
            : throw new StoreException("The committer has stopped.", isTransient: false);
    }

    /// <summary>When the store, which has failed, is asked again, in UTC ticks; 0 while nothing waits for that.</summary>
    public long WaitsUntil { get => Volatile.Read(ref _waitsUntil); private set => Volatile.Write(ref _waitsUntil, value); }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task CommitUntilStoppedAsync()
    {
        var batch = new List<Entry>();
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            batch.Clear();
            while (batch.Count < MostTransitions && _queue.Reader.TryRead(out var entry))
            {
                for (; entry is not null; entry = entry.Next)
                {
                    batch.Add(entry);
                }
            }

            await CommitAsync(batch).ConfigureAwait(false);
        }
    }

    /// <summary>Tries the same batch until the store answers; an unknown result is the same batch again (G3), since the store's guards tell a repetition.</summary>
    private async Task CommitAsync(List<Entry> batch)
    {
        var transitions = batch.ConvertAll(entry => entry.Transition).ToArray();
        var verdicts = new CommitVerdict[transitions.Length];
        for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            try
            {
                await _store.CommitAsync(transitions, verdicts, CancellationToken.None).ConfigureAwait(false);
                Trouble = null;
                Batches++;
                Transitions += transitions.Length;
                for (var i = 0; i < batch.Count; i++)
                {
                    batch[i].TrySetResult(verdicts[i]);
                }

                return;
            }
            catch (StoreException error) when (error.IsTransient && !_stop.IsCancellationRequested)
            {
                EngineLog.CommitDelayed(_log, error, transitions.Length, delay);
                Trouble = delay >= PatienceDelay ? error : null;
                var wait = Task.Delay(delay, _time, CancellationToken.None);
                WaitsUntil = (_time.GetUtcNow() + delay).UtcTicks;
                await wait.ConfigureAwait(false);
                WaitsUntil = 0;
            }
            catch (Exception error)
            {
                await IsolateAsync(batch, error).ConfigureAwait(false);
                return;
            }
        }
    }

    private async Task IsolateAsync(List<Entry> batch, Exception error)
    {
        if (batch.Count == 1 && error is StoreException)
        {
            batch[0].TrySetResult(new CommitVerdict(CommitResult.Refused, Message: error.Message));
            return;
        }

        if (batch.Count == 1)
        {
            batch[0].TrySetException(error); // Not an answer of a store: what became of the transition is unknown.
            return;
        }

        var half = batch.Count / 2;
        await CommitAsync(batch[..half]).ConfigureAwait(false);
        await CommitAsync(batch[half..]).ConfigureAwait(false);
    }

    private sealed class Entry(JobTransition transition) : TaskCompletionSource<CommitVerdict>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public JobTransition Transition { get; } = transition;

        /// <summary>The one that is to be committed together with this.</summary>
        public Entry? Next { get; set; }
    }
}
