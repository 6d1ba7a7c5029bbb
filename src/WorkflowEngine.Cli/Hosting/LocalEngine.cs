using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Cli;

/// <summary>An engine in this process, with every step type that <c>wf</c> knows.</summary>
internal sealed class LocalEngine : IAsyncDisposable
{
    private readonly IHost _host;

    private LocalEngine(IHost host) => _host = host;

    public IWorkflowEngine Engine => _host.Services.GetRequiredService<IWorkflowEngine>();

    public TimeProvider Time => _host.Services.GetRequiredService<TimeProvider>();

    public EngineNode Node => _host.Services.GetRequiredKeyedService<EngineHost>(string.Empty).Node;

    public EngineLoop Loop => _host.Services.GetRequiredKeyedService<EngineHost>(string.Empty).Loop;

    public IJobStore Store => Node.Store;

    /// <summary>The step types by their words.</summary>
    public StepRegistry Registry => Node.Registry;

    /// <summary>Built, not started: good for asking about flows.</summary>
    public static LocalEngine Build(Action<WorkflowEngineOptions>? options = null, Action<IWorkflowEngineBuilder>? configure = null, ILoggerProvider? log = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        if (log is not null)
        {
            builder.Logging.AddProvider(log);
        }

        var engine = builder.Services.AddWorkflowEngine(options)
            .AddStandardSteps()
            .AddExecStep()
            .AddStep<SimulateStep>("simulate", step => step.Name("Simulate work").Position(900).Config<SimulateConfig>().Ports(StepResult.DonePort));
        configure?.Invoke(engine);
        return new LocalEngine(builder.Build());
    }

    public static async Task<LocalEngine> StartAsync(Action<WorkflowEngineOptions>? options = null, Action<IWorkflowEngineBuilder>? configure = null, ILoggerProvider? log = null)
    {
        var engine = Build(options, configure, log);
        await engine.StartAsync();
        return engine;
    }

    /// <exception cref="StoreException">The store cannot be had, or another process is its worker; then this one may still ask and command.</exception>
    public Task StartAsync() => _host.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    /// <summary>Signals are the business of the command that runs, not of the host.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
