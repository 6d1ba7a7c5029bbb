using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using WorkflowEngine;
using WorkflowEngine.Crash;

// Runs jobs on SQLite until it is killed, or with 0 new jobs until none is left. Each start and each effect of a step is one line on disk before it counts.
var folder = args[0];
var starts = int.Parse(args[1], CultureInfo.InvariantCulture);
using var ledger = new Ledger(Path.Combine(folder, "ledger.txt"));
using var started = new Ledger(Path.Combine(folder, "started.txt"));

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddWorkflowEngine(options => options.PollInterval = TimeSpan.FromMilliseconds(100))
    .UseSqlite($"Data Source={Path.Combine(folder, "workflow.db")}")
    .AddStep("effect", async (payload, token) =>
    {
        ledger.Append($"{payload.JobId} {payload.StepPath} {payload.Epoch}");
        await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, token);
        return payload.Data;
    })
    .AddFlow("chain", flow => flow.Start("a", "effect").Then("b", "effect").Then("c", "effect").Then("d", "effect"))
    .AddFlow("diamond", flow => flow.Start("a", "effect").Step("b", "effect", after: ["a"]).Step("c", "effect", after: ["a"]).Join("d", "effect", after: ["b", "c"]));
using var host = builder.Build();
await host.StartAsync();
var engine = host.Services.GetRequiredService<IWorkflowEngine>();
for (var i = 0; i < starts; i++)
{
    var job = await engine.StartAsync(i % 2 == 0 ? "chain" : "diamond", DataPacket.Of(i));
    started.Append(job.Id.ToString());
}

bool isOpen;
do
{
    isOpen = false;
    await foreach (var _ in engine.ListJobsAsync(JobFilter.Active))
    {
        isOpen = true;
        break;
    }

    await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
}
while (isOpen);

await host.StopAsync();
