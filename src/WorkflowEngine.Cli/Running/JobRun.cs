namespace WorkflowEngine.Cli;

/// <summary>
/// One <c>wf run</c>: checks the flow, starts a job of it, or finds the one of its key, follows it to its end or to where nothing moves, and reports. Beside a live worker
/// on the same store it is a client that follows.
/// </summary>
internal sealed class JobRun(RunRequest request) : IDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _interrupted = new();
    private Action<string>? _noteLine;

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync()
    {
        await using var events = request.Events is null ? null : EventsFile.Open(request.Events);
        await using var local = LocalEngine.Build(Configure, engine => request.Store.UseOn(engine, request.Packets), new StepLogLines(line => _noteLine?.Invoke(line)));
        if (!IsSound(FlowJson.Check(request.Text, local.Registry)))
        {
            return ExitCodes.Invalid;
        }

        var flow = FlowDefinition.Parse(request.Text);
        await StoredFlows.AddAsync(local, flow);
        if (request.IsDetached)
        {
            return await DetachAsync(local, flow);
        }

        await using var seat = await WorkerSeat.TakeOrAwaitAsync(local);
        var job = await StartAsync(local.Engine, flow);
        using var interruption = new Interruption(() => InterruptAsync(job, local.Node.Options));
        var result = await FollowAsync(job, flow, events, local.Time);
        await ReportAsync(job, local.Time);
        return result is null ? ExitCodes.Interrupted : ExitCodes.Of(result.Status);
    }

    public void Dispose() => _interrupted.Dispose();

    private bool IsSound(IReadOnlyList<FlowDiagnostic> diagnostics)
    {
        if (!FlowFile.Report(request.Path, diagnostics) && request.IsJson)
        {
            Console.Out.WriteLine(ErrorDocument.OfFlow($"{request.Path} cannot run.", diagnostics));
        }

        return diagnostics.Count == 0;
    }

    private void Configure(WorkflowEngineOptions options)
    {
        if (request.Store.IsDurable)
        {
            options.PollInterval = LookInterval;
        }
        else
        {
            // Nothing is worth waiting for once the job's fate is known.
            options.ShutdownGrace = TimeSpan.Zero;
        }

        if (request.MaxConcurrency is { } steps)
        {
            options.MaxConcurrentSteps = steps;
        }
    }

    private async Task<int> DetachAsync(LocalEngine local, FlowDefinition flow)
    {
        var job = await StartAsync(local.Engine, flow);
        if (request.IsJson)
        {
            await JobReport.WriteAsync(job, local.Time, isJson: true, isQuiet: true);
        }
        else
        {
            await Console.Out.WriteLineAsync(job.Id.ToString());
        }

        return ExitCodes.Done;
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
            var job = await engine.StartAsync(flow.Id, request.Input, options);
            if (job.AlreadyExisted && !request.IsQuiet)
            {
                await Console.Error.WriteLineAsync($"wf: key '{request.Key}' has job {job.Id}; it is continued.");
            }

            return job;
        }
        catch (ArgumentException error)
        {
            throw UsageException.Of(error);
        }
    }

    /// <returns>Null when it was interrupted and the job is left for later.</returns>
    private async Task<JobResult?> FollowAsync(JobHandle job, FlowDefinition flow, EventsFile? events, TimeProvider time)
    {
        await using var view = ProgressViews.For(request, flow);
        _noteLine = view.Note;
        await using var follower = new JobFollower(job, events, view, time);
        follower.Start();
        try
        {
            var result = request.IsStepping && !Console.IsInputRedirected ? await StepWalk.RunAsync(job, _interrupted.Token)
                : request.IsStepping ? await job.WaitAsync(JobWait.Idle, _interrupted.Token)
                : await Standstill.WaitAsync(job, request, time, _interrupted.Token);
            await follower.FinishAsync();
            return result.Status.IsTerminal() || !_interrupted.IsCancellationRequested ? result : null;
        }
        catch (OperationCanceledException) when (_interrupted.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>A job in memory is cancelled; one in a durable store is left as it is, and steps that run here are not waited for.</summary>
    private async Task InterruptAsync(JobHandle job, WorkflowEngineOptions options)
    {
        if (request.Store.IsDurable)
        {
            options.ShutdownGrace = TimeSpan.Zero;
            await _interrupted.CancelAsync();
            return;
        }

        try
        {
            await job.CancelAsync(new ControlOptions { Actor = Environment.UserName, Note = "interrupted" });
        }
        catch (InvalidTransitionException)
        {
            // It ended by itself in the meantime.
        }
    }

    private async Task ReportAsync(JobHandle job, TimeProvider time)
    {
        await JobReport.WriteAsync(job, time, request.IsJson, request.IsQuiet);
        if (_interrupted.IsCancellationRequested && !request.IsQuiet)
        {
            var how = request.Key is null ? $"wf worker --store {request.Store}" : "the same command again";
            await Console.Error.WriteLineAsync($"wf: interrupted; the job is kept and goes on with {how}.");
        }

        var report = await job.GetStatusAsync();
        if (!request.IsJson && report.Status.IsSuccess())
        {
            await Console.Out.WriteLineAsync(JsonText.Of(JobDocument.OutputOf(await job.GetOutputAsync(), report.OutputShape)));
        }
    }
}
