using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Creates jobs: owned at once when this node has a place free (DESIGN §3.1), else left in the store for whoever claims it.</summary>
internal sealed class JobStarter(EngineNode node, IReadOnlyList<IEngineDataProvider> engineData)
{
    /// <summary>A started job and, when it was begun here, its runner.</summary>
    internal readonly record struct Started(JobId Id, bool AlreadyExisted, FlowRunner? Runner);

    /// <summary>With <paramref name="open"/> the job is owned here whatever the limits say, and its session is opened in the same commit.</summary>
    public async ValueTask<Started> StartAsync(CompiledFlow flow, DataPacket? input, JobOptions? options, CancellationToken cancellationToken, OpenSession? open = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        JobOptionsCheck.Throw(options);
        await RefuseIntakeAsync(1, cancellationToken).ConfigureAwait(false);
        var created = CreateAsync(flow, await PrepareAsync(flow, input, options, cancellationToken).ConfigureAwait(false), open);
        return created.IsCompleted || !cancellationToken.CanBeCanceled
            ? await created.ConfigureAwait(false)
            : await created.AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Creates a batch in one commit, unowned, and judges each by itself; the first that is refused is thrown after all of them were judged.</summary>
    public async ValueTask<IReadOnlyList<Started>> StartManyAsync(IReadOnlyList<(CompiledFlow Flow, DataPacket? Input, JobOptions? Options)> starts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var start in starts)
        {
            JobOptionsCheck.Throw(start.Options);
        }

        await RefuseIntakeAsync(starts.Count, cancellationToken).ConfigureAwait(false);
        var transitions = new List<JobTransition>(starts.Count);
        foreach (var start in starts)
        {
            transitions.Add(UnownedJob.SealUnowned(await PrepareAsync(start.Flow, start.Input, start.Options, cancellationToken).ConfigureAwait(false), node.Name));
        }

        var verdicts = await node.Commits.CommitManyAsync(transitions).ConfigureAwait(false);
        var started = new List<Started>(starts.Count);
        WorkflowException? refusal = null;
        for (var i = 0; i < verdicts.Length; i++)
        {
            try
            {
                started.Add(Judge(transitions[i].Creation!, verdicts[i], runner: null));
            }
            catch (WorkflowException error)
            {
                refusal ??= error;
            }
        }

        return refusal is null ? started : throw refusal;
    }

    /// <summary>A new job that is not committed yet; its input, when it is large, is stored.</summary>
    private async ValueTask<JobState> PrepareAsync(CompiledFlow flow, DataPacket? input, JobOptions? options, CancellationToken cancellationToken)
    {
        var now = node.Now;
        var id = JobId.New(new DateTimeOffset(now, TimeSpan.Zero));
        var packet = (input ?? DataPacket.Empty).Stamped(string.Empty, new DateTimeOffset(now, TimeSpan.Zero));
        var data = options is null && flow.Variables.IsEmpty && engineData.Count == 0 ? JobData.None : await DataAsync(flow, id, options, cancellationToken).ConfigureAwait(false);
        var slot = packet.Count == 0 ? default : await KeepInputAsync(new PacketOwner(flow.Id, id), packet, cancellationToken).ConfigureAwait(false);
        var creation = new JobCreation
        {
            Id = id,
            FlowId = flow.Id,
            FlowVersion = flow.Version,
            CreatedAt = now,
            Input = slot,
            Options = Kept(options),
            RequestHash = options?.Key is null ? null : HashOf(flow.Id, packet, options),
        };
        WorkflowTelemetry.JobStarted(flow.Id);
        return JobMachine.Create(flow, creation, data, now);
    }

    private async ValueTask<PacketSlot> KeepInputAsync(PacketOwner owner, DataPacket packet, CancellationToken cancellationToken)
    {
        try
        {
            return await node.Vault.KeepAsync(owner, "input", packet, cancellationToken).ConfigureAwait(false);
        }
        catch (DataPacketException error)
        {
            throw error.Naming($"The input of flow '{owner.FlowId}'");
        }
        catch (IOException error)
        {
            var problem = DiskRoom.IsMissing(error) ? StoreProblem.DiskFull : StoreProblem.Unavailable;
            throw new StoreException($"The input is too large to stay in the job's row, and the packet store cannot take it: {error.Message}", isTransient: true, error) { Problem = problem };
        }
    }

    private ValueTask<Started> CreateAsync(CompiledFlow flow, JobState state, OpenSession? open)
    {
        if (open is not null)
        {
            node.GiveBack(-1);
            return OwnAsync(node.FindFlow(flow.Id, flow.Version)!, state, open);
        }

        var mayOwn = node.Accepts && node.Options.RunJobs && state.Creation.Options is not { StartAfter: not null } && !state.Head.Paused;
        return mayOwn && node.FindFlow(flow.Id, flow.Version) is { IsWhole: true } runnable && node.Reserve(1) == 1 ? OwnAsync(runnable, state) : LeaveAsync(state);
    }

    private async ValueTask<Started> OwnAsync(RunnableFlow flow, JobState state, OpenSession? open = null)
    {
        var data = state.Data; // As the job begins with it, should it have to begin again.
        var runner = new FlowRunner(node, flow, state, storeTag: null);
        if (!node.TryAddNew(runner))
        {
            return await LeaveAsync(state).ConfigureAwait(false);
        }

        var verdict = await runner.BeginAsync([], open).ConfigureAwait(false);
        // A life that was declared dead meanwhile creates nothing that it owns: the job is left for whoever claims it.
        return verdict.Result == CommitResult.Stale
            ? await LeaveAsync(JobMachine.Create(flow.Flow, state.Creation, data, state.Creation.CreatedAt)).ConfigureAwait(false)
            : Judge(state.Creation, verdict, runner);
    }

    /// <summary>Creates the job unowned: a transition sealed by hand, with no incarnation.</summary>
    private async ValueTask<Started> LeaveAsync(JobState state)
    {
        var transition = UnownedJob.SealUnowned(state, node.Name);
        var verdict = await node.Commits.CommitAsync(transition).ConfigureAwait(false);
        return Judge(state.Creation, verdict, runner: null);
    }

    private static Started Judge(JobCreation creation, CommitVerdict verdict, FlowRunner? runner) => verdict.Result switch
    {
        CommitResult.KeyTaken when verdict.Existing is { } existing && existing.RequestHash == creation.RequestHash && creation.Options!.KeyReuse != KeyReuse.Refuse
            => new Started(existing.Id, AlreadyExisted: true, null),
        CommitResult.KeyTaken => throw new KeyConflictException(creation.FlowId, creation.Key!, verdict.Existing?.Id ?? default),
        CommitResult.Refused => throw new StoreException(verdict.Message ?? "The store refused the job.", isTransient: false),
        _ => new Started(creation.Id, AlreadyExisted: false, runner),
    };

    /// <summary>Jobs for which there is a place on this node do not queue.</summary>
    /// <summary>A store that cannot commit for a while takes no new work: who starts a job is told so at once, and what is under way goes on by itself later.</summary>
    private async ValueTask RefuseIntakeAsync(int count, CancellationToken cancellationToken)
    {
        if (node.Commits.Trouble is { } trouble)
        {
            throw new StoreException($"No job can be started at the moment. {trouble.Message}", isTransient: true, trouble) { Problem = trouble.Problem };
        }

        if (node.Options.MaxQueuedJobs is { } limit && (node.Accepts ? node.Options.MaxConcurrentJobs - node.Held : 0) is var free && free < count)
        {
            var overview = await node.Store.OverviewAsync(cancellationToken).ConfigureAwait(false);
            if (overview.QueueDepth + count - Math.Max(0, free) > limit)
            {
                throw new QueueFullException(limit);
            }
        }
    }

    private async ValueTask<JobData> DataAsync(CompiledFlow flow, JobId id, JobOptions? options, CancellationToken cancellationToken)
    {
        var variables = flow.Variables;
        foreach (var (name, value) in StepValues.Members(options?.Variables, "JobOptions.Variables"))
        {
            // A declared default keeps its kind; what is not declared is an input.
            variables = variables.SetItem(name, new JobVariable(name, value, VariableKind.Input, null));
        }

        var side = ImmutableDictionary<string, JsonElement>.Empty;
        foreach (var provider in engineData)
        {
            foreach (var (name, value) in await provider.ProvideAsync(flow.Id, id, cancellationToken).ConfigureAwait(false))
            {
                side = side.SetItem(StepWrites.Checked(name), StepWrites.ToJson(name, value, node.Options.Json, node.Options.MaxPacketBytes, Reasons.InvalidInput));
            }
        }

        side = side.SetItems(StepValues.Members(options?.EngineData, "JobOptions.EngineData"));
        return variables.IsEmpty && side.IsEmpty ? JobData.None : new JobData { Variables = variables, EngineData = side };
    }

    /// <summary>The options worth keeping with the job: null when all are at their defaults.</summary>
    private static JobOptions? Kept(JobOptions? options)
    {
        var kept = options is null ? null : options with { Variables = null, EngineData = null, Transaction = null };
        return kept is null || kept == JobOptionsCheck.Defaults with { Labels = kept.Labels } && kept.Labels.Count == 0 ? null : kept;
    }

    /// <summary>Over flow id, input and variables, and no other option (S31).</summary>
    private static string HashOf(string flowId, DataPacket input, JobOptions options)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(flowId));
        foreach (var item in input)
        {
            hash.AppendData("\u0001"u8);
            hash.AppendData(Encoding.UTF8.GetBytes(item.Type));
            hash.AppendData(Encoding.UTF8.GetBytes(item.Content.GetRawText()));
        }

        foreach (var (name, value) in StepValues.Members(options.Variables).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            hash.AppendData("\u0002"u8);
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(Encoding.UTF8.GetBytes(value.GetRawText()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
