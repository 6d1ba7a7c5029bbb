namespace WorkflowEngine.Cli;

/// <summary>What <c>wf worker</c> was asked to do.</summary>
internal sealed record WorkerRequest(StoreAddress Store)
{
    public string? Packets { get; init; }

    /// <summary>A folder of flow files; null: only what the store knows.</summary>
    public string? Flows { get; init; }

    public string? Name { get; init; }

    public TimeSpan? Lease { get; init; }

    public int? MaxConcurrency { get; init; }

    /// <summary>End when nothing is left.</summary>
    public bool Drains { get; init; }
}

/// <summary>One <c>wf worker</c>: the store's worker until it is told to stop, or until nothing is left. Flows that others add to the store become known within a look.</summary>
internal sealed class WorkerRun(WorkerRequest request)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    /// <returns>The exit code.</returns>
    /// <exception cref="StoreException">The store cannot be had, or another process is its worker.</exception>
    public async Task<int> RunAsync()
    {
        using var stop = new CancellationTokenSource();
        await using var local = LocalEngine.Build(Configure, engine => request.Store.UseOn(engine, request.Packets), new StepLogLines(Tell));
        await AddFlowsAsync(local);
        await LoadFlowsAsync(local);
        await local.StartAsync();
        using var interruption = new Interruption(stop.CancelAsync);
        Tell($"worker {local.Node.Name} runs the jobs of {request.Store}.");
        while (!stop.IsCancellationRequested && !(request.Drains && await IsDrainedAsync(local)))
        {
            await Task.Delay(LookInterval, local.Time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await LoadFlowsAsync(local);
        }

        return ExitCodes.Done;
    }

    private static void Tell(string line) => Console.Error.WriteLine($"wf: {line}");

    private void Configure(WorkflowEngineOptions options)
    {
        options.PollInterval = LookInterval;
        options.NodeName = request.Name;
        options.LeaseDuration = request.Lease ?? options.LeaseDuration;
        options.MaxConcurrentSteps = request.MaxConcurrency ?? options.MaxConcurrentSteps;
    }

    private async Task AddFlowsAsync(LocalEngine local)
    {
        if (request.Flows is not { } folder)
        {
            return;
        }

        if (!Directory.Exists(folder))
        {
            throw new UsageException($"--flows: there is no folder {folder}.");
        }

        foreach (var file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            var text = FlowFile.ReadText(file);
            if (!FlowFile.Report(file, FlowJson.Check(text, local.Registry)))
            {
                throw new UsageException($"--flows: {file} cannot run.");
            }

            await StoredFlows.AddAsync(local, FlowDefinition.Parse(text));
        }
    }

    private async Task LoadFlowsAsync(LocalEngine local)
    {
        try
        {
            foreach (var problem in (await StoredFlows.LoadAsync(local)).Where(_told.Add))
            {
                Tell(problem);
            }
        }
        catch (StoreException error) when (error.IsTransient)
        {
            Tell(error.Message);
        }
    }

    /// <summary>Nothing is left that a worker with these flows could run now or later by itself: what only a command from outside can move does not count.</summary>
    private static async Task<bool> IsDrainedAsync(LocalEngine local)
    {
        // After a claim, every job that can run has its runner, and every command has been handed over.
        await local.Loop.ClaimNowAsync();
        await foreach (var summary in local.Engine.ListJobsAsync(JobFilter.Active))
        {
            var isMine = local.Node.FindFlow(summary.FlowId, summary.FlowVersion) is { IsWhole: true };
            if (isMine && !Standstill.IsForever(await local.Engine.GetJob(summary.Id).GetStatusAsync()))
            {
                return false;
            }
        }

        return true;
    }
}
