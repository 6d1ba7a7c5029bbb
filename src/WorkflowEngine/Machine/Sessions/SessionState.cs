namespace WorkflowEngine;

/// <summary>The steps that the code of a session has started so far (S28), in order of first start.</summary>
internal sealed class SessionState(int firstIndex)
{
    private readonly List<SessionStep> _steps = [];
    private readonly Dictionary<string, SessionStep> _byId = new(StringComparer.Ordinal);

    public IReadOnlyList<SessionStep> Steps => _steps;

    /// <summary>How many of them run; those that wait do not count.</summary>
    public int Running => _steps.Count(step => step.State.Status == StepStatus.Running);

    public int Completed => _steps.Count(step => step.State.Status == StepStatus.Completed);

    /// <summary>True when some output lies in the packet store.</summary>
    public bool HasStoredOutput => _steps.Exists(step => step.State.Output.Reference is not null);

    public SessionStep? Find(string id) => _byId.GetValueOrDefault(id);

    public SessionStep? At(int index) => index - firstIndex is var place && place >= 0 && place < _steps.Count ? _steps[place] : null;

    public SessionStep Add(string id)
    {
        var step = new SessionStep(id, firstIndex + _steps.Count);
        _steps.Add(step);
        _byId.Add(id, step);
        return step;
    }

    /// <summary>Forgets all of them, before the job's rows are taken in again.</summary>
    public void Clear()
    {
        _steps.Clear();
        _byId.Clear();
    }

    /// <summary>The share of the work that is done, 0 to 1, when so many steps are expected.</summary>
    public double ShareOf(int total)
    {
        var done = 0.0;
        foreach (var step in _steps)
        {
            done += step.State.Status switch
            {
                StepStatus.Completed or StepStatus.Skipped => 1,
                StepStatus.Running => step.State.Fraction,
                _ => 0,
            };
        }

        return done / Math.Max(total, 1);
    }
}

/// <summary>One step that the code of a session runs.</summary>
internal sealed class SessionStep(string id, int index)
{
    /// <summary>A field, not a property: a struct that is changed in place.</summary>
    public StepState State;

    public string Id { get; } = id;

    public int Index { get; } = index;
}
