using WorkflowEngine.Storage;

namespace WorkflowEngine.Cli;

/// <summary>Grants no slot: with it a process may own a job to apply a command, and no step begins (G7).</summary>
internal sealed class NoSlots : IStepScheduler
{
    public int Queued => 0;

    public int Taken => 0;

    public void Schedule(ISlotTaker taker)
    {
    }

    public void Release()
    {
    }
}
