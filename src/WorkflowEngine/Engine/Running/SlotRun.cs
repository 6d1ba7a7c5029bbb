namespace WorkflowEngine;

/// <summary>One slot's way through a job: begin a step, execute it, commit its end, and go on with the next in the same slot (DESIGN §3.3).</summary>
internal static class SlotRun
{
    /// <summary>A job may keep a slot for so many steps, or for <see cref="LongestStay"/>; then others have their turn.</summary>
    private const int MostSteps = 64;

    private static readonly TimeSpan LongestStay = TimeSpan.FromMilliseconds(50);

    /// <summary>The task never faults: <see cref="RunAsync"/> catches everything.</summary>
    public static void Begin(EngineNode node, FlowRunner runner) => _ = RunAsync(node, runner);

    private static async Task RunAsync(EngineNode node, FlowRunner runner)
    {
        try
        {
            var began = node.Time.GetTimestamp();
            var task = await runner.BeginNextAsync().ConfigureAwait(false);
            for (var steps = 1; task.Step is not null; steps++)
            {
                var outcome = await node.Executor.ExecuteAsync(runner, task).ConfigureAwait(false);
                var goesOn = steps < MostSteps && node.Time.GetElapsedTime(began) < LongestStay;
                var verdict = await runner.ApplyAsync(new EndStep(task.Start.Step, task.Start.Run, outcome), keepsSlot: goesOn).ConfigureAwait(false);
                if (verdict.Effect == CommandEffect.Stale && runner.Bodies.HasLostItsSlot(task.Start.Run))
                {
                    EngineLog.LateResult(node.Log, runner.Id, task.Step.Id);
                    return; // The slot was taken back when the body was given up.
                }

                if (!goesOn || verdict.Effect == CommandEffect.Stale)
                {
                    break;
                }

                task = await runner.BeginNextAsync().ConfigureAwait(false);
            }
        }
        catch (Exception error)
        {
            runner.InTurn(failed => failed.Fail(error));
        }

        node.Scheduler.Release();
    }
}
