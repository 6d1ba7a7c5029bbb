namespace WorkflowEngine.Cli;

/// <summary>Shows on stderr how a job is doing.</summary>
internal interface IProgressView : IAsyncDisposable
{
    /// <summary>Called for every event, in order, from one thread.</summary>
    void Show(JobEvent happened);

    /// <summary>Shows a line that a step logged; from any thread.</summary>
    void Note(string line);
}

/// <summary>Which view a run gets.</summary>
internal static class ProgressViews
{
    /// <summary>Bars on a terminal, plain lines elsewhere, nothing when quiet. A job that is walked step by step gets lines: it shares the terminal with its questions.</summary>
    public static IProgressView For(RunRequest request, FlowDefinition flow)
        => request.IsQuiet ? new NoProgress()
            : Console.IsErrorRedirected || request.IsStepping || Environment.GetEnvironmentVariable("TERM") is "dumb" ? new ProgressLines(flow, Console.Error)
            : new ProgressBars(flow);

    private sealed class NoProgress : IProgressView
    {
        public void Show(JobEvent happened)
        {
        }

        public void Note(string line)
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
