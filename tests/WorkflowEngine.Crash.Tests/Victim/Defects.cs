using WorkflowEngine.Storage;

namespace WorkflowEngine.Crash;

/// <summary>What can be wrong with a victim: each takes one protection away, and the judge must object.</summary>
public static class Defects
{
    /// <summary>A step ends before its effect has happened.</summary>
    public const string CommitFirst = "commit-first";

    /// <summary>Every seventh batch is acknowledged and never written, as by a disk that lies.</summary>
    public const string ForgetsBatches = "forgets-batches";

    /// <summary>Signs of life wait for a thread of the pool, as every other work does.</summary>
    public const string BeatsOnThePool = "beats-on-the-pool";

    /// <summary>Stands still before the n-th batch is written: <c>before-batch:N</c>. The sign <c>standing</c> tells that it is there.</summary>
    public const string BeforeBatch = "before-batch:";

    /// <summary>Stands still after the n-th batch was written and before anybody learns of it: <c>after-batch:N</c>.</summary>
    public const string AfterBatch = "after-batch:";

    internal static IJobStore Apply(string? defect, IJobStore store, LedgerClient ledger) => defect switch
    {
        ForgetsBatches => new ForgetfulStore(store),
        BeatsOnThePool => new PoolStore(store),
        not null when defect.StartsWith(BeforeBatch, StringComparison.Ordinal) => new StandingStore(store, ledger, Number(defect), before: true),
        not null when defect.StartsWith(AfterBatch, StringComparison.Ordinal) => new StandingStore(store, ledger, Number(defect), before: false),
        _ => store,
    };

    private static int Number(string defect) => int.Parse(defect[(defect.IndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    private sealed class ForgetfulStore(IJobStore store) : StoreBehind(store)
    {
        private int _batches;

        public override ValueTask CommitAsync(ReadOnlyMemory<JobTransition> batch, Memory<CommitVerdict> verdicts, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _batches) % 7 != 0)
            {
                return base.CommitAsync(batch, verdicts, cancellationToken);
            }

            verdicts.Span.Fill(new CommitVerdict(CommitResult.Committed));
            return default;
        }
    }

    private sealed class PoolStore(IJobStore store) : StoreBehind(store)
    {
        public override async ValueTask<NodeLease> RenewAsync(NodeBeat beat, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return await base.RenewAsync(beat, cancellationToken);
        }
    }

    private sealed class StandingStore(IJobStore store, LedgerClient ledger, int number, bool before) : StoreBehind(store)
    {
        private int _batches;

        public override async ValueTask CommitAsync(ReadOnlyMemory<JobTransition> batch, Memory<CommitVerdict> verdicts, CancellationToken cancellationToken)
        {
            var isTheOne = Interlocked.Increment(ref _batches) == number;
            if (isTheOne && before)
            {
                await StandAsync();
            }

            await base.CommitAsync(batch, verdicts, cancellationToken);
            if (isTheOne)
            {
                await StandAsync();
            }
        }

        private async Task StandAsync()
        {
            await ledger.SignAsync("standing");
            await new TaskCompletionSource().Task;
        }
    }
}
