using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>What was in a transition that the store refused for its content (G3).</summary>
/// <param name="Job">The job.</param>
/// <param name="Steps">The steps whose outcomes it carried.</param>
/// <param name="Commands">The messages that it took.</param>
/// <param name="Message">The store's reason.</param>
/// <param name="InARow">How often in a row.</param>
internal sealed record Refusal(JobId Job, IReadOnlyList<int> Steps, IReadOnlyList<Guid> Commands, string Message, int InARow)
{
    /// <summary>Nothing smaller than the job is to blame.</summary>
    public bool EndsJob => InARow > 1 || (Steps.Count == 0 && Commands.Count == 0);

    public static Refusal Of(JobTransition transition, string message, int inARow)
    {
        var steps = new List<int>();
        foreach (ref readonly var row in transition.Steps)
        {
            if (row.Attempt > 0 && row.Status is StepStatus.Completed or StepStatus.Failed or StepStatus.Skipped or StepStatus.Waiting)
            {
                steps.Add(row.Index);
            }
        }

        return new Refusal(transition.Id, steps, transition.Taken, message, inARow);
    }

    /// <summary>Without a step that made something it is a command that brought it.</summary>
    public bool Blames(Guid command) => !EndsJob && Steps.Count == 0 && Commands.Contains(command);
}
