using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>What stays the same for every step of one ownership of a job.</summary>
internal sealed record JobFacts(JobId JobId, string FlowId, string FlowVersion, string? Tenant, string? Actor, string? Trigger, string? Key, int JobAttempt, JsonElement Settings, JsonSerializerOptions Json);

/// <summary>Everything a step gets for one attempt. Data, inputs and config are identical in every attempt of the same step (config is rendered anew).</summary>
public sealed class StepPayload
{
    private readonly JobFacts _job;
    private string? _idempotencyKey;
    private StepValues? _variables;
    private StepValues? _engineData;
    private IProgressSink? _progress;
    private AsyncServiceScope? _scope;
    private ILogger? _log;

    internal StepPayload(JobFacts job, string stepId, string stepPath)
    {
        _job = job;
        StepId = stepId;
        StepPath = stepPath;
    }

    /// <summary>The job.</summary>
    public JobId JobId => _job.JobId;

    /// <summary>The job's flow.</summary>
    public string FlowId => _job.FlowId;

    /// <summary>The flow version that the job pinned at its start.</summary>
    public string FlowVersion => _job.FlowVersion;

    /// <summary>The step's id in the flow.</summary>
    public string StepId { get; }

    /// <summary>The step's path, which tells the rounds of a loop apart.</summary>
    public string StepPath { get; }

    /// <summary>The tenant that the job was started for.</summary>
    public string? Tenant => _job.Tenant;

    /// <summary>Who started the job.</summary>
    public string? Actor => _job.Actor;

    /// <summary>The attempt, 1 being the first.</summary>
    public int Attempt { get; internal init; } = 1;

    /// <summary>How many owners the job has had: a fencing token for outside systems.</summary>
    public int Epoch { get; internal init; } = 1;

    /// <summary>The flow's own settings (its <c>variables</c> defaults and <c>x-</c> members are not among them); an empty object when it has none.</summary>
    public JsonElement Settings => _job.Settings;

    /// <summary>The packet that arrived: the job's input for roots, the predecessor's packet, or for joins all packets in declared order, each item once (S9).</summary>
    public DataPacket Data { get; internal init; } = DataPacket.Empty;

    /// <summary>Each predecessor's packet by its step id.</summary>
    public StepInputs Inputs { get; internal init; } = StepInputs.Empty;

    /// <summary>The step's configuration with its templates rendered.</summary>
    public StepConfig Config { get; internal init; } = StepConfig.Empty;

    /// <summary>Job-scoped side data; missing names read as null.</summary>
    public StepValues EngineData => _engineData ??= Values is { EngineData.IsEmpty: false } data ? new StepValues(data.EngineData) : StepValues.Empty;

    /// <summary>The job's variables as they were when the step started.</summary>
    public StepValues Variables => _variables ??= Values is { Variables.IsEmpty: false } data ? new StepValues(data.Variables) : StepValues.Empty;

    /// <summary>The signal that a waiting step was called again with; null otherwise.</summary>
    public JsonElement? Signal { get; internal init; }

    /// <summary>True when a waiting step was called again because its time ran out.</summary>
    public bool TimedOut { get; internal init; }

    /// <summary>Live services, in a scope of this attempt that is made at the first look and disposed when the attempt ends.</summary>
    public IServiceProvider Services
    {
        get
        {
            if (RootServices is null)
            {
                return NoServices.Instance;
            }

            _scope ??= RootServices.CreateAsyncScope();
            return _scope.Value.ServiceProvider;
        }
    }

    /// <summary>A logger that carries job, step and attempt.</summary>
    public ILogger Log
    {
        get => _log ??= Loggers is null ? NullLogger.Instance : new StepLog(Loggers.CreateLogger("WorkflowEngine.Step"), this);
        internal init => _log = value;
    }

    /// <summary>What variables and engine data are read from.</summary>
    internal JobData? Values { get; init; }

    internal IServiceProvider? RootServices { get; init; }

    internal ILoggerFactory? Loggers { get; init; }

    /// <summary>Who takes progress reports; null in unit tests without a host.</summary>
    internal IAttemptHost? Host { get; init; }

    internal int StepIndex { get; init; }

    internal int Run { get; init; }

    internal JsonElement? State { get; init; }

    internal int Generation { get; init; }

    internal int Leg { get; init; }

    internal JsonSerializerOptions Json => _job.Json;

    internal JobFacts Job => _job;

    /// <summary>What the step wrote in this attempt: part of its outcome, null while it wrote nothing.</summary>
    internal StepWrites? Writes { get; private set; }

    /// <summary>job/step path/generation/leg: stable over attempts, crashes and takeovers, new after each wait (G2). Give it to outside systems to make effects repeatable.</summary>
    public string IdempotencyKey => _idempotencyKey ??= $"{JobId}/{StepPath}/{Generation}/{Leg}";

    /// <summary>A key for one of several effects of the same step.</summary>
    public string IdempotencyKeyFor(string effect)
    {
        ArgumentException.ThrowIfNullOrEmpty(effect);
        return $"{IdempotencyKey}/{effect}";
    }

    /// <summary>The content of the newest item as <typeparamref name="T"/>; <see cref="DataPacket"/> gives the packet itself.</summary>
    /// <exception cref="DataPacketException">The packet is empty, or the content has another shape; the step fails with <c>invalid_input</c>.</exception>
    public T Get<T>() => typeof(T) == typeof(DataPacket) ? (T)(object)Data : Data.Get<T>(Json);

    /// <summary>What the previous leg handed to <see cref="StepResult.RunAgain"/>; the default value in the first leg.</summary>
    public T? GetState<T>() => State is { } state ? state.Deserialize<T>(Json) : default;

    /// <summary>Reports how far the step is. Lower reports than before are ignored, out-of-range ones clamped to 0–100, not-a-number ignored (S24).</summary>
    public void ReportProgress(double percent, string? message = null)
    {
        if (!double.IsNaN(percent) && Host is not null)
        {
            (_progress ??= Host.OpenProgress(StepIndex, Run)).Report(Math.Clamp(percent, 0, 100), message);
        }
    }

    /// <summary>Sets a variable of the job; it becomes visible when this step's outcome is committed (S20).</summary>
    /// <exception cref="ArgumentException">The name is not legal, or the value cannot be JSON.</exception>
    public void SetVariable(string name, object? value, VariableKind kind = VariableKind.Intermediate)
        => (Writes ??= new()).SetVariable(name, value, kind, StepPath, Json);

    /// <summary>Sets engine data of the job; it becomes visible when this step's outcome is committed.</summary>
    /// <exception cref="ArgumentException">The name is not legal, or the value cannot be JSON.</exception>
    public void SetEngineData(string name, object? value) => (Writes ??= new()).SetEngineData(name, value, Json);

    /// <summary>A payload for a unit test, from plain arrays, dictionaries and records.</summary>
    /// <param name="data">By the input rule of <see cref="DataPacket.FromInput"/>: an array is an item per element.</param>
    /// <param name="config">Any object that serialises to a JSON object.</param>
    /// <param name="engineData">A dictionary or record.</param>
    /// <param name="variables">A dictionary or record.</param>
    /// <param name="inputs">Predecessors' packets by step id; each value by the input rule.</param>
    /// <param name="attempt">The attempt number.</param>
    /// <param name="signal">What a waiting step is called again with.</param>
    /// <param name="timedOut">True for a wait that ran out.</param>
    /// <param name="state">What the previous leg handed on.</param>
    /// <param name="stepId">The step's id.</param>
    /// <param name="services">What the step may resolve.</param>
    public static StepPayload For(
        object? data = null,
        object? config = null,
        object? engineData = null,
        object? variables = null,
        IReadOnlyDictionary<string, object?>? inputs = null,
        int attempt = 1,
        object? signal = null,
        bool timedOut = false,
        object? state = null,
        string stepId = "step",
        IServiceProvider? services = null)
    {
        var facts = new JobFacts(default, "test", "test", null, null, null, null, 1, WorkflowJson.EmptyObject, WorkflowJson.Default);
        return new StepPayload(facts, stepId, stepId)
        {
            Data = DataPacket.FromInput(data),
            Config = StepConfig.From(config),
            Values = new JobData
            {
                EngineData = StepValues.Members(engineData),
                Variables = StepValues.Members(variables).ToImmutableDictionary(pair => pair.Key, pair => new JobVariable(pair.Key, pair.Value, VariableKind.Input, null)),
            },
            Inputs = inputs is null ? StepInputs.Empty : new StepInputs(inputs.ToImmutableDictionary(pair => pair.Key, pair => DataPacket.FromInput(pair.Value))),
            Attempt = attempt,
            Signal = signal is null ? null : WorkflowJson.ToElement(signal),
            TimedOut = timedOut,
            State = state is null ? null : WorkflowJson.ToElement(state),
            RootServices = services,
        };
    }

    /// <summary>Closes what the attempt opened; called once, by the executor.</summary>
    internal ValueTask EndAttemptAsync(ILogger log)
    {
        _progress?.Close();
        return _scope is null ? default : DisposeScopeAsync(_scope.Value, log);
    }

    private static async ValueTask DisposeScopeAsync(AsyncServiceScope scope, ILogger log)
    {
        try
        {
            await scope.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            StepLog.ScopeFailed(log, error); // A service that cannot be disposed does not undo what the step did.
        }
    }

    private sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}
