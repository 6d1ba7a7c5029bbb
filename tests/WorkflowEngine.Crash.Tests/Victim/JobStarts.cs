using Microsoft.Extensions.Hosting;

namespace WorkflowEngine.Crash;

/// <summary>Keeps so many jobs open as the plan says, and ends the victim when all are done, those of earlier lives too.</summary>
internal sealed class JobStarts(VictimPlan plan, LedgerClient ledger, IWorkflowEngine engine, IHostApplicationLifetime lifetime) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            await StartAllAsync(stoppingToken);
            await DrainAsync(stoppingToken);
            await ledger.SignAsync("drained");
        }
        catch (Exception error) when (!stoppingToken.IsCancellationRequested)
        {
            Console.Error.WriteLine(error);
            Environment.ExitCode = 3;
            lifetime.StopApplication();
        }

        if (!plan.Stays)
        {
            lifetime.StopApplication();
        }
    }

    private async Task StartAllAsync(CancellationToken stoppingToken)
    {
        await SignalAllAsync(stoppingToken);
        var places = new SemaphoreSlim(plan.InFlight); // Not disposed: jobs give places back after the last start.
        for (var i = 0; i < plan.Starts; i++)
        {
            await places.WaitAsync(stoppingToken);
            var flow = plan.Flows[i % plan.Flows.Length];
            var input = plan.Inputs is { } inputs ? inputs[i % inputs.Length] : i;
            var job = await engine.StartAsync(flow, input, new JobOptions { Key = plan.Key is null ? null : $"{plan.Key}-{i}" }, stoppingToken);
            await ledger.AcceptedAsync(job.Id, flow, i, job.AlreadyExisted);
            _ = AwaitAsync(job, flow, places, stoppingToken);
        }
    }

    private static async Task AwaitAsync(JobHandle job, string flow, SemaphoreSlim places, CancellationToken stoppingToken)
    {
        if (flow == "gate")
        {
            await SignalAsync(job, stoppingToken);
        }

        await job.WaitAsync(cancellationToken: stoppingToken);
        places.Release();
    }

    private async Task DrainAsync(CancellationToken stoppingToken)
    {
        await foreach (var job in engine.ListJobsAsync(JobFilter.Active, stoppingToken))
        {
            await engine.GetJob(job.Id).WaitAsync(cancellationToken: stoppingToken);
        }
    }

    /// <summary>An earlier life may have died between a start and its signal; a signal that came already is known by its key.</summary>
    private async Task SignalAllAsync(CancellationToken stoppingToken)
    {
        await foreach (var job in engine.ListJobsAsync(JobFilter.Active with { FlowId = "gate" }, stoppingToken))
        {
            await SignalAsync(engine.GetJob(job.Id), stoppingToken);
        }
    }

    private static async Task SignalAsync(JobHandle job, CancellationToken stoppingToken)
    {
        try
        {
            await job.SignalAsync(MixedFlows.Signal, "now", new SignalOptions { DedupeKey = "the-one" }, stoppingToken);
        }
        catch (InvalidTransitionException)
        {
            // It ended meanwhile: the signal of an earlier life had come.
        }
    }
}
