using System.Text;

namespace WorkflowEngine;

/// <summary>Runs a flow with a crash at every commit, and compares what comes out with what comes out undisturbed.</summary>
internal sealed class CrashSweep(Action<IWorkflowEngineBuilder> configure, string flowId, object? input, Action<JobResult> assert, Func<FlowTestHost, JobHandle, Task>? drive)
{
    private readonly List<string> _failures = [];

    public async Task<int> RunAsync()
    {
        var (expected, _, commits) = await RunAsync(crash: null).ConfigureAwait(false);
        CrashPoint[] points = [CrashPoint.BeforeCommit, CrashPoint.AfterCommit];
        foreach (var (number, point) in Enumerable.Range(1, commits).SelectMany(_ => points, (number, point) => (number, point)))
        {
            var where = $"a crash {(point == CrashPoint.BeforeCommit ? "before" : "after")} commit {number} of {commits}";
            try
            {
                var (found, table, _) = await RunAsync((point, number)).ConfigureAwait(false);
                if (found != expected)
                {
                    _failures.Add($"{where}: {found} instead of {expected}{Environment.NewLine}{table}");
                }
            }
            catch (Exception error)
            {
                _failures.Add($"{where}: {error.Message}");
            }
        }

        return _failures.Count == 0
            ? commits * points.Length
            : throw new FlowAssertionException($"Flow '{flowId}' does not survive {_failures.Count} of {commits * points.Length} crashes:{Environment.NewLine}{string.Join(Environment.NewLine, _failures)}");
    }

    /// <summary>One run: what it came to, the job in full, and how many commits it took.</summary>
    private async Task<(string Ending, string Table, int Commits)> RunAsync((CrashPoint Point, int Number)? crash)
    {
        var host = await FlowTestHost.StartAsync(configure).ConfigureAwait(false);
        await using (host.ConfigureAwait(false))
        {
            if (crash is { } planned)
            {
                host.CrashAt(planned.Point, planned.Number);
            }

            var job = await PlayAsync(host).ConfigureAwait(false);
            var result = await host.RunToEndAsync(job).ConfigureAwait(false);
            var table = JobTable.Of(await job.GetStatusAsync().ConfigureAwait(false), await host.EventsAsync(job).ConfigureAwait(false));
            try
            {
                assert(result);
            }
            catch (Exception error)
            {
                throw new FlowAssertionException($"{error.Message}{Environment.NewLine}{table}");
            }

            return (EndingOf(result), table, host.Commits);
        }
    }

    /// <summary>A start that got no answer is made again: its key sees to it that there is one job.</summary>
    private async Task<JobHandle> PlayAsync(FlowTestHost host)
    {
        var job = await AgainAfterCrashAsync(host, () => host.StartAsync(flowId, input, new JobOptions { Key = "crash-at-every-commit" })).ConfigureAwait(false);
        return await AgainAfterCrashAsync(host, async () =>
        {
            await (drive?.Invoke(host, job) ?? host.RunToEndAsync(job)).ConfigureAwait(false);
            return job;
        }).ConfigureAwait(false);
    }

    private static async Task<T> AgainAfterCrashAsync<T>(FlowTestHost host, Func<Task<T>> go)
    {
        try
        {
            return await go().ConfigureAwait(false);
        }
        catch (StoreException) when (host.IsDown)
        {
            await host.CrashAsync().ConfigureAwait(false);
            return await go().ConfigureAwait(false);
        }
    }

    private static string EndingOf(JobResult result)
    {
        var text = new StringBuilder(result.Status.ToWord());
        text.Append(result.Reason is null ? "" : $" ({result.Reason})").Append(" with [");
        text.AppendJoin(", ", result.Output.Select(item => $"{item.Type} {item.Content.GetRawText()}"));
        return text.Append(']').Replace(result.Id.ToString(), "{job}").ToString();
    }
}
