using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Cli;

/// <summary>An engine in this process that asks about the jobs of a durable store and commands them, and runs no step of its own accord.</summary>
internal static class StoreClient
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    /// <param name="store">The store.</param>
    /// <param name="packets">Where large packets are kept; null: beside the file.</param>
    /// <param name="runsSteps">For the one command that asks for a step to be run; else this process grants none, also when it owns a job to apply a command to it.</param>
    /// <param name="migrates">False: a store with an older schema is refused, not brought up to date.</param>
    public static LocalEngine Open(StoreAddress store, string? packets, bool runsSteps = false, bool migrates = true)
        => LocalEngine.Build(Configure, engine =>
        {
            store.UseOn(engine, packets, migrates);
            if (!runsSteps)
            {
                engine.Services.AddSingleton<IStepScheduler>(new NoSlots());
            }
        });

    /// <summary>The job, with its flow known to this process, if the store has it.</summary>
    /// <exception cref="NothingFoundException">The text is no job id.</exception>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public static async Task<(JobHandle Job, FlowDefinition? Flow)> FindAsync(LocalEngine local, string id)
    {
        if (!JobId.TryParse(id, out var jobId))
        {
            throw new NothingFoundException($"there is no job '{id}': an id looks like {JobId.New(local.Time.GetUtcNow())}.");
        }

        var job = local.Engine.GetJob(jobId);
        var report = await job.GetStatusAsync();
        await StoredFlows.LoadAsync(local, report.FlowId);
        return (job, await local.Engine.Flows.FindAsync(report.FlowId, report.FlowVersion));
    }

    private static void Configure(WorkflowEngineOptions options)
    {
        options.PollInterval = LookInterval;

        // One place: the job that has mail takes it, and no other is claimed.
        options.MaxConcurrentJobs = 1;
        options.ShutdownGrace = TimeSpan.Zero;
    }
}
