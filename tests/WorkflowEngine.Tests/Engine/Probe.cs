using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

/// <summary>Step bodies that count themselves and, when held, wait for the test: what really ran, not what the record says.</summary>
internal sealed class Probe
{
    private readonly ConcurrentDictionary<string, int> _runs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _began = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _held = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _failures = new(StringComparer.Ordinal);
    private int _stopped;

    /// <summary>How many bodies saw their token fire.</summary>
    public int Stopped => Volatile.Read(ref _stopped);

    public int Total => _runs.Values.Sum();

    public int this[string step] => _runs.GetValueOrDefault(step);

    /// <summary>Registers the type <c>probe</c>.</summary>
    public IWorkflowEngineBuilder AddTo(IWorkflowEngineBuilder engine) => engine.AddStep("probe", RunAsync);

    public Probe Hold(params string[] steps)
    {
        foreach (var step in steps)
        {
            _held[step] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return this;
    }

    public Probe Fail(string step, int times = 1)
    {
        _failures[step] = times;
        return this;
    }

    public Task Began(string step) => BeganSource(step).Task.Soon();

    /// <summary>For a body of the test's own.</summary>
    public void Tell(string step) => BeganSource(step).TrySetResult();

    public void Release(string step)
    {
        if (_held.TryRemove(step, out var held))
        {
            held.TrySetResult();
        }
    }

    private async ValueTask<StepResult> RunAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var step = payload.StepId;
        _runs.AddOrUpdate(step, 1, (_, runs) => runs + 1);
        BeganSource(step).TrySetResult();
        if (_held.TryGetValue(step, out var held))
        {
            try
            {
                await held.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref _stopped);
                throw;
            }
        }

        if (_failures.TryGetValue(step, out var left) && left > 0)
        {
            _failures[step] = left - 1;
            throw new InvalidOperationException($"{step} is broken");
        }

        return StepResult.Completed(payload.Data.Prepend(step));
    }

    private TaskCompletionSource BeganSource(string step) => _began.GetOrAdd(step, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}

/// <summary>Waits with a deadline, so that a defect fails a test instead of hanging it.</summary>
internal static class Deadlines
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    public static Task Soon(this Task task) => task.WaitAsync(Longest);

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Longest);

    /// <summary>Waits until the job's events show something.</summary>
    public static async Task<JobEvent> SeenAsync(this JobHandle job, Func<JobEvent, bool> wanted, long after = 0)
    {
        using var deadline = new CancellationTokenSource(Longest);
        await foreach (var happened in job.WatchAsync(after, deadline.Token))
        {
            if (wanted(happened))
            {
                return happened;
            }
        }

        throw new InvalidOperationException("The job ended without that event.");
    }

    public static async Task<List<JobEvent>> EventsAsync(this JobHandle job)
    {
        var events = new List<JobEvent>();
        using var deadline = new CancellationTokenSource(Longest);
        await foreach (var happened in job.WatchAsync(0, deadline.Token))
        {
            events.Add(happened);
        }

        return events;
    }

    /// <summary>For what no event tells: looks again after each turn of the pool.</summary>
    public static async Task EventuallyAsync(Func<bool> holds)
    {
        using var deadline = new CancellationTokenSource(Longest);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!holds())
        {
            await tick.WaitForNextTickAsync(deadline.Token);
        }
    }
}
