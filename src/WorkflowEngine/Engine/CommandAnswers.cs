using System.Collections.Concurrent;

namespace WorkflowEngine;

/// <summary>Who waits in this process for the verdict on a command.</summary>
internal sealed class CommandAnswers
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<CommandVerdict>> _waiting = new();

    public Task<CommandVerdict> Expect(Guid command)
        => _waiting.GetOrAdd(command, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Give(Guid command, CommandVerdict verdict)
    {
        if (_waiting.TryRemove(command, out var waiting))
        {
            waiting.TrySetResult(verdict);
        }
    }

    /// <summary>No answer will come any more: whoever waits learns why.</summary>
    public void FailAll(Exception error)
    {
        foreach (var waiting in _waiting.Values)
        {
            waiting.TrySetException(error);
        }
    }

    public void Forget(Guid command) => _waiting.TryRemove(command, out _);
}
