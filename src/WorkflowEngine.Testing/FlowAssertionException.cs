namespace WorkflowEngine;

/// <summary>A job is not as a test wants it. The message shows all its steps and, where they are known, its last events.</summary>
public sealed class FlowAssertionException : WorkflowException
{
    /// <summary>Makes one.</summary>
    public FlowAssertionException(string message) : base(message)
    {
    }
}
