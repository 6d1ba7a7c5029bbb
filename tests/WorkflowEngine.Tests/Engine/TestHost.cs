using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace WorkflowEngine.Tests.Engine;

/// <summary>A real host with a real engine, in real time.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly IHost _host;

    private TestHost(IHost host) => _host = host;

    public IWorkflowEngine Engine => _host.Services.GetRequiredService<IWorkflowEngine>();

    public IServiceProvider Services => _host.Services;

    public static async Task<TestHost> StartAsync(Action<IWorkflowEngineBuilder> configure, Action<WorkflowEngineOptions>? options = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        configure(builder.Services.AddWorkflowEngine(options));
        var host = builder.Build();
        await host.StartAsync();
        return new TestHost(host);
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
