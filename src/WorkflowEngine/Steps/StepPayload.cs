using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>What stays the same for every step of one ownership of a job.</summary>
internal sealed record JobFacts(JobId JobId, string FlowId, string FlowVersion, JsonSerializerOptions Json)
{
    /// <summary>The most bytes that one value may have.</summary>
    public long MaxBytes { get; init; } = WorkflowJson.MaxBytes;

    /// <summary>The options that the job was started with; null: all at their defaults.</summary>
    public JobOptions? Options { get; init; }

    public int JobAttempt { get; init; } = 1;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public int Epoch { get; init; } = 1;

    /// <summary>The host's services and loggers; null in unit tests without a host.</summary>
    public IServiceProvider? Services { get; init; }

    public ILoggerFactory? Loggers { get; init; }

    /// <summary>Who takes progress reports; null in unit tests without a host.</summary>
    public IAttemptHost? Host { get; init; }
}

/// <summary>Everything a step gets for one attempt. Data, inputs and config are identical in every attempt of the same step (config is rendered anew).</summary>
public sealed class StepPayload
{
    private readonly JobFacts _job;

    /// <summary>What most steps never look at; made at the first look, so that an attempt costs one small object.</summary>
    private Rare? _rare;

    internal StepPayload(JobFacts job, string stepId, string stepPath, IReadOnlyList<PortCase>? cases = null, LoopLeg? loop = null)
    {
        _job = job;
        StepId = stepId;
        StepPath = stepPath;
        if (cases is not null || loop is not null)
        {
            _rare = new() { Cases = cases, Loop = loop };
        }
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
    public string? Tenant => _job.Options?.Tenant;

    /// <summary>Who started the job.</summary>
    public string? Actor => _job.Options?.Actor;

    /// <summary>The attempt, 1 being the first.</summary>
    public int Attempt { get; internal init; } = 1;

    /// <summary>How many owners the job has had: a fencing token for outside systems.</summary>
    public int Epoch => _job.Epoch;

    /// <summary>The flow's own settings (its <c>variables</c> defaults and <c>x-</c> members are not among them); an empty object when it has none.</summary>
    public JsonElement Settings => WorkflowJson.EmptyObject;

    /// <summary>The packet that arrived: the job's input for roots, the predecessor's packet, or for joins all packets in declared order, each item once (S9).</summary>
    public DataPacket Data { get; internal init; } = DataPacket.Empty;

    /// <summary>Each predecessor's packet by its step id.</summary>
    public StepInputs Inputs
    {
        get => (_rare ??= new()).Inputs ??= InputNames is null ? StepInputs.Empty : new StepInputs(InputNames, HasSingleInput ? Data : null, InputPackets);
        internal init => (_rare ??= new()).Inputs = value;
    }

    /// <summary>The step's configuration with its templates rendered.</summary>
    public StepConfig Config { get; internal init; } = StepConfig.Empty;

    /// <summary>Job-scoped side data; missing names read as null.</summary>
    public StepValues EngineData => (_rare ??= new()).EngineData ??= Values is { EngineData.IsEmpty: false } data ? new StepValues(data.EngineData) : StepValues.Empty;

    /// <summary>The job's variables as they were when the step started.</summary>
    public StepValues Variables => (_rare ??= new()).Variables ??= Values is { Variables.IsEmpty: false } data ? new StepValues(data.Variables) : StepValues.Empty;

    /// <summary>The signal that a waiting step was called again with; null otherwise.</summary>
    public JsonElement? Signal => Detail?.SignalValue;

    /// <summary>True when a waiting step was called again because its time ran out.</summary>
    public bool TimedOut => Detail is { TimedOut: true };

    /// <summary>Why the token fired, for a body that wants to tell a cancel from a stopping host; <see cref="StopReason.None"/> while it has not.</summary>
    public StopReason StopReason => _job.Host?.ReasonOf(Run) ?? StopReason.None;

    /// <summary>Live services, in a scope of this attempt that is made at the first look and disposed when the attempt ends.</summary>
    public IServiceProvider Services
    {
        get
        {
            if (_job.Services is null)
            {
                return NoServices.Instance;
            }

            var rare = _rare ??= new();
            rare.Scope ??= _job.Services.CreateAsyncScope();
            return rare.Scope.Value.ServiceProvider;
        }
    }

    /// <summary>A logger that carries job, step and attempt.</summary>
    public ILogger Log
    {
        get => (_rare ??= new()).Log ??= _job.Loggers is null ? NullLogger.Instance : new StepLog(_job.Loggers.CreateLogger("WorkflowEngine.Step"), this);
        internal init => (_rare ??= new()).Log = value;
    }

    /// <summary>What variables and engine data are read from.</summary>
    internal JobData? Values { get; init; }

    /// <summary>The predecessors' ids, and for joins their packets by position.</summary>
    internal string[]? InputNames { get; init; }

    internal DataPacket?[]? InputPackets { get; init; }

    internal bool HasSingleInput { get; init; }

    /// <summary>The step's leg, state and signal; null in the first leg.</summary>
    internal StepDetail? Detail { get; init; }

    /// <summary>The cases of a switch, ready to be asked; null for every other step.</summary>
    internal IReadOnlyList<PortCase>? Cases => _rare?.Cases;

    /// <summary>What a loop is told about its rounds; null for every other step.</summary>
    internal LoopLeg? Loop => _rare?.Loop;

    internal int StepIndex { get; init; }

    internal int Run { get; init; }

    internal int Generation => Detail?.Generation ?? 0;

    internal int Leg => Detail?.Leg ?? 0;

    internal JsonSerializerOptions Json => _job.Json;

    internal long MaxBytes => _job.MaxBytes;

    internal JobFacts Job => _job;

    /// <summary>What the step wrote in this attempt: part of its outcome, null while it wrote nothing.</summary>
    internal StepWrites? Writes => _rare?.Writes;

    /// <summary>job/step path/generation/leg: stable over attempts, crashes and takeovers, new after each wait (G2). Give it to outside systems to make effects repeatable.</summary>
    public string IdempotencyKey => (_rare ??= new()).IdempotencyKey ??= $"{JobId}/{StepPath}/{Generation}/{Leg}";

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
    public T? GetState<T>() => Detail?.State is { } state ? state.Deserialize<T>(Json) : default;

    /// <summary>Reports how far the step is. Lower reports than before are ignored, out-of-range ones clamped to 0–100, not-a-number ignored (S24).</summary>
    public void ReportProgress(double percent, string? message = null)
    {
        if (!double.IsNaN(percent) && _job.Host is { } host)
        {
            ((_rare ??= new()).Progress ??= host.OpenProgress(StepIndex, Run)).Report(Math.Clamp(percent, 0, 100), message);
        }
    }

    /// <summary>Sets a variable of the job; it becomes visible when this step's outcome is committed (S20).</summary>
    /// <exception cref="ArgumentException">The name is not legal.</exception>
    /// <exception cref="DataPacketException">The value cannot be JSON, or is too large: the step fails with <c>result_not_storable</c> or <c>packet_too_large</c>.</exception>
    public void SetVariable(string name, object? value, VariableKind kind = VariableKind.Intermediate)
    {
        var variable = new JobVariable(StepWrites.Checked(name), StepWrites.ToJson(name, value, Json, MaxBytes), kind, StepPath);
        ((_rare ??= new()).Writes ??= new()).SetVariable(variable);
    }

    /// <summary>Sets engine data of the job; it becomes visible when this step's outcome is committed.</summary>
    /// <exception cref="ArgumentException">The name is not legal.</exception>
    /// <exception cref="DataPacketException">The value cannot be JSON, or is too large: the step fails with <c>result_not_storable</c> or <c>packet_too_large</c>.</exception>
    public void SetEngineData(string name, object? value)
    {
        var json = StepWrites.ToJson(StepWrites.Checked(name), value, Json, MaxBytes);
        ((_rare ??= new()).Writes ??= new()).SetEngineData(name, json);
    }

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
        var facts = new JobFacts(default, "test", "test", WorkflowJson.Default) { Services = services };
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
            Detail = new StepDetail
            {
                SignalValue = signal is null ? null : WorkflowJson.ToElement(signal),
                TimedOut = timedOut,
                State = state is null ? null : WorkflowJson.ToElement(state),
            },
        };
    }

    /// <summary>Closes what the attempt opened; called once, by the executor.</summary>
    internal ValueTask EndAttemptAsync(ILogger log)
    {
        _rare?.Progress?.Close();
        return _rare?.Scope is { } scope ? DisposeScopeAsync(scope, log) : default;
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

    private sealed class Rare
    {
        public IReadOnlyList<PortCase>? Cases;
        public StepInputs? Inputs;
        public LoopLeg? Loop;
        public StepValues? Variables;
        public StepValues? EngineData;
        public StepWrites? Writes;
        public IProgressSink? Progress;
        public AsyncServiceScope? Scope;
        public ILogger? Log;
        public string? IdempotencyKey;
    }

    private sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}
