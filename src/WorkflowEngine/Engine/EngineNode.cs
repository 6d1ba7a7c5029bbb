using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>This process's part in the engine: its incarnation, the jobs it holds, and what their runners need.</summary>
internal sealed class EngineNode
{
    private readonly ConcurrentDictionary<JobId, FlowRunner> _runners = new();
    private readonly ConcurrentDictionary<(string, string), RunnableFlow> _flows = new();
    private StrongBox<Guid> _incarnation = new();
    private int _places;
    private bool _isFenced;
    private bool _isCounting;

    public required WorkflowEngineOptions Options { get; init; }

    public required IJobStore Store { get; init; }

    public required StoreCommits Commits { get; init; }

    public required FlowCatalog Catalog { get; init; }

    public required StepRegistry Registry { get; init; }

    public required IStepScheduler Scheduler { get; init; }

    public required StepExecutor Executor { get; init; }

    public required ConfigRendering Rendering { get; init; }

    public required PacketVault Vault { get; init; }

    public required IDataPacketStore Packets { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Log { get; init; }

    public required IServiceProvider Services { get; init; }

    public required ILoggerFactory Loggers { get; init; }

    /// <summary>The life of this process; a new one once the store has declared this one dead (G3).</summary>
    public required Guid Incarnation { get => Volatile.Read(ref _incarnation).Value; set => Volatile.Write(ref _incarnation, new(value)); }

    public required string Name { get; init; }

    public EventHub Events { get; } = new();

    public CommandAnswers Answers { get; } = new();

    public required DueTimers Timers { get; init; }

    /// <summary>Called when a job was released or ended and a slot for another is free.</summary>
    public Action Wake { get; set; } = static () => { };

    /// <summary>Started and not stopping: jobs may be owned here.</summary>
    public bool Accepts { get; set; }

    /// <summary>False: whoever drives this engine calls <see cref="EngineLoop.ClaimNowAsync"/>; the loop makes no rounds of its own.</summary>
    public bool ClaimsItself { get; set; } = true;

    /// <summary>Nothing new starts; jobs are handed back as soon as no body of theirs runs.</summary>
    public bool IsDraining { get; set; }

    /// <summary>A job may be owned by this incarnation that no runner holds: the next claim names those that are held (G3).</summary>
    public bool LostTrack { get; set; }

    /// <summary>The strikes of the jobs held here that have two or more (G4).</summary>
    public ConcurrentDictionary<JobId, int> Struck { get; } = new();

    /// <summary>How many struck jobs may be claimed.</summary>
    public StrikeAllowance StruckAllowance
        => Struck.IsEmpty ? new(Options.MaxConcurrentSteps, 0, 0) : new(Options.MaxConcurrentSteps, Struck.Count, Struck.Values.DefaultIfEmpty().Max());

    /// <summary>The lease may be over: nothing is claimed, started or owned until it is renewed (G3).</summary>
    public bool IsFenced { get => Volatile.Read(ref _isFenced); set => Volatile.Write(ref _isFenced, value); }

    /// <summary>Jobs that are to be loaded again because the store refused what they would have kept (G3).</summary>
    public ConcurrentDictionary<JobId, Refusal> Refusals { get; } = new();

    /// <summary>Places taken by jobs that this node holds or is about to hold; counted apart, since counting a concurrent dictionary takes all its locks.</summary>
    public int Held => Volatile.Read(ref _places);

    public IEnumerable<FlowRunner> Runners => _runners.Values;

    public long Now => Time.GetUtcNow().UtcTicks;

    public FlowRunner? Find(JobId id) => _runners.GetValueOrDefault(id);

    /// <summary>Holds a job, in a place that was reserved for it.</summary>
    public void Add(FlowRunner runner)
    {
        // A job that is handed out again, after the node lost track, may replace a runner that does not know yet.
        if (_runners.TryAdd(runner.Id, runner))
        {
            WorkflowTelemetry.JobHeld(runner.Facts.FlowId, 1);
            return;
        }

        _runners[runner.Id] = runner;
        GiveBack(1);
    }

    /// <summary>
    /// Holds a job that is about to be created as owned here. False: the node does not own what is new right now, and the job is to be left in the store. The runner is added before
    /// the look at the flags, and who sets one looks at the runners after it: either the job is named there, or it is not created as owned.
    /// </summary>
    public bool TryAddNew(FlowRunner runner)
    {
        Add(runner);
        Interlocked.MemoryBarrier();
        if (!IsFenced && !Volatile.Read(ref _isCounting))
        {
            return true;
        }

        Remove(runner);
        return false;
    }

    /// <summary>The jobs that the node holds, for a claim that gets back all others; until <see cref="EndCount"/> no new job is owned here.</summary>
    public IReadOnlySet<JobId> BeginCount()
    {
        Volatile.Write(ref _isCounting, true);
        Interlocked.MemoryBarrier();
        return _runners.Keys.ToHashSet();
    }

    public void EndCount() => Volatile.Write(ref _isCounting, false);

    /// <summary>Drops every job: bodies are told that the lease is lost, and nothing of them is committed any more.</summary>
    public void LoseJobs(string why)
    {
        IsFenced = true;
        Interlocked.MemoryBarrier();
        EngineLog.LeaseLost(Log, Name, _runners.Count, why);
        foreach (var runner in Runners)
        {
            runner.InTurn(static lost => lost.Lose());
        }
    }

    /// <summary>Takes up to so many places under <see cref="WorkflowEngineOptions.MaxConcurrentJobs"/>, before anything is claimed or started for them. Returns how many it got.</summary>
    public int Reserve(int wanted)
    {
        while (true)
        {
            var taken = Volatile.Read(ref _places);
            var granted = Math.Clamp(Options.MaxConcurrentJobs - taken, 0, wanted);
            if (granted == 0 || Interlocked.CompareExchange(ref _places, taken + granted, taken) == taken)
            {
                return granted;
            }
        }
    }

    /// <summary>Gives reserved places back; a negative number takes more than the limit, for jobs that were claimed for their mail.</summary>
    public void GiveBack(int places) => Interlocked.Add(ref _places, -places);

    public void Remove(FlowRunner runner)
    {
        if (_runners.TryRemove(new(runner.Id, runner)))
        {
            Struck.TryRemove(runner.Id, out _);
            GiveBack(1);
            WorkflowTelemetry.JobHeld(runner.Facts.FlowId, -1);
        }

        Wake();
    }

    /// <summary>The flow version with this node's step types; null when it is not known here.</summary>
    public RunnableFlow? FindFlow(string flowId, string version)
        => _flows.TryGetValue((flowId, version), out var known) ? known
            : version == CodeFlow.OpenedVersion ? _flows.GetOrAdd((flowId, version), new RunnableFlow(CodeFlow.CompileOpened(flowId), Registry))
            : Catalog.TryGet(flowId, version, out var flow) ? _flows.GetOrAdd((flowId, version), new RunnableFlow(flow, Registry)) : null;

    /// <summary>
    /// The flow versions that this node can run whole (S1). Also those of sessions that were opened here: a closed one is not run, but its mail is applied, and
    /// one that a crash left open is closed.
    /// </summary>
    public IReadOnlySet<FlowKey> RunnableFlows()
        => Catalog.All.Where(flow => FindFlow(flow.Id, flow.Version) is { IsWhole: true })
            .Concat(_flows.Values.Select(known => known.Flow).Where(flow => flow.IsOpenedByHand))
            .Select(flow => new FlowKey(flow.Id, flow.Version)).ToHashSet();

    /// <summary>The next claim hands the job out again, and its new runner is told what it may not keep. A job that cannot even be ended is left alone.</summary>
    public void Reload(Refusal refusal)
    {
        Refusals[refusal.Job] = refusal;
        LostTrack |= refusal.InARow <= 2;
    }

    /// <summary>Removes what a finished job stored, but for what is kept with it (S23); a failure is logged, and the sweep comes back to it.</summary>
    public async Task CleanPacketsAsync(JobId job, string flowId, params PacketSlot[] kept)
    {
        try
        {
            await Packets.CleanupJobAsync(new PacketOwner(flowId, job), [.. kept.Select(slot => slot.Reference).OfType<PacketReference>()]).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            EngineLog.CleanupFailed(Log, error, job);
        }
    }
}
