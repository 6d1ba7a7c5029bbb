using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace WorkflowEngine;

/// <summary>
/// Runs one attempt of one step (execute-step), a straight pipeline: resolve the type → load the packets → render the config → time limit, only if set → middleware →
/// call → catch → keep the output. It never throws for user code: failures are values.
/// </summary>
internal sealed class StepExecutor(
    IServiceProvider services,
    IReadOnlyList<IStepMiddleware> middleware,
    ConfigRendering rendering,
    PacketVault vault,
    TimeProvider time,
    ILoggerFactory loggers)
{
    private readonly ILogger _log = loggers.CreateLogger("WorkflowEngine.Step");
    private readonly OutputKeeping _keeping = new(vault, time, loggers.CreateLogger("WorkflowEngine.Step"));

    public ValueTask<StepOutcome> ExecuteAsync(FlowRunner runner, StepTask task)
        => WorkflowTelemetry.Source.HasListeners() || WorkflowTelemetry.MeasuresSteps ? ObservedAsync(runner, task) : JudgedAsync(runner, task);

    private async ValueTask<StepOutcome> ObservedAsync(FlowRunner runner, StepTask task)
    {
        using var activity = WorkflowTelemetry.Source.StartActivity("step.execute");
        activity?.SetTag("workflow.flow.id", runner.Facts.FlowId).SetTag("workflow.step.type", task.Step.Type);
        var began = time.GetTimestamp();
        var outcome = await JudgedAsync(runner, task).ConfigureAwait(false);
        activity?.SetStatus(outcome.Kind == OutcomeKind.Failed ? ActivityStatusCode.Error : ActivityStatusCode.Ok, outcome.Error?.Message);
        WorkflowTelemetry.StepEnded(runner.Facts.FlowId, task.Step.Type, outcome.Kind.ToString().ToLowerInvariant(), outcome.Error?.Reason, task.Start.Attempt, time.GetElapsedTime(began));
        return outcome;
    }

    private ValueTask<StepOutcome> JudgedAsync(FlowRunner runner, StepTask task) => task.Step.HasConditions ? WithVerdictsAsync(runner, task) : AttemptAsync(runner, task);

    /// <summary>A condition that cannot be told fails the step, once and for all: its effect has happened (S21).</summary>
    private async ValueTask<StepOutcome> WithVerdictsAsync(FlowRunner runner, StepTask task)
    {
        var outcome = await AttemptAsync(runner, task).ConfigureAwait(false);
        if (outcome.Kind is not (OutcomeKind.Completed or OutcomeKind.Failed))
        {
            return outcome;
        }

        try
        {
            return outcome with { Verdicts = await rendering.JudgeAsync(runner.Facts, task, outcome).ConfigureAwait(false) };
        }
        catch (Exception error)
        {
            var known = ErrorOf(error, task.Path);
            var before = outcome.Error is { } first ? $" The step had failed before: {first.Message}" : string.Empty;
            return Failed(runner, task, error, known.Reason, known.Message + before, retryable: false);
        }
    }

    private async ValueTask<StepOutcome> AttemptAsync(FlowRunner runner, StepTask task)
    {
        StepPayload? payload = null;
        StepDeadline? deadline = null;
        try
        {
            if (runner.Flow.RegistrationOf(task.Step) is not { } registration)
            {
                return Failed(runner, task, null, Reasons.UnknownStepType, $"Step type '{task.Step.Type}' is not registered on this node.", retryable: false);
            }

            payload = await PrepareAsync(runner, task).ConfigureAwait(false);
            deadline = task.Step.Timeout is { } timeout ? new StepDeadline(runner, task, timeout, time) : null;
            var token = deadline?.Token ?? runner.Bodies.Token;
            token.ThrowIfCancellationRequested();
            var step = registration.Resolve(registration.NeedsScope ? payload.Services : services);
            if (!TryCall(runner, task, payload, step, registration, token, out var call))
            {
                return new StepOutcome(OutcomeKind.Interrupted); // The pause came between the slot and the body: the attempt is given again.
            }

            var result = await call.ConfigureAwait(false);
            if (deadline is { HasFired: true })
            {
                return TimedOut(runner, task); // The attempt is over, whatever its body made of the token.
            }

            return await ConcludeAsync(runner, task, payload, result).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            return OfException(runner, task, deadline, error);
        }
        finally
        {
            deadline?.Dispose();
            if (payload is not null)
            {
                await payload.EndAttemptAsync(_log).ConfigureAwait(false);
            }
        }
    }

    /// <summary>What an exception of a body means, whoever runs it.</summary>
    internal static StepError ErrorOf(Exception error, string step) => error switch
    {
        StepFailedException failed => new StepError(failed.Reason, failed.Message, failed.Retryable, failed.ToString()),
        DataPacketException { Reason: Reasons.ResultNotStorable or Reasons.PacketTooLarge } made => new StepError(made.Reason, $"What step '{step}' made cannot be kept. {made.Message}", Retryable: false, made.ToString()),
        DataPacketException packet => new StepError(packet.Reason, packet.Message, packet.Reason == Reasons.DataRetrievalFailed, packet.ToString()),
        _ => new StepError(Reasons.StepExecutionFailure, $"{error.GetType().Name}: {error.Message}", Retryable: true, error.ToString()),
    };

    /// <summary>Enters the body, unless the job was paused meanwhile. A pause returns only when nobody is in here (S14): who comes later sees it.</summary>
    private bool TryCall(FlowRunner runner, in StepTask task, StepPayload payload, IStep step, StepRegistration registration, CancellationToken token, out ValueTask<StepResult> call)
    {
        runner.Bodies.BeginEntry();
        try
        {
            if (runner.HoldsStarts && !task.IsForced)
            {
                call = default;
                return false;
            }

            call = middleware.Count == 0 && registration.Pipeline is null
                ? step.ExecuteAsync(payload, token)
                : AttemptPipeline.InvokeAsync(step, registration.Pipeline, middleware, payload, token);
            return true;
        }
        finally
        {
            runner.Bodies.EndEntry();
        }
    }

    private async ValueTask<StepPayload> PrepareAsync(FlowRunner runner, StepTask task)
    {
        var (data, many) = await InputAsync(task).ConfigureAwait(false);
        var names = runner.Flow.InputNames[task.Step.Ordinal];
        var hasSingle = many is null && names.Length == 1 && !task.Single.IsNone;
        var config = task.Step.Config is null || task.Leg is not null ? StepConfig.Empty
            : task.Step.Config.IsConstant ? runner.Flow.ConstantConfigs[task.Step.Ordinal]!
            : await rendering.RenderAsync(runner.Facts, task, data, new StepInputs(names, hasSingle ? data : null, many)).ConfigureAwait(false);
        var cases = task.Step.Cases is null ? null
            : await CasesAsync(runner, task, data, new StepInputs(names, hasSingle ? data : null, many)).ConfigureAwait(false);
        return new StepPayload(runner.Facts, task.Step.Id, task.Path, cases, LegOf(task))
        {
            Attempt = task.Start.Attempt,
            Data = data,
            InputNames = names,
            InputPackets = many,
            HasSingleInput = hasSingle,
            Config = config,
            Values = task.Data,
            Detail = task.Start.Detail,
            StepIndex = task.Start.Step,
            Run = task.Start.Run,
        };
    }

    private static LoopLeg? LegOf(in StepTask task) => task.Step.Loop is { } loop ? (task.Leg ?? LoopLeg.First) with { MaxIterations = loop.MaxIterations } : null;

    private async ValueTask<(DataPacket Data, DataPacket?[]? Many)> InputAsync(StepTask task)
    {
        if (task.Leg is not null)
        {
            return (await RoundFacts.JoinAsync(vault, task.Many!).ConfigureAwait(false), null);
        }

        if (task.Round is { } round && task.Step.IsRoot)
        {
            return (await round.InputAsync(vault).ConfigureAwait(false), null);
        }

        if (task.Many is not { } slots)
        {
            return (await vault.LoadAsync(task.Single).ConfigureAwait(false), null);
        }

        var many = new DataPacket?[slots.Length];
        for (var i = 0; i < slots.Length; i++)
        {
            many[i] = slots[i].IsNone ? null : await vault.LoadAsync(slots[i]).ConfigureAwait(false);
        }

        return (DataPacket.Merge([.. many.OfType<DataPacket>()]), many);
    }

    private async ValueTask<PortCase[]> CasesAsync(FlowRunner runner, StepTask task, DataPacket data, StepInputs inputs)
    {
        var scope = await rendering.CaseScopeAsync(runner.Facts, task, data, inputs).ConfigureAwait(false);
        return Array.ConvertAll(task.Step.Cases!, one => new PortCase(one.Port, () => one.When.EvaluateCondition(scope)));
    }

    private ValueTask<StepOutcome> ConcludeAsync(FlowRunner runner, in StepTask task, StepPayload payload, StepResult? result)
    {
        if (result is null)
        {
            return new(Failed(runner, task, null, Reasons.InvalidResult, $"Step '{task.Path}' returned null instead of a StepResult.", retryable: true));
        }

        if (result.Kind == StepResult.OutcomeKind.Fail)
        {
            return new(Failed(runner, task, null, result.Reason!, result.Message ?? string.Empty, result.Retryable ?? true, result.Details));
        }

        var kind = KindOf(result.Kind);
        var outcome = new StepOutcome(kind)
        {
            IsImplicitlyEmpty = !result.IsExplicit && kind == OutcomeKind.Completed && result.Output is null or { Count: 0 },
            Ports = result.Ports,
            Writes = payload.Writes,
        };
        if (kind is OutcomeKind.Skipped or OutcomeKind.Waits or OutcomeKind.RunsAgain)
        {
            outcome = outcome with { Message = result.Message, Signal = result.Signal, Delay = result.Delay, State = result.State };
        }

        if (result.Cursor is { } cursor)
        {
            outcome = outcome with { Loop = cursor };
        }

        if (result.Otherwise is { } otherwise)
        {
            outcome = outcome with { Otherwise = otherwise };
        }

        return result.Output is null ? new(outcome) : KeepAsync(runner, task.Path, payload, result.Output, outcome);
    }

    private ValueTask<StepOutcome> KeepAsync(FlowRunner runner, string path, StepPayload payload, DataPacket output, StepOutcome outcome)
    {
        var packet = ReferenceEquals(output, payload.Data) ? output : output.Stamped(path, time.GetUtcNow());
        var kept = _keeping.KeepAsync(new PacketOwner(runner.Facts.FlowId, runner.Id), path, packet, runner.Bodies.Token);
        return kept.IsCompletedSuccessfully ? new(outcome with { Output = kept.Result }) : StoredAsync(kept, outcome);

        static async ValueTask<StepOutcome> StoredAsync(ValueTask<PacketSlot> kept, StepOutcome outcome) => outcome with { Output = await kept.ConfigureAwait(false) };
    }

    private StepOutcome OfException(FlowRunner runner, in StepTask task, StepDeadline? deadline, Exception error)
    {
        if (deadline is { HasFired: true })
        {
            return TimedOut(runner, task);
        }

        switch (runner.Bodies.ReasonOf(task.Start.Run))
        {
            case StopReason.JobCancelled:
                return new StepOutcome(OutcomeKind.Cancelled);
            case StopReason.HostStopping or StopReason.LeaseLost:
                return new StepOutcome(OutcomeKind.Interrupted);
        }

        var known = ErrorOf(error, task.Step.Id);
        return Failed(runner, task, error, known.Reason, known.Message, known.Retryable);
    }

    private StepOutcome TimedOut(FlowRunner runner, in StepTask task)
        => Failed(runner, task, null, Reasons.Timeout, $"Step '{task.Path}' took longer than its timeout of {task.Step.Timeout}.", retryable: true);

    private StepOutcome Failed(FlowRunner runner, in StepTask task, Exception? error, string reason, string message, bool retryable, string? details = null)
    {
        // A declared reason says it all; a trace is for what nobody foresaw. The step's record keeps it either way.
        var unforeseen = error is StepFailedException or DataPacketException ? null : error;
        EngineLog.StepFailed(_log, unforeseen, runner.Id, task.Path, task.Start.Attempt, reason, message);
        return new StepOutcome(OutcomeKind.Failed) { Error = new StepError(reason, message, retryable, details ?? (unforeseen ?? error?.InnerException)?.ToString()) };
    }

    private static OutcomeKind KindOf(StepResult.OutcomeKind kind) => kind switch
    {
        StepResult.OutcomeKind.NoItems => OutcomeKind.NoItems,
        StepResult.OutcomeKind.Skip => OutcomeKind.Skipped,
        StepResult.OutcomeKind.Finish => OutcomeKind.Finished,
        StepResult.OutcomeKind.Wait => OutcomeKind.Waits,
        StepResult.OutcomeKind.RunAgain => OutcomeKind.RunsAgain,
        StepResult.OutcomeKind.Rounds => OutcomeKind.Rounds,
        _ => OutcomeKind.Completed,
    };
}
