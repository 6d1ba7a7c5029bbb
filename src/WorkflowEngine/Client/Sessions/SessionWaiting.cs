using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Waits of a session's code: what they wait for is kept with the job, so that a wait goes on where it was after a crash. They hold no thread.</summary>
internal sealed class SessionWaiting(SessionSeat seat, string id)
{
    /// <exception cref="TimeoutException">The signal did not come in time.</exception>
    public async Task<JsonElement> ForSignalAsync(string signal, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var begun = await seat.BeginAsync(id, null, cancellationToken).ConfigureAwait(false);
        if (begun.Turn == SessionTurn.Ended)
        {
            return SessionResult.Read<JsonElement>(await seat.Node.Vault.LoadAsync(begun.Output, cancellationToken).ConfigureAwait(false), seat.Node.Options.Json);
        }

        await EnterAsync(begun, signal, timeout).ConfigureAwait(false);
        while (true)
        {
            var wait = await LookAsync(begun, cancellationToken).ConfigureAwait(false);
            if (wait.Signal is { } value)
            {
                await seat.EndAsync(begun, new StepOutcome(OutcomeKind.Completed) { Output = new PacketSlot(SessionResult.Of(value)) }).ConfigureAwait(false);
                return value;
            }

            var error = new StepError(Reasons.Timeout, $"Signal '{signal}' did not come in time.");
            if (wait.DueAt > 0 && wait.DueAt <= seat.Node.Now && (await seat.EndAsync(begun, new StepOutcome(OutcomeKind.Failed) { Error = error }).ConfigureAwait(false)).Effect == CommandEffect.Applied)
            {
                throw new TimeoutException($"{error.Message} (step '{id}')");
            }
        }
    }

    public async Task ForTimeAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var begun = await seat.BeginAsync(id, null, cancellationToken).ConfigureAwait(false);
        if (begun.Turn == SessionTurn.Ended)
        {
            return;
        }

        await EnterAsync(begun, null, time).ConfigureAwait(false);
        while ((await LookAsync(begun, cancellationToken).ConfigureAwait(false)).DueAt > seat.Node.Now)
        {
        }

        await seat.EndAsync(begun, new StepOutcome(OutcomeKind.Completed)).ConfigureAwait(false);
    }

    /// <summary>A wait that has been there since an earlier opening goes on as it is.</summary>
    private async ValueTask EnterAsync(SessionBeginning begun, string? signal, TimeSpan? time)
    {
        if (begun.Turn == SessionTurn.Begins)
        {
            await seat.SendAsync(new WaitInSession(seat.Run, begun.Step, begun.Run, signal, time)).ConfigureAwait(false);
        }
    }

    /// <summary>What has come; when nothing has yet, after the next ring or when the time is over.</summary>
    private async ValueTask<LookAtWait> LookAsync(SessionBeginning begun, CancellationToken cancellationToken)
    {
        var ring = seat.Runner.Bodies.Bell.Next;
        var look = new LookAtWait(seat.Run, begun.Step, begun.Run);
        await seat.SendAsync(look).ConfigureAwait(false);
        if (look.Signal is null && (look.DueAt == 0 || look.DueAt > seat.Node.Now))
        {
            await seat.WaitAsync(ring, look.DueAt, cancellationToken).ConfigureAwait(false);
            ring = seat.Runner.Bodies.Bell.Next;
            await seat.SendAsync(look).ConfigureAwait(false);
        }

        return look;
    }
}
