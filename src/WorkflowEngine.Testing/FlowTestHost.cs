using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// A host for tests: the production engine over the in-memory store, in virtual time that begins at 2030-01-01T00:00:00Z and that only this host moves. Bodies run
/// one at a time, by rank and then by age, and only while one of <see cref="RunToEndAsync"/>, <see cref="RunUntilIdleAsync"/>, <see cref="AdvanceAsync"/> runs, so
/// that a run is the same each time. A body that leaves its thread for real (<c>Task.Yield</c>, I/O) is waited for in real time; what it does then is beside the others.
/// </summary>
public sealed class FlowTestHost : IAsyncDisposable
{
    /// <summary>A job that has not ended after so much virtual time never will.</summary>
    private static readonly TimeSpan Horizon = TimeSpan.FromDays(3660);

    private readonly ServiceProvider _services;
    private readonly VirtualTime _time;
    private readonly EngineHost _engine;
    private readonly HostLoop _loop;

    private FlowTestHost(ServiceProvider services, VirtualTime time)
    {
        _services = services;
        _time = time;
        _engine = services.GetRequiredKeyedService<EngineHost>(string.Empty);
        _loop = new HostLoop(_engine, time, (SlotQueue)services.GetRequiredService<IStepScheduler>());
    }

    /// <summary>The engine. Its <c>RunAsync</c>, and waits for a job's end, complete only while this host runs.</summary>
    public IWorkflowEngine Engine => _engine.Client;

    /// <summary>The virtual time; steps get it from their services as <see cref="TimeProvider"/>, and what they wait for by it costs no real time.</summary>
    public TimeProvider Time => _time;

    /// <summary>The host's services.</summary>
    public IServiceProvider Services => _services;

    /// <summary>
    /// How long, in real time, a body that does not wait by <see cref="Time"/> may be silent before virtual time moves on without it. Default 500 ms; raise it for
    /// steps that work for long and have timeouts.
    /// </summary>
    public TimeSpan Patience
    {
        get => _loop.Patience;
        set => _loop.Patience = value > TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(value), "Patience must be positive.");
    }

    /// <summary>
    /// Starts a host. <paramref name="configure"/> registers steps and flows as in production; hosted services that it adds are started too. Defaults that differ
    /// from production: no shutdown grace, and finished jobs are kept; the poll interval is the host's own.
    /// </summary>
    /// <exception cref="FlowValidationException">A flow has problems: all of them.</exception>
    public static async Task<FlowTestHost> StartAsync(Action<IWorkflowEngineBuilder> configure, Action<WorkflowEngineOptions>? options = null)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var time = new VirtualTime();
        var services = Compose(configure, options, time).BuildServiceProvider();
        try
        {
            var host = new FlowTestHost(services, time);
            foreach (var service in services.GetServices<IHostedService>())
            {
                await service.StartAsync(CancellationToken.None).ConfigureAwait(false);
            }

            return host;
        }
        catch
        {
            await services.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts a job, with any value as input by the input rule. Nothing of it runs yet.</summary>
    /// <exception cref="FlowNotFoundException">No such flow.</exception>
    public Task<JobHandle> StartAsync(string flowId, object? input = null, JobOptions? options = null) => Engine.StartAsync(flowId, input, options);

    /// <summary>Runs until the job has ended, and moves time by itself past retry waits, delays and timeouts.</summary>
    /// <exception cref="JobStuckException">The job can never end: nothing is running, and no time is due that could change anything.</exception>
    public async Task<JobResult> RunToEndAsync(JobHandle job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (await _loop.MoveUntilAsync(HasEndedAsync, Horizon, cancellationToken).ConfigureAwait(false))
        {
            return await job.WaitAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        var report = await job.GetStatusAsync(cancellationToken).ConfigureAwait(false);
        throw new JobStuckException(report.Id, report.Status, await job.ExplainAsync(cancellationToken).ConfigureAwait(false));

        async ValueTask<bool> HasEndedAsync() => (await job.GetStatusAsync(cancellationToken).ConfigureAwait(false)).Status.IsTerminal();
    }

    /// <summary><see cref="StartAsync(string, object?, JobOptions?)"/> and <see cref="RunToEndAsync"/>.</summary>
    /// <exception cref="JobStuckException">The job can never end.</exception>
    public async Task<JobResult> RunAsync(string flowId, object? input = null, JobOptions? options = null, CancellationToken cancellationToken = default)
        => await RunToEndAsync(await StartAsync(flowId, input, options).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>Runs everything that can run without time moving: until each job has ended or waits.</summary>
    public Task RunUntilIdleAsync(CancellationToken cancellationToken = default) => _loop.SettleAsync(cancellationToken);

    /// <summary>Moves time on by so much, and runs everything that is due on the way when it is due, in order.</summary>
    public Task AdvanceAsync(TimeSpan time, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        return _loop.MoveToAsync(_time.Now + time.Ticks, cancellationToken);
    }

    /// <summary>Replaces a step type from now on, also for jobs that run already; its name, ports, config type and middleware stay.</summary>
    public FakeStep Fake(string stepType, Func<StepPayload, StepResult> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Fake(stepType, (payload, _) => new ValueTask<StepResult>(run(payload)));
    }

    /// <summary>As <see cref="Fake(string, Func{StepPayload, StepResult})"/>, with a body that may wait.</summary>
    public FakeStep Fake(string stepType, Func<StepPayload, CancellationToken, ValueTask<StepResult>> run)
    {
        ArgumentException.ThrowIfNullOrEmpty(stepType);
        ArgumentNullException.ThrowIfNull(run);
        var fake = new FakeStep(stepType, run, _time);
        var known = _engine.Node.Registry.TryGet(stepType, out var registration) ? registration : new StepRegistration { Type = stepType, Name = stepType };
        _engine.Node.Registry.Replace(known with { NeedsScope = false, Resolve = _ => fake });
        return fake;
    }

    /// <summary>The job's events so far, oldest first.</summary>
    /// <exception cref="JobNotFoundException">There is no such job.</exception>
    public Task<IReadOnlyList<JobEvent>> EventsAsync(JobHandle job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        return Engine.GetJob(job.Id).EventsSoFarAsync(cancellationToken);
    }

    /// <summary>Stops the host: bodies that still run get their tokens, and those that ignore them are given up.</summary>
    public async ValueTask DisposeAsync()
    {
        _loop.Patience = TimeSpan.FromMilliseconds(50);
        _loop.GiveUpAfter = TimeSpan.FromMilliseconds(50);
        var stopping = Task.Run(StopServicesAsync);
        while (!stopping.IsCompleted)
        {
            // Grace periods are virtual too.
            await _loop.MoveUntilAsync(() => new ValueTask<bool>(stopping.IsCompleted), Horizon, CancellationToken.None).ConfigureAwait(false);
            await Task.WhenAny(stopping, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None)).ConfigureAwait(false);
        }

        await stopping.ConfigureAwait(false);
        await _services.DisposeAsync().ConfigureAwait(false);
        _loop.Dispose();
    }

    private static ServiceCollection Compose(Action<IWorkflowEngineBuilder> configure, Action<WorkflowEngineOptions>? options, VirtualTime time)
    {
        var services = new ServiceCollection();
        configure(services.AddWorkflowEngine(chosen =>
        {
            chosen.ShutdownGrace = TimeSpan.Zero;
            chosen.LeaseDuration = Horizon; // Time moves in leaps here, and a node that runs in leaps is not dead.
            chosen.Retention = Horizon * 10;
            chosen.NodeName = "test";
            options?.Invoke(chosen);
        }));
        services.PostConfigure<WorkflowEngineOptions>(chosen => chosen.PollInterval = VirtualTime.PollInterval);
        services.Replace(ServiceDescriptor.Singleton<TimeProvider>(time));
        services.Replace(ServiceDescriptor.Singleton<IStepScheduler>(
            provider => new SlotQueue(provider.GetRequiredService<IOptionsMonitor<WorkflowEngineOptions>>().CurrentValue.MaxConcurrentSteps)));
        services.TryAddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.TryAddSingleton(typeof(ILogger<>), typeof(Logger<>));
        return services;
    }

    private async Task StopServicesAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
