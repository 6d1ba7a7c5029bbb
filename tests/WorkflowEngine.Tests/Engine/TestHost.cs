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

    public EngineNode Node => _host.Services.GetRequiredKeyedService<EngineHost>(string.Empty).Node;

    public CapturedLog Log => _host.Services.GetRequiredService<CapturedLog>();

    public static async Task<TestHost> StartAsync(Action<IWorkflowEngineBuilder> configure, Action<WorkflowEngineOptions>? options = null)
    {
        var host = Build(configure, options);
        await host._host.StartAsync();
        return host;
    }

    /// <summary>A host that has not been started.</summary>
    public static TestHost Build(Action<IWorkflowEngineBuilder> configure, Action<WorkflowEngineOptions>? options = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var log = new CapturedLog();
        builder.Services.AddSingleton(log);
        builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Information);
        configure(builder.Services.AddWorkflowEngine(options));
        return new TestHost(builder.Build());
    }

    public Task StartAsync() => _host.StartAsync();

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

/// <summary>Everything that was logged.</summary>
internal sealed class CapturedLog : ILoggerProvider, ILogger
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
        {
            _lines.Add($"{formatter(state, exception)} {exception}");
        }
    }
}
