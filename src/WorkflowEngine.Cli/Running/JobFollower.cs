namespace WorkflowEngine.Cli;

/// <summary>Reads a job's events, from the first one and without gaps, and hands each to the events file and the progress view.</summary>
internal sealed class JobFollower(JobHandle job, EventsFile? file, IProgressView view, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stop = new();
    private Task _following = Task.CompletedTask;
    private volatile bool _isIdle;

    public void Start() => _following = Task.Run(FollowAsync);

    /// <summary>After the job's end, or when it stands still: returns once every event that was committed has been handed on.</summary>
    public async Task FinishAsync()
    {
        _isIdle = true;
        await _following;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task FollowAsync()
    {
        // The stream ends after the terminal event. Where the job stands still instead, silence after FinishAsync is the end.
        await using var events = job.WatchAsync(cancellationToken: _stop.Token).GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            var next = events.MoveNextAsync().AsTask();
            if (!next.IsCompleted)
            {
                file?.Flush();
                await SilenceAsync(next);
            }

            if (!next.IsCompleted)
            {
                await _stop.CancelAsync();
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            }

            if (!await next)
            {
                file?.Flush();
                return;
            }

            file?.Write(events.Current);
            view.Show(events.Current);
        }
    }

    /// <summary>Waits for the next event; gives up when none comes although the job is known to be idle.</summary>
    private async Task SilenceAsync(Task<bool> next)
    {
        while (!next.IsCompleted)
        {
            var wasIdle = _isIdle;
            await Task.WhenAny(next, Task.Delay(Quiet, time));
            if (wasIdle)
            {
                return;
            }
        }
    }
}
