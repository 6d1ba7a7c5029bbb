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

var listing = FolderListing.Read(arguments.Folder, arguments.Output, arguments.Database);

// The content root is the program's own folder, so that the host neither reads settings from the folder it reports on nor watches it.
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Error).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
builder.Services.AddSingleton(TimeProvider.System);
var workflows = builder.Services.AddWorkflowEngine()
    .AddStep<MeasureFiles>("measure", step => step.Name("Measure files").Config<MeasureConfig>())
    .AddStep<Summarize>("summarize", step => step.Name("Summarize the folder"))
    .AddStep<WriteReport>("write_report", step => step.Name("Write the report").Config<WriteReportConfig>())
    .AddFlow(FolderReportFlow.Id, flow => FolderReportFlow.Declare(flow, listing, arguments.Output));
if (arguments.Database is { } database)
{
    workflows.UseSqlite($"Data Source=\"{database}\"");
}

using var host = builder.Build();
try
{
    await host.StartAsync();
    var code = await new ReportRun(host, arguments, listing).RunAsync();
    await host.StopAsync();
    return code;
}
catch (StoreException error)
{
    Console.Error.WriteLine(error.Message);
    return 4;
}
