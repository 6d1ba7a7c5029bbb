namespace WorkflowEngine;

/// <summary>The ready steps of one job in the order of the flow's strategy; ties go to the one that became ready first.</summary>
internal sealed class ReadySteps(StepStrategy strategy)
{
    private readonly Queue<int>? _inOrder = strategy == StepStrategy.DependencyOrder ? new Queue<int>(2) : null;
    private readonly PriorityQueue<int, (double Rank, long Order)>? _ranked = strategy == StepStrategy.DependencyOrder ? null : new();
    private List<int>? _forced;
    private long _order;

    public int Count => (_inOrder?.Count ?? _ranked!.Count) + ForcedCount;

    /// <summary>Steps that an operator asked to run: they start even while the job is paused.</summary>
    public int ForcedCount => _forced?.Count ?? 0;

    public void Add(int step, CompiledStep declared)
    {
        if (_inOrder is not null)
        {
            _inOrder.Enqueue(step);
            return;
        }

        _ranked!.Enqueue(step, (-(strategy == StepStrategy.Priority ? declared.Priority : declared.CriticalPath), _order++));
    }

    public void Force(int step) => (_forced ??= []).Add(step);

    /// <summary>Takes the next step that <paramref name="steps"/> still shows as ready; entries that are stale are dropped.</summary>
    public bool TryTake(StepSlots steps, bool forcedOnly, out int step)
    {
        while (_forced is { Count: > 0 })
        {
            step = _forced[0];
            _forced.RemoveAt(0);
            if (steps[step].IsReady && steps[step].IsForced)
            {
                return true;
            }
        }

        while (!forcedOnly && (_inOrder is not null ? _inOrder.TryDequeue(out step) : _ranked!.TryDequeue(out step, out _)))
        {
            if (steps[step].IsReady)
            {
                return true;
            }
        }

        step = -1;
        return false;
    }

    public void Clear()
    {
        _inOrder?.Clear();
        _ranked?.Clear();
        _forced?.Clear();
    }
}
