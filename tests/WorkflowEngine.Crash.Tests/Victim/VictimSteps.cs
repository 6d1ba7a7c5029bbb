namespace WorkflowEngine.Crash;

/// <summary>Steps that leave each effect in the ledger and go on only when it is kept there.</summary>
internal sealed class VictimSteps(VictimPlan plan, LedgerClient ledger)
{
    private static readonly string Ballast = new('x', 64 * 1024);

    public async Task<StepResult> WorkAsync(StepPayload payload, CancellationToken cancellationToken)
        => StepResult.Completed(DataPacket.Of(await EffectAsync(payload, cancellationToken)));

    /// <summary>Its packet is too large for a row.</summary>
    public async Task<StepResult> BulkAsync(StepPayload payload, CancellationToken cancellationToken)
        => StepResult.Completed(DataPacket.Of(await EffectAsync(payload, cancellationToken) with { Ballast = Ballast }));

    /// <summary>Its first attempt fails after its effect.</summary>
    public async Task<StepResult> FlakyAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var mark = await EffectAsync(payload, cancellationToken);
        return payload.Attempt == 1 ? StepResult.Fail("flaky", "The first attempt always fails.") : StepResult.Completed(DataPacket.Of(mark));
    }

    /// <summary>Two legs, with a wait between them.</summary>
    public async Task<StepResult> NapAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var mark = await EffectAsync(payload, cancellationToken);
        return payload.GetState<bool>() ? StepResult.Completed(DataPacket.Of(mark)) : StepResult.RunAgain(TimeSpan.FromMilliseconds(40), state: true);
    }

    /// <summary>Two legs, with a signal between them.</summary>
    public async Task<StepResult> GateAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var mark = await EffectAsync(payload, cancellationToken);
        return payload.Signal is null ? StepResult.Wait(MixedFlows.Signal) : StepResult.Completed(DataPacket.Of(mark));
    }

    private async Task<Mark> EffectAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var seen = payload.Inputs.Select(input => input.Value.Get<Mark>() with { Ballast = null }).ToList();
        var inputs = seen.Count == 0 ? [payload.Get<int>().ToString(System.Globalization.CultureInfo.InvariantCulture)] : seen.Select(mark => mark.Result);
        var mark = new Mark(payload.StepPath, MixedFlows.Result(payload.FlowId, payload.StepPath, inputs), payload.Epoch, payload.Attempt);
        var effect = new LedgerLine
        {
            Job = payload.JobId.ToString(),
            Flow = payload.FlowId,
            Path = payload.StepPath,
            Attempt = payload.Attempt,
            Epoch = payload.Epoch,
            Key = payload.IdempotencyKey,
            Seen = seen,
            Result = mark.Result,
        };
        if (plan.Defect == Defects.CommitFirst)
        {
            _ = LaterAsync(effect);
            return mark;
        }

        await ledger.EffectAsync(effect);
        await Task.Delay(TimeSpan.FromMilliseconds(plan.StepMilliseconds), TimeProvider.System, cancellationToken);
        return mark;
    }

    private async Task LaterAsync(LedgerLine effect)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        await ledger.EffectAsync(effect);
    }
}
