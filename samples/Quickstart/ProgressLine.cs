using WorkflowEngine;

namespace Quickstart;

/// <summary>Shows a job's events as they come: a bar on a terminal, a line per quarter elsewhere.</summary>
internal sealed class ProgressLine(TextWriter output, TimeProvider time)
{
    private const int BarWidth = 32;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(80);

    private readonly bool _isTerminal = !Console.IsErrorRedirected;
    private readonly bool _hasColor = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";
    private readonly Dictionary<string, double> _fractions = new(StringComparer.Ordinal);
    private int _ended;
    private int _quarters;
    private long _shownAt;

    /// <summary>Follows the job to its end. Events come without gaps, also those from before the call.</summary>
    public async Task FollowAsync(JobHandle job, CancellationToken cancellationToken)
    {
        var total = (await job.GetStatusAsync(cancellationToken)).Progress.Total;
        await foreach (var happened in job.WatchAsync(cancellationToken: cancellationToken))
        {
            if (happened.StepPath is { } step)
            {
                Count(step, happened);
                Show(Math.Floor(100 * (_ended + _fractions.Values.Sum()) / total), $"{_ended} of {total} steps");
            }
        }

        if (_isTerminal)
        {
            output.WriteLine();
        }
    }

    private void Count(string step, JobEvent happened)
    {
        switch (happened.Type)
        {
            case JobEventTypes.StepProgress when happened.Data is { } data:
                _fractions[step] = data.GetProperty("percentage").GetDouble() / 100;
                break;
            case JobEventTypes.StepCompleted or JobEventTypes.StepFailed or JobEventTypes.StepSkipped or JobEventTypes.StepBlocked or JobEventTypes.StepCancelled:
                _fractions.Remove(step);
                _ended++;
                break;
        }
    }

    private void Show(double percent, string text)
    {
        if (!_isTerminal)
        {
            if (percent >= 25 * (_quarters + 1))
            {
                _quarters = (int)(percent / 25);
                output.WriteLine($"{percent,3} %  {text}");
            }
        }
        else if (percent >= 100 || _shownAt == 0 || time.GetElapsedTime(_shownAt) > Pause)
        {
            _shownAt = time.GetTimestamp();
            var full = (int)(percent / 100 * BarWidth);
            var (done, left) = (new string('█', full), new string('░', BarWidth - full));
            output.Write(_hasColor ? $"\r\e[36m{done}\e[90m{left}\e[0m {percent,3} %  {text}  " : $"\r{done}{left} {percent,3} %  {text}  ");
        }
    }
}
