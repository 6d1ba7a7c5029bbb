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
    private ITimer? _sweep;
    private ITimer? _alarm;
    private volatile bool _isHungry;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await node.Store.RenewAsync(new NodeBeat(node.Incarnation, node.Name, node.Options.LeaseDuration), cancellationToken).ConfigureAwait(false);
        if (!node.Store.Traits.IsDurable)
        {
            EngineLog.InMemory(node.Log);
        }

        EngineLog.Started(node.Log, node.Name, node.Options.MaxConcurrentSteps, node.Store.GetType().Name);
        node.Wake = () => Wake(onlyIfHungry: true);
        node.Accepts = true;
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
        await node.Store.RenewAsync(new NodeBeat(node.Incarnation, node.Name, node.Options.LeaseDuration, Stopping: true), CancellationToken.None).ConfigureAwait(false);
        EngineLog.Stopped(node.Log, node.Name, node.Held);
    }

    public void Dispose()
    {
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
            var lostTrack = node.LostTrack;
            node.LostTrack = false;
            _isHungry = true; // Before the count: a place that comes free from here on wakes the loop.
            places = node.Reserve(int.MaxValue);
            var request = new ClaimRequest { Incarnation = node.Incarnation, Slots = places, Flows = node.RunnableFlows(), Held = lostTrack ? [.. node.Runners.Select(runner => runner.Id)] : null };
            var reply = await node.Store.ClaimAsync(request, _stop.Token).ConfigureAwait(false);
            _isHungry = reply.Jobs.Count >= places;
            node.GiveBack(places - reply.Jobs.Count);
            places = reply.Jobs.Count;
            foreach (var job in reply.Jobs)
            {
                places--;
                await AdoptAsync(job).ConfigureAwait(false);
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
            _claim.Release();
        }
    }

    /// <summary>Claims exactly this job, beyond the limit of held jobs, to open its session; null when somebody holds it.</summary>
    public async Task<FlowRunner?> ClaimSessionAsync(JobId job, OpenSession open, CancellationToken cancellationToken)
    {
        await _claim.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var request = new ClaimRequest { Incarnation = node.Incarnation, Slots = 1, Flows = node.RunnableFlows(), Job = job };
            var reply = await node.Store.ClaimAsync(request, cancellationToken).ConfigureAwait(false);
            node.GiveBack(-reply.Jobs.Count);
            return reply.Jobs.Count == 0 ? null : await AdoptAsync(reply.Jobs[0], open).ConfigureAwait(false);
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

    private async Task<FlowRunner?> AdoptAsync(StoredJob job, OpenSession? open = null)
    {
        if (node.FindFlow(job.Creation.FlowId, job.Creation.FlowVersion) is not { } flow)
        {
            EngineLog.FlowMissing(node.Log, job.Creation.Id, job.Creation.FlowId, job.Creation.FlowVersion);
            node.GiveBack(1);
            var head = job.Head;
            head.Version++;
            await node.Commits.CommitAsync(new TransitionBuilder { Id = job.Creation.Id, Incarnation = node.Incarnation, Epoch = job.Epoch, Head = head, Releases = true }.Build()).ConfigureAwait(false);
            return null;
        }

        node.Refusals.TryRemove(job.Creation.Id, out var refusal);
        var mail = new List<ControlCommand>(job.Mail.Count);
        foreach (var message in job.Mail)
        {
            mail.Add(refusal?.Blames(message.Id) == true
                ? new RefusedCommand(message.Action, $"The store cannot keep what it brings: {refusal.Message}") { Id = message.Id, Actor = message.Actor }
                : await ControlMessages.ToCommandAsync(node.Store, message).ConfigureAwait(false));
        }

        var state = JobRebuild.Load(flow.Flow, job, node.Now);
        if (refusal is not null)
        {
            state.Refusals = refusal.InARow;
            JobMachine.Apply(state, new RefuseContent(refusal.Steps, refusal.Message, refusal.EndsJob), node.Now);
        }

        var runner = new FlowRunner(node, flow, state, job.StoreTag);
        node.Add(runner);
        await runner.BeginAsync(mail, open).ConfigureAwait(false);
        return runner;
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
