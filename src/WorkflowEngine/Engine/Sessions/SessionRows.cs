using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>The rows of the steps that a session's code made, as a transition takes them along.</summary>
internal static class SessionRows
{
    public static void Write(ChangeSet changes, JobTransition transition)
    {
        if (changes.HasSessionSteps)
        {
            foreach (var step in changes.SessionSteps)
            {
                step.State.IsTouched = false;
                step.State.WriteTo(ref transition.AddStep(), step.Index, step.Id);
            }
        }
    }
}
