namespace WorkflowEngine.Cli;

/// <summary>Progress as plain lines: every step of a small flow; of a large one every twentieth part and whatever goes wrong.</summary>
internal sealed class ProgressLines(FlowDefinition flow, TextWriter output) : IProgressView
{
    private const int SmallFlow = 100;
    private const int PartPercent = 5;

    private readonly Dictionary<string, DateTimeOffset> _started = new(StringComparer.Ordinal);
    private readonly int _total = flow.Steps.Count;
    private int _done;
    private int _shownPart;
    private bool _isComplete;

    public void Show(JobEvent happened)
    {
        switch (happened.Type)
        {
            case JobEventTypes.StepStarted:
                _started[happened.StepPath!] = happened.Timestamp;
                break;
            case JobEventTypes.StepCompleted:
            case JobEventTypes.StepSkipped:
                _done++;
                ShowEnd(happened, isWanted: _total <= SmallFlow);
                break;
            case JobEventTypes.StepBlocked:
            case JobEventTypes.StepCancelled:
                ShowEnd(happened, isWanted: _total <= SmallFlow);
                break;
            case JobEventTypes.StepFailed:
                ShowEnd(happened, isWanted: true);
                break;
            case JobEventTypes.StepRetrying:
                Line($"{happened.StepPath} failed ({happened.Reason}): {happened.Message}; it is tried again");
                break;
            case JobEventTypes.StepWaiting:
                Line($"{happened.StepPath} waits{(happened.Reason is null ? string.Empty : $" ({happened.Reason})")}");
                break;
            case JobEventTypes.JobCompleted:
                _isComplete = true;
                Line($"flow {happened.FlowId} {happened.To}");
                break;
            case JobEventTypes.JobCreated:
                Line($"job {happened.JobId} of flow {happened.FlowId}");
                break;
        }
    }

    public void Note(string line) => output.WriteLine(line);

    public ValueTask DisposeAsync() => default;

    private void ShowEnd(JobEvent happened, bool isWanted)
    {
        var part = Percentage / PartPercent;
        if (isWanted)
        {
            var took = _started.Remove(happened.StepPath!, out var started) ? $" after {(happened.Timestamp - started).TotalSeconds:0.000} s" : string.Empty;
            Line($"{happened.StepPath} {happened.To}{took}{Because(happened)}");
        }
        else if (part > _shownPart)
        {
            Line($"{_done} of {_total} steps");
        }

        _shownPart = Math.Max(part, _shownPart);
    }

    private void Line(string text) => output.WriteLine($"[{Percentage,3}%] {text}");

    /// <summary>As the job's own progress (S24): 100 only at success.</summary>
    private int Percentage => _isComplete ? 100 : Math.Min(99, _done * 100 / Math.Max(1, _total));

    private static string Because(JobEvent happened)
        => (happened.Reason is null ? string.Empty : $" ({happened.Reason})") + (happened.Message is null ? string.Empty : $": {happened.Message}");
}
