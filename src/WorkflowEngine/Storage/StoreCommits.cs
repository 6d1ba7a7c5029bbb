namespace WorkflowEngine.Storage;

/// <summary>The way of a transition into the store. A synchronous store is called directly; grouping for the others finds its place here.</summary>
internal sealed class StoreCommits(IJobStore store, TimeProvider time)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    [ThreadStatic]
    private static JobTransition[]? _batch;

    [ThreadStatic]
    private static CommitVerdict[]? _verdicts;

    public ValueTask<CommitVerdict> CommitAsync(JobTransition transition)
    {
        if (!store.Traits.IsSynchronous)
        {
            return CommitPatientlyAsync(transition);
        }

        var batch = _batch ??= new JobTransition[1];
        var verdicts = _verdicts ??= new CommitVerdict[1];
        batch[0] = transition;
        var commit = store.CommitAsync(batch, verdicts, CancellationToken.None);
        return commit.IsCompletedSuccessfully ? new(verdicts[0]) : throw new StoreException("A synchronous store must complete its commits before it returns.", isTransient: false);
    }

    /// <summary>An unknown result is the same transition again (G3): the store's guard tells a repetition from a stale owner.</summary>
    private async ValueTask<CommitVerdict> CommitPatientlyAsync(JobTransition transition)
    {
        var verdicts = new CommitVerdict[1];
        for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            try
            {
                await store.CommitAsync(new[] { transition }, verdicts, CancellationToken.None).ConfigureAwait(false);
                return verdicts[0];
            }
            catch (StoreException error) when (error.IsTransient)
            {
                await Task.Delay(delay, time).ConfigureAwait(false);
            }
        }
    }
}
