using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorkflowEngine;

/// <summary>What happens to a job when a step fails and nothing handles it (S8).</summary>
[JsonConverter(typeof(FailurePolicyForm))]
public enum FailurePolicy
{
    /// <summary>Nothing new starts; running steps finish.</summary>
    StopOnFailure,

    /// <summary>What does not depend on the failure is finished; the job still ends failed.</summary>
    ContinueIndependent,
}

/// <summary>In which order the ready steps of one job start (S31).</summary>
[JsonConverter(typeof(StepOrderForm))]
public enum StepStrategy
{
    /// <summary>As they became ready, then as declared.</summary>
    DependencyOrder,

    /// <summary>Higher <c>priority</c> first, then as they became ready.</summary>
    Priority,

    /// <summary>The longest remaining path by weight first.</summary>
    CriticalPath,
}

internal sealed class FailurePolicyForm() : JsonStringEnumConverter<FailurePolicy>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

internal sealed class StepOrderForm() : JsonStringEnumConverter<StepStrategy>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

/// <summary>
/// A flow as its author declares it: a graph of steps with configuration. It is data only; <see cref="Parse"/> reads the JSON form and the engine
/// compiles it, which reports every problem at once, before a job can start.
/// </summary>
public sealed record FlowDefinition
{
    /// <summary><c>[A-Za-z0-9][A-Za-z0-9_.-]{0,127}</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The name for people.</summary>
    public string? Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Default variables, of kind configuration.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>A JSON schema that a job's input must fit; null: anything.</summary>
    public JsonElement? InputSchema { get; init; }

    /// <summary>Default <see cref="FailurePolicy.StopOnFailure"/>.</summary>
    public FailurePolicy FailurePolicy { get; init; }

    /// <summary>Default <see cref="StepStrategy.DependencyOrder"/>.</summary>
    public StepStrategy Strategy { get; init; }

    /// <summary>How many steps of one job run at the same time; null: the default of 8.</summary>
    public int? MaxConcurrentSteps { get; init; }

    /// <summary>How many jobs of this flow run at the same time; null: no limit.</summary>
    public int? MaxConcurrentJobs { get; init; }

    /// <summary>A template whose value serialises jobs: one at a time per value.</summary>
    public string? ConcurrencyKey { get; init; }

    /// <summary>How many bytes of packets one job may keep; null: no limit.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>How long a job may take in all; null: no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The retry policy of steps that declare none.</summary>
    public RetryPolicy? DefaultRetry { get; init; }

    /// <summary>The timeout of steps that declare none.</summary>
    public TimeSpan? DefaultTimeout { get; init; }

    /// <summary>The flow that is started when a job of this one fails.</summary>
    public string? OnFailureFlowId { get; init; }

    /// <summary>Schedules as declared.</summary>
    public JsonElement? Schedules { get; init; }

    /// <summary>The steps.</summary>
    public IReadOnlyList<StepDefinition> Steps { get; init; } = [];

    /// <summary>The flow's output: any JSON with templates; null: the packets of the live leaves (S9).</summary>
    public JsonElement? Output { get; init; }

    /// <summary>The content hash that versions this flow: the first 16 hexadecimal digits of the SHA-256 of its canonical JSON (S1); for a flow in code the version it was registered with (S28).</summary>
    public string Version => Code?.Version ?? FlowJson.VersionOf(this);

    /// <summary>Set when the flow's steps are code (S28); null: a graph.</summary>
    internal CodeFlow? Code { get; init; }

    /// <summary>Reads the JSON form (comments and trailing commas are accepted).</summary>
    /// <exception cref="FlowValidationException">With every diagnostic that reading alone can find; what needs the step registry is found when the flow is registered.</exception>
    public static FlowDefinition Parse(string json) => FlowJson.Parse(json);

    /// <summary>Writes the JSON form, indented; <see cref="Parse"/> reads it back to the same version.</summary>
    public string ToJson() => FlowJson.Write(this);
}

/// <summary>A step as its author declares it.</summary>
public sealed record StepDefinition
{
    /// <summary><c>[A-Za-z0-9][A-Za-z0-9_-]{0,127}</c>, unique in the flow.</summary>
    public required string Id { get; init; }

    /// <summary>The name for people.</summary>
    public string? Name { get; init; }

    /// <summary>The step type in the registry.</summary>
    public required string Type { get; init; }

    /// <summary>A JSON object, with templates; null: none.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>Null: the flow's default.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>How long one attempt may take; null: the flow's default.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The edges that lead here; empty: a root.</summary>
    public IReadOnlyList<StepEdge> After { get; init; } = [];

    /// <summary>In place of <see cref="After"/> on every step of the list: the steps run in ascending order.</summary>
    public int? Order { get; init; }

    /// <summary>When a step with several incoming edges runs.</summary>
    public JoinRule Join { get; init; } = JoinRule.All;

    /// <summary>Once this join has fired, cancel the steps from which every path leads into it.</summary>
    public bool CancelRest { get; init; }

    /// <summary>An empty packet from this step is fine (S10).</summary>
    public bool AllowEmpty { get; init; }

    /// <summary>Its share of the job's progress; null: 1.</summary>
    public double? Weight { get; init; }

    /// <summary>Higher first under <see cref="StepStrategy.Priority"/>.</summary>
    public int Priority { get; init; }

    /// <summary>The step of the same list that undoes this one.</summary>
    public string? CompensateWith { get; init; }

    /// <summary>The body of a loop.</summary>
    public IReadOnlyList<StepDefinition> Steps { get; init; } = [];
}

/// <summary>An edge into a step.</summary>
/// <param name="Step">The predecessor.</param>
/// <param name="Port">The port it must complete on; null: any completion; <c>failed</c>: the error edge; <c>*</c>: completion and failure alike (S4).</param>
/// <param name="When">A condition that must hold too; null: none.</param>
public sealed record StepEdge(string Step, string? Port = null, string? When = null);

/// <summary>When a join runs (S6).</summary>
/// <param name="Required">How many live edges it takes; 0: all incoming edges must be resolved, at least one of them live.</param>
public readonly record struct JoinRule(int Required)
{
    /// <summary>Waits until every incoming edge is resolved and runs once if at least one is live.</summary>
    public static JoinRule All => new(0);

    /// <summary>Runs once at the first live edge.</summary>
    public static JoinRule Any => new(1);

    /// <summary>Runs once at the n-th live edge.</summary>
    public static JoinRule Count(int required)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(required, 1);
        return new JoinRule(required);
    }
}
