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

    /// <summary>Commands whose commit did not come back are as they are in the store: who waits for one looks there. Those that were answered are waited for no more.</summary>
    public void Lose(IReadOnlyList<CommandAnswer> answers)
    {
        for (var i = 0; i < answers.Count; i++)
        {
            Give(answers[i].Command, CommandVerdict.Stale);
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
