namespace WorkflowEngine.Crash;

/// <summary>Step bodies as a host fears them.</summary>
internal sealed class HarmfulSteps(LedgerClient ledger)
{
    /// <summary>Leaves its effect and takes the process with it.</summary>
    public async Task<StepResult> FailFastAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        await BegunAsync(payload);
        Environment.FailFast("A step that kills its process.");
        return StepResult.Completed();
    }

    /// <summary>Never looks at its token, and never rests.</summary>
    public static StepResult Spin(StepPayload payload, CancellationToken cancellationToken)
    {
        while (Environment.TickCount64 >= 0)
        {
        }

        return StepResult.Completed();
    }

    /// <summary>Holds its thread for ever.</summary>
    public static StepResult Sleep(StepPayload payload, CancellationToken cancellationToken)
    {
        Thread.Sleep(Timeout.Infinite);
        return StepResult.Completed();
    }

    /// <summary>Holds its thread for so many milliseconds as the job's input says.</summary>
    public StepResult Block(StepPayload payload, CancellationToken cancellationToken)
    {
        _ = BegunAsync(payload);
        Thread.Sleep(payload.Get<int>());
        return StepResult.Completed();
    }

    /// <summary>Puts out so many KiB as the job's input says, in items of 1 MiB at most that share their memory.</summary>
    public static StepResult Huge(StepPayload payload, CancellationToken cancellationToken)
    {
        var kilobytes = payload.Get<int>();
        var part = new string('x', Math.Min(kilobytes, 1024) * 1024);
        var item = DataItem.Of("part", part);
        return StepResult.Completed(DataPacket.From(Enumerable.Repeat(item, Math.Max(1, kilobytes / 1024))));
    }

    private Task BegunAsync(StepPayload payload)
        => ledger.EffectAsync(new LedgerLine { Job = payload.JobId.ToString(), Flow = payload.FlowId, Path = payload.StepPath, Attempt = payload.Attempt, Epoch = payload.Epoch });
}
