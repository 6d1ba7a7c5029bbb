using System.Text;
using System.Text.Json;

namespace WorkflowEngine.Cli;

/// <summary>What can be asked about jobs; each answer is a line or a table for people, or one JSON document.</summary>
internal static class JobQuestions
{
    public static async Task<int> ListAsync(StoreAddress store, JobFilter filter, int limit, bool isJson)
    {
        await using var local = StoreClient.Open(store, packets: null);
        var jobs = new List<JobSummary>();
        await foreach (var job in local.Engine.ListJobsAsync(filter with { Limit = limit + 1 }))
        {
            jobs.Add(job);
        }

        var page = jobs.Take(limit).ToList();
        var next = jobs.Count > limit ? page[^1].Id : default(JobId?);
        if (isJson)
        {
            Console.Out.WriteLine(JsonText.Of(new { Items = page.Select(ItemOf), Next = next }));
            return ExitCodes.Done;
        }

        foreach (var job in page)
        {
            Console.Out.WriteLine($"{job.Id}  {job.Status.ToWord(),-18}{job.Percentage,4:0} %  {job.CreatedAt:yyyy-MM-dd HH:mm:ss}Z  {job.FlowId}{(job.Key is null ? string.Empty : $"  {job.Key}")}{(job.Reason is null ? string.Empty : $"  ({job.Reason})")}");
        }

        if (next is not null)
        {
            Console.Error.WriteLine($"wf: more with --after {next}");
        }

        return ExitCodes.Done;
    }

    public static Task<int> StatusAsync(JobRequest request) => AskAsync(request, async (local, job) =>
    {
        if (request.IsJson)
        {
            await JobReport.WriteAsync(job, local.Time, isJson: true, isQuiet: true);
            return;
        }

        var report = await job.GetStatusAsync();
        Console.Out.WriteLine((await JobReport.LineAsync(job, report))["wf: ".Length..]);
        foreach (var step in report.Steps)
        {
            Console.Out.WriteLine($"  {step.Path}  {step.Status.ToWord()}{(step.Attempts > 1 ? $", attempt {step.Attempts}" : string.Empty)}{(step.Error is { } error ? $"  ({error.Reason}: {error.Message})" : string.Empty)}");
        }
    });

    public static Task<int> OutputAsync(JobRequest request) => AskAsync(request, async (_, job)
        => Console.Out.WriteLine(JsonText.Of(JobDocument.OutputOf(await job.GetOutputAsync(), (await job.GetStatusAsync()).OutputShape))));

    public static Task<int> VariablesAsync(JobRequest request) => AskAsync(request, async (_, job) =>
    {
        var variables = (await job.GetVariablesAsync()).Values.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        if (request.IsJson)
        {
            Console.Out.WriteLine(JsonText.Of(variables.ToDictionary(pair => pair.Key, pair => new { pair.Value.Value, pair.Value.Kind, pair.Value.SourceStep })));
            return;
        }

        foreach (var (name, variable) in variables)
        {
            Console.Out.WriteLine($"{name} = {variable.Value.GetRawText()}");
        }
    });

    public static Task<int> ExplainAsync(JobRequest request) => AskAsync(request, async (_, job) =>
    {
        var explanation = await job.ExplainAsync();
        Console.Out.WriteLine(request.IsJson ? JsonText.Of(explanation) : string.Join('\n', [explanation.Sentence, .. explanation.Facts.Select(fact => $"  {fact}"), .. explanation.Fixes.Select(fix => $"  try: {fix}")]));
    });

    public static Task<int> CheckpointsAsync(JobRequest request) => AskAsync(request, async (_, job) =>
    {
        var checkpoints = await job.ListCheckpointsAsync();
        if (request.IsJson)
        {
            Console.Out.WriteLine(JsonText.Of(new { Items = checkpoints, Next = default(string) }));
            return;
        }

        foreach (var checkpoint in checkpoints)
        {
            Console.Out.WriteLine($"{checkpoint.Id}  {checkpoint.CreatedAt:yyyy-MM-dd HH:mm:ss}Z  {checkpoint.Status.ToWord()}  {checkpoint.Percentage:0} %{(checkpoint.Description is { } text ? $"  {JsonText.OneLine(text)}" : string.Empty)}");
        }
    });

    public static Task<int> EventsAsync(JobRequest request) => AskAsync(request, async (_, job) =>
    {
        var events = await job.EventsSoFarAsync(CancellationToken.None);
        if (request.IsJson)
        {
            Console.Out.WriteLine(DocumentOf(events));
            return;
        }

        foreach (var happened in events)
        {
            Console.Out.WriteLine($"{happened.Sequence,6}  {happened.Timestamp:HH:mm:ss.fff}  {happened.Type}{(happened.StepPath is null ? string.Empty : $"  {happened.StepPath}")}{(happened.Reason is null ? string.Empty : $"  ({happened.Reason})")}");
        }
    });

    /// <summary>Follows the job to its end; the exit code says how it ended.</summary>
    public static async Task<int> WatchAsync(JobRequest request)
    {
        await using var local = StoreClient.Open(request.Store, request.Packets);
        var (job, flow) = await StoreClient.FindAsync(local, request.JobId);
        await using (var view = ProgressViews.For(new RunRequest(request.JobId, string.Empty), flow ?? new FlowDefinition { Id = "unknown" }))
        {
            await foreach (var happened in job.WatchAsync())
            {
                view.Show(happened);
            }
        }

        await JobReport.WriteAsync(job, local.Time, request.IsJson);
        return ExitCodes.Of((await job.GetStatusAsync()).Status);
    }

    private static async Task<int> AskAsync(JobRequest request, Func<LocalEngine, JobHandle, Task> answer)
    {
        await using var local = StoreClient.Open(request.Store, request.Packets);
        var (job, _) = await StoreClient.FindAsync(local, request.JobId);
        await answer(local, job);
        return ExitCodes.Done;
    }

    private static object ItemOf(JobSummary job) => new
    {
        JobId = job.Id,
        job.FlowId,
        job.FlowVersion,
        job.Status,
        job.Reason,
        job.Message,
        job.Percentage,
        job.Key,
        job.Tenant,
        job.Labels,
        job.CreatedAt,
        job.StartedAt,
        job.CompletedAt,
    };

    private static string DocumentOf(IReadOnlyList<JobEvent> events)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteStartArray("items");
            foreach (var happened in events)
            {
                EventJson.Write(json, happened);
            }

            json.WriteEndArray();
            json.WriteNull("next");
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }
}
