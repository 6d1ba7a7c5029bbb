using System.Globalization;
using CustomerAnalytics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using WorkflowEngine;

if (!Arguments.TryParse(args, out var arguments, out var problem))
{
    Console.Error.WriteLine(problem);
    return 2;
}

var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Error).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
builder.Services.AddWorkflowEngine().UseSqlite($"Data Source=\"{arguments.Database}\"");
using var host = builder.Build();
try
{
    await host.StartAsync();
    var code = await new AnalyticsRun(host.Services.GetRequiredService<IWorkflowEngine>(), arguments).RunAsync();
    await host.StopAsync();
    return code;
}
catch (Exception error) when (error is StoreException or SessionBusyException)
{
    Console.Error.WriteLine(error.Message);
    return 4;
}
catch (InvalidTransitionException error)
{
    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{error.Message} Its report is in {arguments.Report}; give another --run to make a new one."));
    return 0;
}
