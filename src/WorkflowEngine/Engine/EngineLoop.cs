using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// The engine's heart beat on this node: reserves free places, claims runnable jobs, and hands each to a runner. Wakes on a hint, a due time, a place that came free, or its poll interval.
/// </summary>
internal sealed class EngineLoop(EngineNode node) : IDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);

    /// <summary>One claim at a time, adoption included: who holds it knows that no job is between the store and its runner.</summary>
    private readonly SemaphoreSlim _claim = new(1, 1);
    private Task _claiming = Task.CompletedTask;
    private Task _listening = Task.CompletedTask;
    private readonly JobAdoption _adoption = new(node);
    private LeaseKeeper? _lease;
    private ITimer? _sweep;
    private ITimer? _alarm;
    private volatile bool _isHungry;
    private bool _hasBegun;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _lease = new LeaseKeeper(node, () => Wake());
        await _lease.StartAsync(cancellationToken).ConfigureAwait(false);
        if (!node.Store.Traits.IsDurable)
        {
            EngineLog.InMemory(node.Log);
        }

        EngineLog.Started(node.Log, node.Name, node.Options.MaxConcurrentSteps, node.Store.GetType().Name);
        node.Wake = () => Wake(onlyIfHungry: true);
        node.Accepts = true;
        _hasBegun = true;
        _sweep = node.Time.CreateTimer(static loop => ((EngineLoop)loop!).Sweep(), this, SweepInterval, SweepInterval);
        _alarm = node.Time.CreateTimer(static loop => ((EngineLoop)loop!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (node.ClaimsItself)
        {
            _claiming = Task.Run(ClaimUntilStoppedAsync, CancellationToken.None);
            _listening = Task.Run(ListenAsync, CancellationToken.None);
        }
    }

    /// <summary>Drains: nothing new starts; running bodies may finish; then their tokens fire; then what is left is handed back (S12, G3).</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_hasBegun)
        {
            return; // The store did not take its first sign of life: there is nothing to hand back, and no farewell to fail with.
        }

        node.Accepts = false;
        node.IsDraining = true;
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_claiming, _listening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var runner in node.Runners)
        {
            runner.InTurn(static released => released.Release());
        }

        if (!await EmptyWithinAsync(node.Options.ShutdownGrace, cancellationToken).ConfigureAwait(false))
        {
            foreach (var runner in node.Runners)
            {
                runner.Bodies.StopAll(StopReason.HostStopping);
            }

            await EmptyWithinAsync(node.Options.StepCancellationGrace + TimeSpan.FromSeconds(1), CancellationToken.None).ConfigureAwait(false);
        }

        _sweep?.Dispose();
        _alarm?.Dispose();
        await _lease!.StopAsync().ConfigureAwait(false);
        EngineLog.Stopped(node.Log, node.Name, node.Held);
    }

    public void Dispose()
    {
        _lease?.Dispose();
        _sweep?.Dispose();
        _alarm?.Dispose();
        _stop.Dispose();
        _wake.Dispose();
        _claim.Dispose();
    }

    /// <summary>Makes the loop look for work now.</summary>
    public void Wake(bool onlyIfHungry = false)
    {
        if ((onlyIfHungry && !_isHungry) || _wake.CurrentCount > 0)
        {
            return;
        }

        try
        {
            _wake.Release();
        }
        catch (Exception error) when (error is SemaphoreFullException or ObjectDisposedException)
        {
            // Two wakers at once: one signal is enough. And a timer's callback may have begun before the timer was disposed: what it threw then would end the process.
        }
    }

    /// <summary>Claims at once, beside the loop's own rounds. When it returns, every job that was runnable and for which there was room has its runner.</summary>
    public async Task<ClaimReply> ClaimNowAsync()
    {
        await _claim.WaitAsync(_stop.Token).ConfigureAwait(false);
        var places = 0;
        try
        {
            if (node.IsFenced)
            {
                return Nothing;
            }

            var lostTrack = node.LostTrack;
            node.LostTrack = false;
            _isHungry = true; // Before the count: a place that comes free from here on wakes the loop.
            places = node.Reserve(int.MaxValue);
            var request = new ClaimRequest { Incarnation = node.Incarnation, Slots = places, Flows = node.RunnableFlows(), Struck = node.StruckAllowance, Held = lostTrack ? node.BeginCount() : null };
            var reply = await node.Store.ClaimAsync(request, _stop.Token).ConfigureAwait(false);
            _isHungry = reply.Jobs.Count >= places;
            node.GiveBack(places - reply.Jobs.Count);
            places = reply.Jobs.Count;
            node.EndCount();
            foreach (var job in reply.Jobs)
            {
                places--;
                await _adoption.AdoptAsync(job).ConfigureAwait(false);
            }

            foreach (var message in reply.Mail)
            {
                if (node.Find(message.JobId) is { } runner)
                {
                    runner.Deliver(await ControlMessages.ToCommandAsync(node.Store, message).ConfigureAwait(false));
                }
            }

            return reply;
        }
        catch
        {
            node.LostTrack = true; // A failed claim may have taken jobs (G3).
            node.GiveBack(places);
            throw;
        }
        finally
        {
            node.EndCount();
            _claim.Release();
        }
    }

    /// <summary>Claims exactly this job, beyond the limit of held jobs, to open its session; null when somebody holds it.</summary>
    public async Task<FlowRunner?> ClaimSessionAsync(JobId job, OpenSession open, CancellationToken cancellationToken)
    {
        await _claim.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (node.IsFenced)
            {
                return null;
            }

            var request = new ClaimRequest { Incarnation = node.Incarnation, Slots = 1, Flows = node.RunnableFlows(), Job = job };
            var reply = await node.Store.ClaimAsync(request, cancellationToken).ConfigureAwait(false);
            node.GiveBack(-reply.Jobs.Count);
            return reply.Jobs.Count == 0 ? null : await _adoption.AdoptAsync(reply.Jobs[0], open).ConfigureAwait(false);
        }
        catch
        {
            node.LostTrack = true; // A failed claim may have taken the job (G3).
            throw;
        }
        finally
        {
            _claim.Release();
        }
    }

    /// <summary>What a node gets that may not claim.</summary>
    private ClaimReply Nothing => new([], [], null, node.Time.GetUtcNow());

    private async Task ClaimUntilStoppedAsync()
    {
        var failures = 0;
        while (!_stop.IsCancellationRequested)
        {
            TimeSpan pause;
            try
            {
                pause = await ClaimAsync().ConfigureAwait(false);
                failures = 0;
            }
            catch (Exception error) when (error is not OperationCanceledException || !_stop.IsCancellationRequested)
            {
                pause = TimeSpan.FromMilliseconds(Math.Min(5000, 50 * (1 << Math.Min(failures++, 7))));
                EngineLog.ClaimFailed(node.Log, error, pause);
            }

            await SleepAsync(pause).ConfigureAwait(false);
        }
    }

    private async Task<TimeSpan> ClaimAsync()
    {
        var reply = await ClaimNowAsync().ConfigureAwait(false);
        if (reply.Jobs.Count > 0 && !_isHungry)
        {
            return TimeSpan.Zero;
        }

        var untilDue = reply.NextDue is { } due ? due - reply.Now : TimeSpan.MaxValue;
        return untilDue < node.Options.PollInterval ? (untilDue > TimeSpan.Zero ? untilDue : TimeSpan.Zero) : node.Options.PollInterval;
    }

    private async Task ListenAsync()
    {
        try
        {
            await foreach (var _ in node.Store.HintsAsync(_stop.Token).ConfigureAwait(false))
            {
                Wake();
            }
        }
        catch (Exception error) when (error is OperationCanceledException or StoreException)
        {
            // A lost hint costs one poll.
        }
    }

    private async Task SleepAsync(TimeSpan pause)
    {
        if (pause > TimeSpan.Zero)
        {
            _alarm!.Change(pause, Timeout.InfiniteTimeSpan);
            await _wake.WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _alarm.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void Sweep()
    {
        foreach (var runner in node.Runners)
        {
            var now = node.Now;
            runner.InTurn(swept => swept.FlushOld(now));
        }
    }

    private async Task<bool> EmptyWithinAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        var all = Task.WhenAll(node.Runners.Select(runner => runner.Retired));
        try
        {
            await all.WaitAsync(grace, node.Time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }
}
