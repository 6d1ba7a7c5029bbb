namespace WorkflowEngine;

/// <summary>
/// Runs what can run now, and moves time only when nothing can. Bodies run here, one at a time; one that leaves the thread for real comes back through the pool,
/// and the loop waits for it in real time.
/// </summary>
internal sealed class HostLoop(TestNode first, VirtualTime time, Func<Task<TestNode>> revive) : IDisposable
{
    private const int MostFailedClaims = 100;

    private const int QuietSlices = 10;

    /// <summary>The engine's rounds matter for so long after something happened: starts and reports that wait for a commit have had theirs by then.</summary>
    private static readonly long RoundsAfterwards = TimeSpan.FromSeconds(2).Ticks;

    private readonly SemaphoreSlim _one = new(1, 1);
    private long _happenedAt = time.Now;
    private long _quietAt = -1;
    private long _storeDue = long.MaxValue;
    private int _failedClaims;

    /// <summary>The node that lives, or the last one that did.</summary>
    public TestNode Node { get; private set; } = first;

    private SlotQueue Slots => Node.Slots;

    /// <summary>How long, in real time, a body that does not wait for virtual time may be silent before time moves on without it.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long, in real time, bodies may be silent when nothing else is left to wait for.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromSeconds(30);

    public void Dispose() => _one.Dispose();

    /// <summary>A new node in place of the dead one.</summary>
    public async Task ReviveAsync() => Node = await revive().ConfigureAwait(false);

    /// <summary>Runs until nothing can run at the present time.</summary>
    public Task SettleAsync(CancellationToken cancellationToken) => MoveToAsync(time.Now, cancellationToken);

    /// <summary>Moves to a time, and runs everything that is due on the way when it is due.</summary>
    public Task MoveToAsync(long target, CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            await SettleNowAsync(cancellationToken).ConfigureAwait(false);
            while (time.Now < target)
            {
                time.MoveTo(Math.Min(target, NextStop()));
                await SettleNowAsync(cancellationToken).ConfigureAwait(false);
            }

            CommitStarts();
        },
        cancellationToken);

    /// <summary>Runs, and moves from due time to due time, until <paramref name="isOver"/>; false when nothing is left that could make it so.</summary>
    public async Task<bool> MoveUntilAsync(Func<ValueTask<bool>> isOver, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var reached = false;
        await AloneAsync(
            async () =>
            {
                var limit = time.Now + atMost.Ticks;
                await SettleNowAsync(cancellationToken).ConfigureAwait(false);
                while (!(reached = await isOver().ConfigureAwait(false)) && await MoveOnAsync(limit, cancellationToken).ConfigureAwait(false))
                {
                    await SettleNowAsync(cancellationToken).ConfigureAwait(false);
                }
            },
            cancellationToken).ConfigureAwait(false);
        return reached;
    }

    /// <summary>On a pool thread, so that no test framework's synchronization context sends the engine's own continuations elsewhere; one caller at a time.</summary>
    private async Task AloneAsync(Func<Task> run, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await Task.Run(run, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task SettleNowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Node.IsDead)
            {
                await ReviveAsync().ConfigureAwait(false);
            }
            else if (Slots.TryServe() || await AdoptAsync(cancellationToken).ConfigureAwait(false))
            {
                _happenedAt = time.Now;
            }
            else if (!time.TryFire())
            {
                if (!Node.Engine.Node.Runners.All(Rests))
                {
                    AskStoreAgain();
                    await Slots.WaitForActAsync(TimeSpan.FromMilliseconds(1), cancellationToken).ConfigureAwait(false);
                }
                else if (!Slots.HasWork && (Slots.AllWaitForTime || await IsQuietAsync(cancellationToken).ConfigureAwait(false)))
                {
                    return;
                }
            }
        }
    }

    /// <summary>A commit that failed is made again after a while, and until then its job does not rest: that while passes at once.</summary>
    private void AskStoreAgain()
    {
        if (Node.Engine.Node.Commits.Committer?.WaitsUntil is { } until && until > time.Now)
        {
            time.MoveTo(Math.Min(until, time.NextDue() ?? until));
            time.TryFire();
        }
    }

    /// <summary>A start rides in the job's next commit; a test that looks now wants to see it.</summary>
    private void CommitStarts()
    {
        foreach (var runner in Node.Engine.Node.Runners)
        {
            runner.InTurn(static running => running.FlushOld(long.MaxValue));
        }
    }

    private static bool Rests(FlowRunner runner)
    {
        var rests = false; // Also when somebody else has the turn: then the answer comes too late to count.
        runner.InTurn(running => rests = running.IsResting);
        return rests;
    }

    /// <summary>Takes in what became runnable in the store; also notes when the next job there will.</summary>
    private async ValueTask<bool> AdoptAsync(CancellationToken cancellationToken)
    {
        if (Node.Engine.Node.IsDraining || !Node.Engine.Node.Accepts)
        {
            _storeDue = long.MaxValue;
            return false;
        }

        try
        {
            var claim = Node.Engine.Loop.ClaimNowAsync();
            while (await Task.WhenAny(claim, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, cancellationToken)).ConfigureAwait(false) != claim)
            {
                AskStoreAgain();
            }

            var reply = await claim.ConfigureAwait(false);
            _failedClaims = 0;
            _storeDue = reply.NextDue is { } due && due.UtcTicks > time.Now ? due.UtcTicks : long.MaxValue;
            return reply.Jobs.Count > 0;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false; // The engine stops.
        }
        catch (StoreException) when (Node.IsDead || ++_failedClaims < MostFailedClaims)
        {
            // The engine's own loop waits as long before it asks again.
            _storeDue = time.Now + TimeSpan.FromMilliseconds(Math.Min(5000, 50 * (1 << Math.Min(_failedClaims, 7)))).Ticks;
            return Node.IsDead;
        }
    }

    /// <summary>
    /// True when bodies have been silent for as long as patience lasts, counted in slices: each is a way through the thread pool, so that a busy machine is not taken for a silent body.
    /// </summary>
    private async ValueTask<bool> IsQuietAsync(CancellationToken cancellationToken)
    {
        var acts = Slots.Acts;
        for (var slice = 0; slice < QuietSlices && _quietAt != acts; slice++)
        {
            await Slots.WaitForActAsync(Patience / QuietSlices, cancellationToken).ConfigureAwait(false);
            if (Slots.Acts != acts)
            {
                return false;
            }
        }

        _quietAt = acts;
        return true;
    }

    /// <summary>Moves to the next time that matters; without one, waits in real time for bodies that still run. False when there is nothing to wait for.</summary>
    private async ValueTask<bool> MoveOnAsync(long limit, CancellationToken cancellationToken)
    {
        if (Math.Min(time.NextDue() ?? long.MaxValue, _storeDue) <= limit)
        {
            time.MoveTo(NextStop());
            return true;
        }

        var acts = Slots.Acts;
        for (var waited = TimeSpan.Zero; Slots.Taken > 0 && waited < GiveUpAfter; waited += Patience)
        {
            await Slots.WaitForActAsync(Patience, cancellationToken).ConfigureAwait(false);
            if (Slots.Acts != acts)
            {
                return true;
            }
        }

        return false;
    }

    private long NextStop()
    {
        var round = time.NextRound() is { } at && at <= _happenedAt + RoundsAfterwards ? at : long.MaxValue;
        return Math.Min(round, Math.Min(time.NextDue() ?? long.MaxValue, _storeDue));
    }
}
