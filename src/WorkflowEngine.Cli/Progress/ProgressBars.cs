using System.Collections.Concurrent;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace WorkflowEngine.Cli;

/// <summary>Progress as live bars: the whole job, and below it the steps that run. Events only change numbers; drawing happens ten times a second.</summary>
internal sealed class ProgressBars : IProgressView
{
    private const int MostSteps = 10;

    private readonly FlowDefinition _flow;
    private readonly IAnsiConsole _console;
    private readonly ConcurrentDictionary<string, double> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _notes = new();
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _drawing;
    private int _done;

    public ProgressBars(FlowDefinition flow)
    {
        _flow = flow;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            ColorSystem = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.Yes,
        });
        _drawing = Task.Run(DrawAsync);
    }

    public void Show(JobEvent happened)
    {
        switch (happened.Type)
        {
            case JobEventTypes.StepStarted:
                _running[happened.StepPath!] = 0;
                break;
            case JobEventTypes.StepProgress when happened.Data is { } data && data.TryGetProperty("percentage", out var percentage):
                _running[happened.StepPath!] = percentage.GetDouble();
                break;
            case JobEventTypes.StepRetrying:
            case JobEventTypes.StepWaiting:
                _running.TryRemove(happened.StepPath!, out _);
                break;
            case JobEventTypes.StepCompleted or JobEventTypes.StepSkipped:
                _running.TryRemove(happened.StepPath!, out _);
                Interlocked.Increment(ref _done);
                break;
            case JobEventTypes.StepFailed or JobEventTypes.StepCancelled:
                _running.TryRemove(happened.StepPath!, out _);
                break;
        }

        if (happened.Type is JobEventTypes.StepFailed or JobEventTypes.JobFailed or JobEventTypes.StepRetrying)
        {
            _notes.Enqueue($"{happened.StepPath ?? "job"} failed ({happened.Reason}): {happened.Message}");
        }
    }

    public void Note(string line) => _notes.Enqueue(line);

    public async ValueTask DisposeAsync()
    {
        _end.TrySetResult();
        await _drawing;
        ShowNotes();
    }

    private Task DrawAsync() => _console.Progress()
        .AutoClear(false)
        .HideCompleted(true)
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentColumn(), new ElapsedTimeColumn())
        .StartAsync(async context =>
        {
            // A hair more than its steps: a bar that is complete is hidden, and this one is to stay.
            var whole = context.AddTask(Markup.Escape(_flow.Name ?? _flow.Id), maxValue: Math.Max(1, _flow.Steps.Count) + 0.001);
            var bars = new Dictionary<string, ProgressTask>(StringComparer.Ordinal);
            while (!_end.Task.IsCompleted)
            {
                await Task.WhenAny(_end.Task, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System));
                whole.Value = Volatile.Read(ref _done);
                Follow(context, bars);
                ShowNotes();
            }
        });

    /// <summary>Above the bars, which make room.</summary>
    private void ShowNotes()
    {
        while (_notes.TryDequeue(out var note))
        {
            _console.WriteLine(note);
        }
    }

    /// <summary>A bar for each running step, the first ten of them; those of steps that ended are complete and so hidden.</summary>
    private void Follow(ProgressContext context, Dictionary<string, ProgressTask> bars)
    {
        foreach (var (path, bar) in bars.Where(bar => !_running.ContainsKey(bar.Key)).ToList())
        {
            bar.Value = bar.MaxValue;
            bar.StopTask();
            bars.Remove(path);
        }

        foreach (var (path, percentage) in _running)
        {
            if (!bars.TryGetValue(path, out var bar) && bars.Count < MostSteps && !_end.Task.IsCompleted)
            {
                bar = bars[path] = context.AddTask($"  {Markup.Escape(path)}");
                bar.IsIndeterminate(percentage == 0);
            }

            if (bar is not null && percentage > 0)
            {
                bar.IsIndeterminate(false);
                bar.Value = percentage;
            }
        }
    }

    /// <summary>Rounded; nothing for a step that reports no progress.</summary>
    private sealed class PercentColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
            => new Text(task.IsIndeterminate ? "    " : $"{Math.Round(task.Percentage),3}%");
    }
}
