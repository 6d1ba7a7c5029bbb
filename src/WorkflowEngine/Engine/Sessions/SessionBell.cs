namespace WorkflowEngine;

/// <summary>Rings when something durable came that the code of a session may wait for: it looks again then. Take <see cref="Next"/> before you look, so that no ring is missed.</summary>
internal sealed class SessionBell
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>For jobs that have no session.</summary>
    public static SessionBell Mute { get; } = new();

    /// <summary>Completes at the next ring.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Ring() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
