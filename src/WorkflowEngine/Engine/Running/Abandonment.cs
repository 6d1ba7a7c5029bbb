namespace WorkflowEngine;

/// <summary>Giving up on bodies that ignore their token (S12): the step ends, its slot is taken back, and what the body returns later is discarded. In the turn.</summary>
internal static class Abandonment
{
    /// <summary>Ends every body that still runs, as its token's cause says.</summary>
    public static void All(EngineNode node, FlowRunner runner, StopReason cause)
    {
        var steps = runner.State.Steps;
        for (var index = 0; index < steps.Length && runner.State.Running > 0; index++)
        {
            if (steps[index].Status == StepStatus.Running)
            {
                var kind = cause == StopReason.JobCancelled ? OutcomeKind.Cancelled : OutcomeKind.Interrupted;
                One(node, runner, index, steps[index].Run, new StepOutcome(kind));
            }
        }
    }

    /// <summary>Ends one run; nothing when it ended meanwhile.</summary>
    public static void One(EngineNode node, FlowRunner runner, int step, int run, StepOutcome outcome)
    {
        runner.Bodies.MarkAbandoned(run);
        if (runner.Apply(new EndStep(step, run, outcome)).Effect != CommandEffect.Applied)
        {
            runner.Bodies.WasAbandoned(run);
            return;
        }

        EngineLog.StepAbandoned(node.Log, runner.Id, runner.State.PathOf(step));
        if (!runner.State.Flow.IsOpenedByHand)
        {
            node.Scheduler.Release();
        }
    }
}
