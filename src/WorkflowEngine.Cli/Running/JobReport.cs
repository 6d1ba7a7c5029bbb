namespace WorkflowEngine.Cli;

/// <summary>What is said about a job at the end of a command: a line for people on stderr, the result on stdout.</summary>
internal static class JobReport
{
    public static async Task WriteAsync(JobHandle job, TimeProvider time, bool isJson, bool isQuiet = false)
    {
        var report = await job.GetStatusAsync();
        if (!isQuiet || (report.Status.IsTerminal() && !report.Status.IsSuccess()))
        {
            await Console.Error.WriteLineAsync(await LineAsync(job, report));
        }

        if (isJson)
        {
            await Console.Out.WriteLineAsync(JobDocument.Of(report, await job.GetOutputAsync(), time));
        }
    }

    public static async Task<string> LineAsync(JobHandle job, JobStatusReport report)
    {
        if (!report.Status.IsTerminal())
        {
            var explanation = await job.ExplainAsync();
            return $"wf: job {report.Id} is {report.Status.ToWord()}. {explanation.Sentence}";
        }

        var took = report.Metrics.Duration is { } duration ? $" after {duration.TotalSeconds:0.000} s" : string.Empty;
        var why = report.Status.IsSuccess() || report.Reason is null ? string.Empty : $" ({report.Reason}){(report.Message is null ? string.Empty : $": {report.Message}")}";
        return $"wf: job {report.Id} {report.Status.ToWord()}{took}{why}";
    }
}
