using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Simulation;

/// <summary>One body that ran to its end, as the world outside saw it.</summary>
internal sealed record Effect(JobId Job, string Step, int Epoch, int Attempt, string Key, string Output, bool ParentsWereDurable);

/// <summary>
/// A day of the whole engine by chance: the production route over the in-memory store in virtual time, random flows, random controls, crashes, store faults and clock jumps.
/// Everything follows from the seed.
/// </summary>
internal sealed class SimulatedEngine(int seed, Action<StoreCall>? sabotage)
{
    private readonly Random _random = new(seed);
    private readonly List<Effect> _effects = [];
    private readonly List<(JobId Job, RandomFlow Flow)> _jobs = [];
    private readonly Dictionary<string, RandomFlow> _flows = [];
    private IJobStore _store = null!;

    public int Crashes { get; private set; }

    public IReadOnlyList<Effect> Effects => _effects;

    /// <summary>Plays a seed; null, or what the oracle objects to.</summary>
    public async Task<string?> PlayAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            _flows[$"flow{i}"] = RandomFlow.Make(_random);
        }

        await using var host = await FlowTestHost.StartAsync(Configure, options => options.MaxConcurrentSteps = 3);
        for (var act = 0; act < 40; act++)
        {
            await DisturbAsync(host);
        }

        host.Faults.Clear();
        return await FinishAsync(host) ?? await Oracle.ObjectionAsync(host, _jobs, _effects);
    }

    private void Configure(IWorkflowEngineBuilder engine)
    {
        engine.UseStore(services =>
        {
            _store = new InMemoryStore(EngineComposition.TimeOf(services));
            return new FaultStore(_store)
            {
                Before = call =>
                {
                    sabotage?.Invoke(call);
                    return default;
                },
            };
        });
        engine.AddStep("work", WorkAsync);
        foreach (var (id, flow) in _flows)
        {
            engine.AddFlow(flow.Define(id));
        }
    }

    private async ValueTask<StepResult> WorkAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var flow = _flows[payload.FlowId];
        var step = flow.Steps.First(known => known.Id == payload.StepId);
        var stored = (await _store.LoadAsync(payload.JobId, JobParts.Steps, CancellationToken.None))!;
        var durable = step.After.Count(parent => stored.Steps.Any(row => row.Path == parent && row.Status.IsTerminal()));
        if (step.Delay > TimeSpan.Zero)
        {
            await Task.Delay(step.Delay, payload.Services.GetRequiredService<TimeProvider>(), cancellationToken);
        }

        if (payload.Attempt <= step.Failures)
        {
            return StepResult.Fail("chance", "as drawn");
        }

        if (step.Waits && payload.Signal is null)
        {
            return StepResult.Wait("go");
        }

        if (payload.GetState<int>() is var legs && legs < step.Legs)
        {
            return StepResult.RunAgain(TimeSpan.FromSeconds(20), legs + 1);
        }

        var output = OutputOf(step.Id, payload.Data.Select(item => item.Get<string>()));
        _effects.Add(new Effect(payload.JobId, step.Id, payload.Epoch, payload.Attempt, payload.IdempotencyKey, output, step.Join.Required > 0 ? durable >= 1 : durable == step.After.Length));
        return StepResult.Completed(DataPacket.Of(output));
    }

    /// <summary>What a step makes of what it gets.</summary>
    public static string OutputOf(string step, IEnumerable<string> inputs)
        => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{step}({string.Join(',', inputs)})")))[..16];

    private async Task DisturbAsync(FlowTestHost host)
    {
        var job = _jobs.Count == 0 ? default : _jobs[_random.Next(_jobs.Count)].Job;
        switch (_random.Next(_jobs.Count == 0 ? 1 : 16))
        {
            case 0 or 1:
                await StartAsync(host);
                break;
            case 2:
                await TryAsync(host, () => host.Engine.GetJob(job).PauseAsync());
                break;
            case 3:
                await TryAsync(host, () => host.Engine.GetJob(job).ResumeAsync());
                break;
            case 4 when _random.Next(4) == 0:
                await TryAsync(host, () => host.Engine.GetJob(job).CancelAsync());
                break;
            case 5 or 6:
                await TryAsync(host, () => host.Engine.GetJob(job).SignalAsync("go", 1));
                break;
            case 7 when _random.Next(2) == 0:
                await TryAsync(host, () => host.Engine.GetJob(job).SkipAsync($"s{_random.Next(8)}"));
                break;
            case 8:
                await TryAsync(host, () => host.Engine.GetJob(job).RetryAsync());
                break;
            case 9 or 10:
                host.CrashAt((CrashPoint)_random.Next(6), _random.Next(1, 12));
                Crashes++;
                break;
            case 11:
                host.Faults.Add(new Fault { Member = (StoreMember)_random.Next(1, 4), Call = _random.Next(1, 6), Times = _random.Next(1, 3), AfterEffect = _random.Next(2) == 0 });
                break;
            case 12:
                host.Node.Time.Jump(TimeSpan.FromSeconds(_random.Next(0, 3)));
                break;
            default:
                await TryAsync(host, () => host.AdvanceAsync(TimeSpan.FromSeconds(_random.Next(1, 40))));
                break;
        }
    }

    private async Task StartAsync(FlowTestHost host)
    {
        var (id, flow) = _flows.ElementAt(_random.Next(_flows.Count));
        var options = new JobOptions { Key = $"job{_jobs.Count}" };
        JobHandle? job = null;
        while (job is null)
        {
            await TryAsync(host, async () => job = await host.StartAsync(id, $"in{_jobs.Count}", options));
        }

        _jobs.Add((job.Id, flow));
    }

    /// <summary>Makes a call; one that waits is waited for while the host runs.</summary>
    private static async Task TryAsync(FlowTestHost host, Func<Task> call)
    {
        try
        {
            var made = call();
            for (var waits = 0; !made.IsCompleted && await Task.WhenAny(made, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None)) != made; waits++)
            {
                await host.AdvanceAsync(TimeSpan.FromMilliseconds(50));
                if (waits == 100)
                {
                    throw new InvalidOperationException("A call does not come to its end.");
                }
            }

            await made;
        }
        catch (Exception error) when (error is StoreException or InvalidTransitionException or ArgumentException)
        {
            if (host.IsDown)
            {
                await host.CrashAsync();
            }
        }
    }

    /// <summary>From here on nothing goes wrong, and every job must come to its end.</summary>
    private async Task<string?> FinishAsync(FlowTestHost host)
    {
        foreach (var (id, _) in _jobs)
        {
            for (var turn = 0; ; turn++)
            {
                await TryAsync(host, () => host.AdvanceAsync(TimeSpan.FromHours(2)));
                var report = await host.Engine.GetJob(id).GetStatusAsync();
                if (report.Status.IsTerminal())
                {
                    break;
                }

                if (turn > 60)
                {
                    return $"job {id} does not end: {report.Status} {string.Join(", ", report.Steps.Select(step => $"{step.Path} {step.Status}"))}";
                }

                await TryAsync(host, () => report.Status == JobStatus.Paused ? host.Engine.GetJob(id).ResumeAsync() : host.Engine.GetJob(id).SignalAsync("go", 1));
            }
        }

        return null;
    }
}
