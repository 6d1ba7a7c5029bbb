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

    public ValueTask DisposeAsync() => committer?.DisposeAsync() ?? default;
}
