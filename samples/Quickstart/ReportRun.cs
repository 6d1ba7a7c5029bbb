using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quickstart.Steps;
using WorkflowEngine;

namespace Quickstart;

/// <summary>Makes one report: goes on with the job that an earlier run of the same command left unfinished, else starts one, and follows it to its end.</summary>
internal sealed class ReportRun(IHost host, Arguments arguments, FolderListing listing)
{
    private readonly IWorkflowEngine _engine = host.Services.GetRequiredService<IWorkflowEngine>();

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync()
    {
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var job = await FindUnfinishedAsync() ?? await _engine.StartAsync(FolderReportFlow.Id, options: new JobOptions { EngineData = new SourceFolder(arguments.Folder, listing.Unlisted) });
        try
        {
            if (!arguments.IsQuiet)
            {
                await new ProgressLine(Console.Error, TimeProvider.System).FollowAsync(job, stopping);
            }

            var result = await job.WaitAsync(cancellationToken: stopping);
            if (!result.Succeeded)
            {
                Console.Error.WriteLine($"The job ended {result.Status.ToString().ToLowerInvariant()}: {result.Message} ({result.Reason})");
                return 1;
            }

            Console.WriteLine(result.Output.Get<WrittenReport>().Path);
            return 0;
        }
        catch (OperationCanceledException)
        {
            await LeaveAsync(job);
            return 130;
        }
    }

    /// <summary>The flow's version is made of its content: a job of this version is about the same files and the same report. Jobs of other versions could never go on.</summary>
    private async Task<JobHandle?> FindUnfinishedAsync()
    {
        var flow = await _engine.Flows.FindAsync(FolderReportFlow.Id);
        await foreach (var job in _engine.ListJobsAsync(JobFilter.Active with { FlowId = FolderReportFlow.Id, FlowVersion = flow!.Version }))
        {
            var progress = (await _engine.GetJob(job.Id).GetStatusAsync()).Progress;
            Console.Error.WriteLine($"Job {job.Id} goes on; {progress.Completed} of {progress.Total} steps are done.");
            return _engine.GetJob(job.Id);
        }

        return null;
    }

    /// <summary>Ctrl-C ended the wait, not the job. In memory it is cancelled, so that running steps are told to stop; in a file it waits for the next run.</summary>
    private async Task LeaveAsync(JobHandle job)
    {
        if (arguments.Database is null)
        {
            await job.CancelAsync(new ControlOptions { Note = "Ctrl-C" }, CancellationToken.None);
            return;
        }

        Console.Error.WriteLine($"Job {job.Id} is kept in {arguments.Database}; the same command goes on with it.");
    }
}
