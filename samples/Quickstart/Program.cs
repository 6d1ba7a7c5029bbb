using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quickstart;
using Quickstart.Steps;
using WorkflowEngine;

if (!Arguments.TryParse(args, out var arguments, out var problem))
{
    Console.Error.WriteLine(problem);
    return 2;
}

var listing = FolderListing.Read(arguments.Folder, leaveOut: arguments.Output);

// The content root is the program's own folder, so that the host neither reads settings from the folder it reports on nor watches it.
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Error).AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddWorkflowEngine()
    .AddStep<MeasureFiles>("measure", step => step.Name("Measure files").Config<MeasureConfig>())
    .AddStep<Summarize>("summarize", step => step.Name("Summarize the folder"))
    .AddStep<WriteReport>("write_report", step => step.Name("Write the report").Config<WriteReportConfig>())
    .AddFlow(FolderReportFlow.Id, flow => FolderReportFlow.Declare(flow, listing, arguments.Output));

using var host = builder.Build();
await host.StartAsync();
var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
var engine = host.Services.GetRequiredService<IWorkflowEngine>();

var job = await engine.StartAsync(FolderReportFlow.Id, options: new JobOptions { EngineData = new SourceFolder(arguments.Folder, listing.Unlisted) });
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
    // Ctrl-C ended the wait, not the job: steps that still run are told to stop before the host goes down.
    await job.CancelAsync(new ControlOptions { Note = "Ctrl-C" }, CancellationToken.None);
    return 130;
}
finally
{
    await host.StopAsync();
}
