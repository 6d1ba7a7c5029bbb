namespace WorkflowEngine.Cli;

/// <summary>
/// The place of the store's one worker (G5). Where another process has it, this one goes on as a client, and takes the place when it comes free: by the other's end or death.
/// </summary>
internal sealed class WorkerSeat : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stop = new();
    private Task _waiting = Task.CompletedTask;

    private WorkerSeat()
    {
    }

    /// <summary>True when this process was the worker from the beginning.</summary>
    public bool WasFree { get; private set; }

    public static async Task<WorkerSeat> TakeOrAwaitAsync(LocalEngine local)
    {
        var seat = new WorkerSeat();
        try
        {
            await local.StartAsync();
            seat.WasFree = true;
        }
        catch (StoreException error) when (error.Problem == StoreProblem.WorkerElsewhere)
        {
            seat._waiting = Task.Run(() => seat.AwaitAsync(local));
        }

        return seat;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    /// <summary>Until the loop's first sign of life is accepted it has begun nothing, so that starting it can be repeated.</summary>
    private async Task AwaitAsync(LocalEngine local)
    {
        while (true)
        {
            await Task.Delay(LookInterval, local.Time, _stop.Token);
            try
            {
                await local.Loop.StartAsync(_stop.Token);
                return;
            }
            catch (StoreException)
            {
                // Still taken, or the store is not to be had at the moment.
            }
        }
    }
}
