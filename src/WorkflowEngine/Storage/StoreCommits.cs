namespace WorkflowEngine.Storage;

/// <summary>The way of a transition into the store. A synchronous store is called directly; for the others transitions of many jobs are grouped.</summary>
internal sealed class StoreCommits(IJobStore store, GroupCommitter? committer) : IAsyncDisposable
{
    [ThreadStatic]
    private static JobTransition[]? _batch;

    [ThreadStatic]
    private static CommitVerdict[]? _verdicts;

    /// <summary>Null: the store is called directly.</summary>
    public GroupCommitter? Committer => committer;

    /// <summary>What keeps the store from committing; null: nothing.</summary>
    public StoreException? Trouble => committer?.Trouble;

    public ValueTask<CommitVerdict> CommitAsync(JobTransition transition)
    {
        if (committer is not null)
        {
            return committer.CommitAsync(transition);
        }

        var batch = _batch ??= new JobTransition[1];
        var verdicts = _verdicts ??= new CommitVerdict[1];
        batch[0] = transition;
        var commit = store.CommitAsync(batch, verdicts, CancellationToken.None);
        if (!commit.IsCompleted)
        {
            throw new StoreException("A synchronous store must complete its commits before it returns.", isTransient: false);
        }

        commit.GetAwaiter().GetResult();
        return new(verdicts[0]);
    }

    /// <summary>Several at once, in one commit when the store can take them so.</summary>
    public async ValueTask<CommitVerdict[]> CommitManyAsync(IReadOnlyList<JobTransition> transitions)
    {
        if (committer is not null)
        {
            return await committer.CommitManyAsync(transitions).ConfigureAwait(false);
        }

        var verdicts = new CommitVerdict[transitions.Count];
        await store.CommitAsync(transitions.ToArray(), verdicts, CancellationToken.None).ConfigureAwait(false);
        return verdicts;
    }

    public ValueTask DisposeAsync() => committer?.DisposeAsync() ?? default;
}
