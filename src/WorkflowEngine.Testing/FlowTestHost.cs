using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// A host for tests: the production engine over the in-memory store, in virtual time that begins at 2030-01-01T00:00:00Z and that only this host moves. Bodies run
/// one at a time, by rank and then by age, and only while one of <see cref="RunToEndAsync"/>, <see cref="RunUntilIdleAsync"/>, <see cref="AdvanceAsync"/> runs, so
/// that a run is the same each time. A body that leaves its thread for real (<c>Task.Yield</c>, I/O) is waited for in real time; what it does then is beside the others.
/// </summary>
/// <remarks>
/// The host can lose its engine as by <c>kill -9</c>, at a moment of the test's choice (<see cref="CrashAt"/>), and its store can fail (<see cref="Faults"/>). After a
/// crash the next run makes everything that was registered anew, as a new process would, over the same jobs and at the same virtual time. What a test holds outside of
/// the host is the world that the crash does not touch. A body that was waiting never goes on; one that works on for real is not stopped, but its result is lost.
/// </remarks>
public sealed class FlowTestHost : IAsyncDisposable
{
    /// <summary>A job that has not ended after so much virtual time never will.</summary>
    internal static readonly TimeSpan Horizon = TimeSpan.FromDays(3660);

    private readonly TestGround _ground;
    private readonly HostLoop _loop;
    private readonly List<JobHandle> _handles = [];

    private FlowTestHost(TestGround ground, TestNode node)
    {
        _ground = ground;
        _loop = new HostLoop(node, ground.Time, ReviveAsync);
    }

    /// <summary>
    /// The engine. Its <c>RunAsync</c>, and waits for a job's end, complete only while this host runs. After a crash this is another one: handles that the host's own
    /// <see cref="StartAsync(string, object?, JobOptions?)"/> gave are good for all of them, those of the engine only for it.
    /// </summary>
    public IWorkflowEngine Engine => _loop.Node.Engine.Client;

    /// <summary>The virtual time; steps get it from their services as <see cref="TimeProvider"/>, and what they wait for by it costs no real time.</summary>
    public TimeProvider Time => _ground.Time;

    /// <summary>The engine's services; others after a crash.</summary>
    public IServiceProvider Services => _loop.Node.Services;

    /// <summary>Which store calls fail, and which were made; calls that the host makes to see whether a job has ended are not among them. Outlives crashes.</summary>
    public StoreFaults Faults => _ground.Faults;

    /// <summary>The engine's present life.</summary>
    internal TestNode Node => _loop.Node;

    /// <summary>The engine has crashed, and no other one was started yet.</summary>
    internal bool IsDown => _loop.Node.IsDead;

    /// <summary>How many commits were asked of the store.</summary>
    internal int Commits => _ground.Crashes.CountOf(CrashPoint.BeforeCommit);

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
        var ground = new TestGround(configure, options);
        return new FlowTestHost(ground, await TestNode.StartAsync(ground).ConfigureAwait(false));
    }

    /// <summary>
    /// Plans a crash: the engine dies at this point, the <paramref name="occurrence"/>-th time it comes by from now on. Nothing more of it reaches the store, not even a
    /// lease that is being kept; the next run starts a new engine, and what the dead one held is free at once. A call of the test's own that comes by the point throws.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Occurrences are counted from 1 on.</exception>
    public void CrashAt(CrashPoint point, int occurrence = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(occurrence, 1);
        _ground.Crashes.Arm(point, occurrence);
    }

    /// <summary>Kills the engine now, between two runs, if it still lives, and starts a new one.</summary>
    public async Task CrashAsync()
    {
        _loop.Node.Die();
        await _loop.ReviveAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// The proof that a flow survives a crash at any moment: runs it once undisturbed, then once for every commit of that run with a crash right before it, and once with
    /// one right after it. Every run must end with the same status, reason and output (but for times and the job's id).
    /// </summary>
    /// <param name="configure">Registers steps and flows; called for every run, and after every crash.</param>
    /// <param name="flowId">The flow.</param>
    /// <param name="input">Its input, by the input rule.</param>
    /// <param name="assert">Called at the end of every run, the undisturbed one first; throws when something is wrong. The place to look at, and to clear, what fakes collected.</param>
    /// <param name="drive">
    /// Takes a job to its end; null: <see cref="RunToEndAsync"/>. For flows that need signals or controls. When the crash meets a call of its own it is called again,
    /// as the caller of a service that did not answer calls again: give signals a dedupe key.
    /// </param>
    /// <returns>How many crashes were survived.</returns>
    /// <exception cref="FlowAssertionException">Some were not: each with its number, what came out, and the job's steps and last events.</exception>
    public static Task<int> CrashAtEveryCommitAsync(
        Action<IWorkflowEngineBuilder> configure, string flowId, object? input, Action<JobResult> assert, Func<FlowTestHost, JobHandle, Task>? drive = null)
    {
        ArgumentNullException.ThrowIfNull(configure);
        ArgumentNullException.ThrowIfNull(assert);
        return new CrashSweep(configure, flowId, input, assert, drive).RunAsync();
    }

    /// <summary>Starts a job, with any value as input by the input rule. Nothing of it runs yet.</summary>
    /// <exception cref="FlowNotFoundException">No such flow.</exception>
    public async Task<JobHandle> StartAsync(string flowId, object? input = null, JobOptions? options = null)
    {
        if (_loop.Node.IsDead)
        {
            await CrashAsync().ConfigureAwait(false);
        }

        var job = await Engine.StartAsync(flowId, input, options).ConfigureAwait(false);
        _handles.Add(job);
        return job;
    }

    /// <summary>Runs until the job has ended, and moves time by itself past retry waits, delays and timeouts.</summary>
    /// <exception cref="JobStuckException">The job can never end: nothing is running, and no time is due that could change anything.</exception>
    public async Task<JobResult> RunToEndAsync(JobHandle job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (await _loop.MoveUntilAsync(HasEndedAsync, Horizon, cancellationToken).ConfigureAwait(false))
        {
            return await Engine.GetJob(job.Id).WaitAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        var stuck = Engine.GetJob(job.Id);
        throw new JobStuckException(job.Id, (await stuck.GetStatusAsync(cancellationToken).ConfigureAwait(false)).Status, await stuck.ExplainAsync(cancellationToken).ConfigureAwait(false));

        async ValueTask<bool> HasEndedAsync()
        {
            var stored = await _loop.Node.Store.Inner.LoadAsync(job.Id, JobParts.Head, cancellationToken).ConfigureAwait(false) ?? throw new JobNotFoundException(job.Id);
            return stored.Head.Status.IsTerminal();
        }
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
        return _loop.MoveToAsync(_ground.Time.Now + time.Ticks, cancellationToken);
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
        var fake = new FakeStep(stepType, run, _ground.Time);
        _ground.Fakes.RemoveAll(known => known.Type == stepType);
        _ground.Fakes.Add(fake);
        _loop.Node.Use(fake);
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
        if (IsDown)
        {
            await _loop.ReviveAsync().ConfigureAwait(false); // A clean stop needs something that can be stopped.
        }

        var stopping = Task.Run(_loop.Node.StopAsync);
        while (!stopping.IsCompleted)
        {
            // Grace periods are virtual too.
            await _loop.MoveUntilAsync(() => new ValueTask<bool>(stopping.IsCompleted), Horizon, CancellationToken.None).ConfigureAwait(false);
            await Task.WhenAny(stopping, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None)).ConfigureAwait(false);
        }

        await stopping.ConfigureAwait(false);
        await _loop.Node.DisposeAsync().ConfigureAwait(false);
        _loop.Dispose();
    }

    private async Task<TestNode> ReviveAsync()
    {
        await TestGround.BuryAsync(_loop.Node).ConfigureAwait(false);
        var node = await TestNode.StartAsync(_ground).ConfigureAwait(false);
        foreach (var job in _handles)
        {
            job.Follow(node.Engine.Client.GetJob(job.Id));
        }

        return node;
    }
}
