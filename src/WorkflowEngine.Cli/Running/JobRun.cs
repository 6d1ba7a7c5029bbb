using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Cli;

/// <summary>One <c>wf run</c>: checks the flow, starts a job of it, follows it to its end or to where nothing moves, and reports.</summary>
internal sealed class JobRun(RunRequest request)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private Action<string>? _noteLine;

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync()
    {
        await using var events = request.Events is null ? null : EventsFile.Open(request.Events);
        await using var local = await LocalEngine.StartAsync(Configure, UsePackets, new StepLogLines(line => _noteLine?.Invoke(line)));
        if (!FlowFile.Report(request.Path, FlowJson.Check(request.Text, local.Registry)))
        {
            return ExitCodes.Invalid;
        }

        var flow = FlowDefinition.Parse(request.Text);
        await local.Engine.Flows.AddAsync(flow);
        var job = await StartAsync(local.Engine, flow);
        using var interruption = new Interruption(() => CancelAsync(job));
        var result = await FollowAsync(job, flow, events, local.Time);
        await ReportAsync(job, result, flow, local.Time);
        return ExitCodes.Of(result.Status);
    }

    private void Configure(WorkflowEngineOptions options)
    {
        // Nothing is worth waiting for once the job's fate is known.
        options.ShutdownGrace = TimeSpan.Zero;
        if (request.MaxConcurrency is { } steps)
        {
            options.MaxConcurrentSteps = steps;
        }
    }

    private void UsePackets(IWorkflowEngineBuilder engine)
    {
        if (request.Packets is { } folder)
        {
            engine.UseFilePackets(Path.GetFullPath(folder));
        }
    }

    private async Task<JobHandle> StartAsync(IWorkflowEngine engine, FlowDefinition flow)
    {
        var options = new JobOptions
        {
            Key = request.Key,
            Trigger = "manual",
            Variables = InputText.Variables(request.Variables, flow),
            MaxConcurrentSteps = request.MaxConcurrency,
            StepMode = request.IsStepping,
        };
        try
        {
            return await engine.StartAsync(flow.Id, request.Input, options);
        }
        catch (ArgumentException error)
        {
            throw new UsageException(error.Message);
        }
    }

    private async Task<JobResult> FollowAsync(JobHandle job, FlowDefinition flow, EventsFile? events, TimeProvider time)
    {
        await using var view = ProgressViews.For(request, flow);
        _noteLine = view.Note;
        await using var follower = new JobFollower(job, events, view, time);
        follower.Start();
        var result = request.IsStepping && !Console.IsInputRedirected
            ? await StepWalk.RunAsync(job)
            : await UntilNothingMovesAsync(job, time);
        await follower.FinishAsync();
        return result;
    }

    /// <summary>Until the job is terminal or paused; where it waits, until it goes on, unless nothing in this process can make it.</summary>
    private async Task<JobResult> UntilNothingMovesAsync(JobHandle job, TimeProvider time)
    {
        while (true)
        {
            var result = await job.WaitAsync(JobWait.Idle);
            if (result.Status != JobStatus.Waiting || request.UntilIdle || WaitsForever(await job.GetStatusAsync()))
            {
                return result;
            }

            await Task.Delay(LookInterval, time);
        }
    }

    /// <summary>Jobs in memory are out of everybody's reach: a signal that no time limit bounds never comes.</summary>
    private static bool WaitsForever(JobStatusReport report)
        => report.Status == JobStatus.Waiting
            && report.Steps.Where(step => step.Status == StepStatus.Waiting).All(step => step.WaitsFor is not null && step.DueAt is null);

    private static async Task CancelAsync(JobHandle job)
    {
        try
        {
            await job.CancelAsync(new ControlOptions { Actor = Environment.UserName, Note = "interrupted" });
        }
        catch (InvalidTransitionException)
        {
            // It ended by itself in the meantime.
        }
    }

    private async Task ReportAsync(JobHandle job, JobResult result, FlowDefinition flow, TimeProvider time)
    {
        var report = await job.GetStatusAsync();
        if (!request.IsQuiet || !result.Succeeded)
        {
            await Console.Error.WriteLineAsync(await SummaryAsync(job, report));
        }

        if (request.IsJson)
        {
            await Console.Out.WriteLineAsync(JobDocument.Of(report, result.Output, flow, time));
        }
        else if (result.Succeeded)
        {
            await Console.Out.WriteLineAsync(JsonText.Of(JobDocument.OutputOf(result.Output, flow)));
        }
    }

    private static async Task<string> SummaryAsync(JobHandle job, JobStatusReport report)
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
