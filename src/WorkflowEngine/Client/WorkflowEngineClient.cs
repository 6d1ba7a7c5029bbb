using System.Runtime.CompilerServices;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>The engine as the application sees it.</summary>
internal sealed class WorkflowEngineClient(EngineNode node, JobStarter starter, JobReading reading, JobControl control, SessionOpening sessions) : IWorkflowEngine
{
    private const int PageSize = 500;

    /// <summary>Jobs that are created in one commit.</summary>
    private const int BatchSize = 500;
    private const int MostAnswers = 32;

    public IFlowCatalog Flows => node.Catalog;

    public async Task<JobHandle> StartAsync(string flowId, DataPacket? input = null, JobOptions? options = null, CancellationToken cancellationToken = default)
        => Handle(await BeginAsync(flowId, input, options, cancellationToken).ConfigureAwait(false));

    public Task<JobHandle> StartAsync<T>(string flowId, T input, JobOptions? options = null, CancellationToken cancellationToken = default)
        => StartAsync(flowId, ToPacket(input, flowId), options, cancellationToken);

    public async Task<IReadOnlyList<JobHandle>> StartManyAsync(IEnumerable<JobStart> starts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(starts);
        var handles = new List<JobHandle>();
        foreach (var batch in starts.Chunk(BatchSize))
        {
            var resolved = Array.ConvertAll(batch, start => (FlowOf(start.FlowId, start.Options), start.Input, start.Options));
            foreach (var (start, started) in batch.Zip(await starter.StartManyAsync(resolved, cancellationToken).ConfigureAwait(false)))
            {
                await RestartIfAskedAsync(started, start.Options, cancellationToken).ConfigureAwait(false);
                handles.Add(Handle(started));
            }
        }

        return handles;
    }

    public async Task<JobHandle> StartStepAsync<T>(string stepType, T input, JobOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(stepType);
        var flow = node.Catalog.Add(new FlowDefinition { Id = $"step.{stepType}", Steps = [new StepDefinition { Id = "step", Type = stepType }] });
        return Handle(await starter.StartAsync(flow, ToPacket(input, stepType), options, cancellationToken).ConfigureAwait(false));
    }

    public async Task<JobResult> RunAsync(string flowId, DataPacket? input = null, JobOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (!node.Accepts || !node.Options.RunJobs)
        {
            throw new InvalidOperationException("The host was not started, so the job would never run. Call StartAsync on the host first, or use StartAsync of the engine to leave the job to another host.");
        }

        var started = await BeginAsync(flowId, input, options, cancellationToken).ConfigureAwait(false);
        if (started.Runner is { } runner)
        {
            await runner.Retired.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (runner.FinalHead.Status.IsTerminal())
            {
                return await reading.ResultAsync(started.Id, runner.FinalHead, cancellationToken).ConfigureAwait(false);
            }
        }

        return await reading.WaitAsync(started.Id, JobWait.Finished, cancellationToken).ConfigureAwait(false);
    }

    public Task<JobResult> RunAsync<T>(string flowId, T input, JobOptions? options = null, CancellationToken cancellationToken = default)
        => RunAsync(flowId, ToPacket(input, flowId), options, cancellationToken);

    public Task<JobSession> OpenSessionAsync(string flowId, string sessionId, int totalSteps = 1, CancellationToken cancellationToken = default)
        => sessions.OpenAsync(this, flowId, sessionId, totalSteps, cancellationToken);

    public JobHandle GetJob(JobId id) => new(id, alreadyExisted: false, control, reading);

    public async Task<JobHandle?> FindJobAsync(string flowId, string key, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(flowId);
        ArgumentException.ThrowIfNullOrEmpty(key);
        var page = await node.Store.ListAsync(new JobQuery { FlowId = flowId, Key = key, Limit = 1 }, cancellationToken).ConfigureAwait(false);
        return page.Jobs.Count == 0 ? null : GetJob(page.Jobs[0].Creation.Id);
    }

    public async IAsyncEnumerable<JobSummary> ListJobsAsync(JobFilter? filter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var job in FindAsync(filter ?? new JobFilter(), cancellationToken).ConfigureAwait(false))
        {
            yield return StatusReports.Summary(job);
        }
    }

    public async Task<JobCounts> CountJobsAsync(JobFilter? filter = null, CancellationToken cancellationToken = default)
    {
        var counts = new Dictionary<JobStatus, long>();
        await foreach (var job in FindAsync(filter ?? new JobFilter(), cancellationToken).ConfigureAwait(false))
        {
            counts[job.Head.Status] = counts.GetValueOrDefault(job.Head.Status) + 1;
        }

        return new JobCounts(counts);
    }

    public async Task<BulkResult> ControlJobsAsync(JobAction action, JobFilter filter, BulkOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        options ??= new BulkOptions();
        var (matched, applied, refused) = (0, 0, 0);

        // Side by side, since each waits for its job's owner; they begin one after the other, at the rate.
        await Parallel.ForEachAsync(PacedAsync(filter, options, cancellationToken), new ParallelOptions { MaxDegreeOfParallelism = MostAnswers, CancellationToken = cancellationToken }, async (job, token) =>
        {
            Interlocked.Increment(ref matched);
            switch (options.DryRun ? null : await TryControlAsync(GetJob(job), action, options, token).ConfigureAwait(false))
            {
                case true:
                    Interlocked.Increment(ref applied);
                    break;
                case false:
                    Interlocked.Increment(ref refused);
                    break;
            }
        }).ConfigureAwait(false);
        return new BulkResult(matched, applied, refused);
    }

    public async Task<JobHandle> ImportJobAsync(JobExport export, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(export);
        return GetJob(await new JobTransfer(node, reading).ImportAsync(export, cancellationToken).ConfigureAwait(false));
    }

    public async IAsyncEnumerable<JobEvent> WatchAsync(JobFilter? filter = null, long after = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var watcher = node.Events.Watch(job: null, capacity: 65_536);
        await foreach (var row in watcher.Rows.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            if (filter is null || await MatchesAsync(row.JobId, filter, cancellationToken).ConfigureAwait(false))
            {
                foreach (var happened in row.Read())
                {
                    yield return happened;
                }
            }
        }
    }

    private async ValueTask<JobStarter.Started> BeginAsync(string flowId, DataPacket? input, JobOptions? options, CancellationToken cancellationToken)
    {
        var started = await starter.StartAsync(FlowOf(flowId, options), input, options, cancellationToken).ConfigureAwait(false);
        await RestartIfAskedAsync(started, options, cancellationToken).ConfigureAwait(false);
        return started;
    }

    private CompiledFlow FlowOf(string flowId, JobOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(flowId);
        var flow = node.Catalog.GetActive(flowId);
        return options?.FlowVersion is not { } version || version == flow.Version ? flow
            : node.Catalog.TryGet(flowId, version, out var other) ? other : throw new FlowNotFoundException($"{flowId} version {version}");
    }

    /// <summary>Retries the job of a key if it failed; of several who try at once, one does.</summary>
    private async ValueTask RestartIfAskedAsync(JobStarter.Started started, JobOptions? options, CancellationToken cancellationToken)
    {
        if (!started.AlreadyExisted || options is not { KeyReuse: KeyReuse.RestartFailed })
        {
            return;
        }

        var id = started.Id;
        var job = await reading.LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false);
        if (job.Head.Status == JobStatus.Failed)
        {
            try
            {
                await GetJob(id).RetryAsync(new RetryOptions { Actor = options.Actor }, cancellationToken).ConfigureAwait(false);
            }
            catch (InvalidTransitionException)
            {
                // Somebody else has reopened it meanwhile.
            }
        }
    }

    private async IAsyncEnumerable<StoredJob> FindAsync(JobFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var left = filter.Limit ?? int.MaxValue;
        for (var after = filter.After; left > 0;)
        {
            var page = await node.Store.ListAsync(filter.ToQuery(after, Math.Min(left, PageSize)), cancellationToken).ConfigureAwait(false);
            foreach (var job in page.Jobs)
            {
                if (filter.StepId is null || await FailedInAsync(job.Creation.Id, filter.StepId, cancellationToken).ConfigureAwait(false))
                {
                    left--;
                    yield return job;
                }
            }

            if (page.Next is not { } next)
            {
                yield break;
            }

            after = next;
        }
    }

    private async ValueTask<bool> FailedInAsync(JobId id, string step, CancellationToken cancellationToken)
        => await node.Store.LoadAsync(id, JobParts.Steps, cancellationToken).ConfigureAwait(false) is { } job
            && job.Steps.Any(row => row.Path == step && row.Status == StepStatus.Failed);

    private async ValueTask<bool> MatchesAsync(JobId id, JobFilter filter, CancellationToken cancellationToken)
    {
        var job = await node.Store.LoadAsync(id, JobParts.Head, cancellationToken).ConfigureAwait(false);
        var query = filter.ToQuery(null, 1);
        return job is not null && JobListing.Matches(job.Creation, query) && JobListing.Matches(job, query);
    }

    private async IAsyncEnumerable<JobId> PacedAsync(JobFilter filter, BulkOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var job in FindAsync(filter with { Limit = options.Limit ?? filter.Limit }, cancellationToken).ConfigureAwait(false))
        {
            yield return job.Creation.Id;
            if (options is { DryRun: false, RatePerSecond: > 0 and var rate })
            {
                await Task.Delay(TimeSpan.FromSeconds(1 / rate), node.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <returns>Null when the command is in the inbox and has no verdict yet.</returns>
    private async Task<bool?> TryControlAsync(JobHandle job, JobAction action, BulkOptions options, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.AnswerWithin ?? Timeout.InfiniteTimeSpan, node.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await ControlAsync(job, action, options, end.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (error is InvalidTransitionException or JobNotFoundException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static Task ControlAsync(JobHandle job, JobAction action, BulkOptions options, CancellationToken cancellationToken)
    {
        var control = new ControlOptions { Actor = options.Actor, Note = options.Note };
        return action switch
        {
            JobAction.Pause => job.PauseAsync(control, cancellationToken),
            JobAction.Resume => job.ResumeAsync(control, cancellationToken),
            JobAction.Cancel => job.CancelAsync(control, cancellationToken),
            JobAction.Retry => job.RetryAsync(new RetryOptions { Actor = options.Actor, Note = options.Note }, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(action)),
        };
    }

    private DataPacket ToPacket<T>(T input, string flowId)
    {
        try
        {
            return input is DataPacket packet ? packet : DataPacket.FromInput(WorkflowJson.ToElement(input, node.Options.Json, node.Options.MaxPacketBytes));
        }
        catch (DataPacketException error)
        {
            throw error.Naming($"The input of '{flowId}'", Reasons.InvalidInput);
        }
    }

    private JobHandle Handle(JobStarter.Started started) => new(started.Id, started.AlreadyExisted, control, reading);
}
