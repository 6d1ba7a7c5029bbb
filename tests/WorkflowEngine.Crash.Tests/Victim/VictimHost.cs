using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using WorkflowEngine.Sqlite;

namespace WorkflowEngine.Crash;

/// <summary>A host that runs jobs on SQLite until it is killed, is stopped, or has none left.</summary>
internal static class VictimHost
{
    public static async Task<int> RunAsync(VictimPlan plan)
    {
        _ = Task.Factory.StartNew(EndWithTheTest, TaskCreationOptions.LongRunning);
        using var ledger = new LedgerClient(plan.Socket, plan.Life);
        using var host = Build(plan, ledger);
        await ledger.SignAsync("booted");
        try
        {
            await host.StartAsync();
        }
        catch (StoreException error)
        {
            Console.Error.WriteLine(error.Message);
            return 7;
        }

        await ledger.SignAsync("running");
        await host.WaitForShutdownAsync();
        await ledger.SignAsync("stopped");
        return Environment.ExitCode;
    }

    /// <summary>The input ends with the process that started this one, however that ends.</summary>
    private static void EndWithTheTest()
    {
        while (Console.In.ReadLine() is not null)
        {
        }

        Environment.Exit(9);
    }

    private static IHost Build(VictimPlan plan, LedgerClient ledger)
    {
        var (steps, harm) = (new VictimSteps(plan, ledger), new HarmfulSteps(ledger));
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(20));
        var engine = builder.Services.AddWorkflowEngine(options =>
            {
                options.PollInterval = TimeSpan.FromMilliseconds(100);
                options.ShutdownGrace = TimeSpan.FromMilliseconds(plan.ShutdownGraceMilliseconds);
                options.StepCancellationGrace = TimeSpan.FromMilliseconds(plan.CancellationGraceMilliseconds);
                options.LeaseDuration = TimeSpan.FromMilliseconds(plan.LeaseMilliseconds);
                options.MaxStrikes = plan.MaxStrikes;
                options.MaxConcurrentSteps = plan.Slots;
                options.NodeName = $"victim-{plan.Life}";
            })
            .UseSqlite($"Data Source={plan.Database}")
            .AddStep("work", steps.WorkAsync)
            .AddStep("bulk", steps.BulkAsync)
            .AddStep("flaky", steps.FlakyAsync)
            .AddStep("nap", steps.NapAsync)
            .AddStep("gate", steps.GateAsync)
            .AddStep("fail_fast", harm.FailFastAsync)
            .AddStep("spin", HarmfulSteps.Spin)
            .AddStep("sleep", HarmfulSteps.Sleep)
            .AddStep("block", harm.Block)
            .AddStep("huge", HarmfulSteps.Huge);
        if (plan.Defect is not null)
        {
            engine.UseStore(_ => Defects.Apply(plan.Defect, new SqliteStore(new SqliteStoreOptions { ConnectionString = $"Data Source={plan.Database}" }, TimeProvider.System), ledger), plan.Database + "-packets");
        }

        foreach (var flow in MixedFlows.All.Concat(plan.Flows.Where(HarmfulFlows.IsOne).Distinct().Select(id => HarmfulFlows.Make(id, plan.LargeFlowSteps))))
        {
            engine.AddFlow(flow);
        }

        builder.Services.AddHostedService(services => new JobStarts(plan, ledger, services.GetRequiredService<IWorkflowEngine>(), services.GetRequiredService<IHostApplicationLifetime>()));
        return builder.Build();
    }
}
