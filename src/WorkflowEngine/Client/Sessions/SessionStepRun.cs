using System.Runtime.ExceptionServices;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Runs one step of a session to its end: attempts, their time limit, and what follows a failure.</summary>
internal sealed class SessionStepRun(SessionSeat seat, string id, StepOptions options)
{
    /// <summary>Runs the step by its retry policy; gives its stored result when it ended in an earlier opening.</summary>
    /// <exception cref="Exception">What the work threw in its last attempt, after the failure is durable.</exception>
    public async Task<PacketSlot> RunAsync(Func<CancellationToken, Task<DataPacket>> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            var begun = await seat.BeginAsync(id, options.Name, cancellationToken).ConfigureAwait(false);
            if (begun.Turn == SessionTurn.Ended)
            {
                return begun.Output;
            }

            var (output, error) = await AttemptAsync(begun, work, cancellationToken).ConfigureAwait(false);
            if (error is null)
            {
                await seat.EndAsync(begun, new StepOutcome(OutcomeKind.Completed) { Output = output }).ConfigureAwait(false);
                return output;
            }

            var known = StepExecutor.ErrorOf(error, id);
            var policy = options.Retry ?? RetryPolicy.None;
            var again = policy.Allows(known, begun.Attempt) ? policy.DelayAfter(begun.Attempt, Spread(begun)) : default(TimeSpan?);
            await seat.EndAsync(begun, Failed(known), again).ConfigureAwait(false);
            if (again is null)
            {
                ExceptionDispatchInfo.Throw(error); // With the trace of where it came from.
            }
        }
    }

    /// <summary>Runs the step and follows its recovery plan; <paramref name="restoreAsync"/> goes back to the latest checkpoint, if there is one.</summary>
    /// <returns>True when the step completed, or was rescued.</returns>
    public async Task<bool> TryRunAsync(Func<CancellationToken, Task<DataPacket>> work, Func<Task<bool>> restoreAsync, CancellationToken cancellationToken)
    {
        var mayRestore = options.RestoresCheckpoint;
        while (true)
        {
            var begun = await seat.BeginAsync(id, options.Name, cancellationToken).ConfigureAwait(false);
            if (begun.Turn == SessionTurn.Ended)
            {
                return true;
            }

            var (output, error) = await AttemptAsync(begun, work, cancellationToken).ConfigureAwait(false);
            if (error is null)
            {
                var recovery = begun.Attempt > 1 ? $"completed in attempt {begun.Attempt}" : null;
                await seat.EndAsync(begun, new StepOutcome(OutcomeKind.Completed) { Output = output }, recovery: recovery).ConfigureAwait(false);
                return true;
            }

            var plan = RecoveryRules.PlanFor(error, new(id, options.Name ?? id, begun.Attempt, options, mayRestore, options.Timeout, Spread(begun)));
            switch (plan.Action)
            {
                case RecoveryAction.Retry or RecoveryAction.RetryWithBackoff:
                    await seat.EndAsync(begun, Failed(StepExecutor.ErrorOf(error, id)), plan.Delay, plan.Description).ConfigureAwait(false);
                    continue;
                case RecoveryAction.Skip:
                    await seat.EndAsync(begun, new StepOutcome(OutcomeKind.Skipped) { Error = StepExecutor.ErrorOf(error, id), Message = plan.Description }, recovery: plan.Description).ConfigureAwait(false);
                    return true;
                case RecoveryAction.AlternativePath:
                    return await GoAroundAsync(begun, error, plan, cancellationToken).ConfigureAwait(false);
            }

            await seat.EndAsync(begun, Failed(StepExecutor.ErrorOf(error, id)), recovery: plan.Description).ConfigureAwait(false);
            if (plan.Action != RecoveryAction.RestoreCheckpoint || !await restoreAsync().ConfigureAwait(false))
            {
                return false;
            }

            mayRestore = false; // Once: a step that fails again from the same state would do so for ever.
        }
    }

    private async Task<bool> GoAroundAsync(SessionBeginning begun, Exception error, RecoveryPlan plan, CancellationToken cancellationToken)
    {
        var (_, second) = await AttemptAsync(begun, async token => await SessionResult.NothingAsync(options.Alternative!(token)).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        if (second is not null)
        {
            await seat.EndAsync(begun, Failed(StepExecutor.ErrorOf(second, id)), recovery: $"{plan.Description} That failed too.").ConfigureAwait(false);
            return false;
        }

        await seat.EndAsync(begun, new StepOutcome(OutcomeKind.Completed) { Error = StepExecutor.ErrorOf(error, id) }, recovery: plan.Description).ConfigureAwait(false);
        return true;
    }

    /// <summary>One attempt: an error of the work is a value. Throws only when the session is gone, or the caller gives up, which ends the step as cancelled.</summary>
    private async Task<(PacketSlot Output, Exception? Error)> AttemptAsync(SessionBeginning begun, Func<CancellationToken, Task<DataPacket>> work, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.Timeout ?? Timeout.InfiniteTimeSpan, seat.Node.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, seat.Stopping, deadline.Token);
        try
        {
            var patience = options.Timeout is { } timeout ? timeout + seat.Node.Options.StepCancellationGrace : Timeout.InfiniteTimeSpan;
            var packet = await work(stop.Token).WaitAsync(patience, seat.Node.Time, CancellationToken.None).ConfigureAwait(false);
            return deadline.IsCancellationRequested ? (default, TimedOut()) : (await KeepAsync(packet).ConfigureAwait(false), null);
        }
        catch (Exception) when (seat.Stopping.IsCancellationRequested)
        {
            throw seat.Gone();
        }
        catch (Exception) when (deadline.IsCancellationRequested)
        {
            return (default, TimedOut());
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await seat.EndAsync(begun, new StepOutcome(OutcomeKind.Cancelled)).ConfigureAwait(false);
            throw;
        }
        catch (Exception error)
        {
            return (default, error);
        }
    }

    private async ValueTask<PacketSlot> KeepAsync(DataPacket packet)
        => packet.Count == 0 ? default : await seat.Node.Vault.KeepAsync(seat.Owner, id, packet.Stamped(id, seat.Node.Time.GetUtcNow())).ConfigureAwait(false);

    private StepFailedException TimedOut() => new(Reasons.Timeout, $"Step '{id}' took longer than its timeout of {options.Timeout}.");

    private double Spread(SessionBeginning begun) => StepEnds.Spread(seat.Runner.Id, begun.Step, begun.Attempt);

    private static StepOutcome Failed(StepError error) => new(OutcomeKind.Failed) { Error = error };
}

/// <summary>The results of session steps as packets: one item of type <c>result</c>, or none.</summary>
internal static class SessionResult
{
    /// <exception cref="StepFailedException">It cannot be kept: <c>result_not_storable</c> or <c>packet_too_large</c>.</exception>
    public static async Task<DataPacket> OfAsync<T>(Task<T> work, string id, WorkflowEngineOptions options)
    {
        var value = await work.ConfigureAwait(false);
        if (value is DataPacket packet)
        {
            return packet;
        }

        try
        {
            return Of(WorkflowJson.ToElement(value, options.Json, options.MaxPacketBytes));
        }
        catch (DataPacketException error)
        {
            throw new StepFailedException(error.Reason, $"The result of step '{id}' cannot be kept. {error.Message}", retryable: false, error);
        }
    }

    public static async Task<DataPacket> NothingAsync(Task work)
    {
        await work.ConfigureAwait(false);
        return DataPacket.Empty;
    }

    public static DataPacket Of(JsonElement value) => DataPacket.Of("result", value);

    /// <summary>The default value when there is no result: the step was skipped, or gave none.</summary>
    public static T Read<T>(DataPacket packet, JsonSerializerOptions json)
        => typeof(T) == typeof(DataPacket) ? (T)(object)packet
            : packet.Count == 0 || packet[0].Content.ValueKind == JsonValueKind.Null ? default!
            : packet.Get<T>(json);
}
