using System.Text;

namespace WorkflowEngine.Cli;

/// <summary>What one measurement found. Rates are per second of wall time; bytes are per step.</summary>
internal sealed record BenchFigures
{
    public required string Shape { get; init; }

    public required string Store { get; init; }

    public required int Jobs { get; init; }

    public required int StepsPerJob { get; init; }

    public required int Concurrency { get; init; }

    /// <summary>How often that many jobs were run; the times are those of the median round.</summary>
    public required int Rounds { get; init; }

    public required double Seconds { get; init; }

    public required double StepsPerSecond { get; init; }

    public required double JobsPerSecond { get; init; }

    public required double AllocatedBytesPerStep { get; init; }

    /// <summary>What finished jobs keep in memory.</summary>
    public required double RetainedBytesPerStep { get; init; }

    /// <summary>One job at a time, from start to end, half of the jobs faster.</summary>
    public required double LatencyP50Milliseconds { get; init; }

    /// <summary>One job at a time, 99 of 100 faster.</summary>
    public required double LatencyP99Milliseconds { get; init; }

    /// <summary>A channel whose items each cost one hop of the thread pool: what no engine of asynchronous steps can pass.</summary>
    public required double CeilingPerSecond { get; init; }

    /// <summary>Steps per second as a part of the ceiling.</summary>
    public required double Ratio { get; init; }

    public string ToText() => new StringBuilder()
        .Append($"{Shape}: {Jobs} jobs of {StepsPerJob} steps, {Concurrency} in flight, store {Store}: {Seconds:0.000} s (median of {Rounds})\n")
        .Append($"  steps/s          {StepsPerSecond,14:N0}\n")
        .Append($"  jobs/s           {JobsPerSecond,14:N0}\n")
        .Append($"  allocated B/step {AllocatedBytesPerStep,14:N0}\n")
        .Append($"  retained B/step  {RetainedBytesPerStep,14:N0}\n")
        .Append($"  latency p50      {LatencyP50Milliseconds,14:0.0000} ms (one job at a time)\n")
        .Append($"  latency p99      {LatencyP99Milliseconds,14:0.0000} ms\n")
        .Append($"  ceiling          {CeilingPerSecond,14:N0} channel items/s with Task.Yield\n")
        .Append($"  ratio            {Ratio,14:0.000}").ToString();
}
