using Polly;

namespace WorkflowEngine;

/// <summary>What the registry knows of a step type.</summary>
public sealed record StepRegistration
{
    internal StepRegistration()
    {
    }

    /// <summary>The word that flows use for this type: <c>[A-Za-z0-9][A-Za-z0-9_.-]{0,127}</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The name for people; the type when none was given.</summary>
    public required string Name { get; init; }

    /// <summary>Where the type stands in lists; lower first, default 100.</summary>
    public int Position { get; init; } = 100;

    /// <summary>The record that <c>config</c> must fit; null: any object.</summary>
    public Type? ConfigType { get; init; }

    /// <summary>The ports on which the step may complete besides <c>failed</c>; empty: not declared, any is accepted.</summary>
    public IReadOnlyList<string> Ports { get; init; } = [];

    /// <summary>True when an implicitly empty packet from a root of this type is no mistake but "no items" (S10). False for built-ins whose output is explicit.</summary>
    public bool ReturnsPackets { get; init; } = true;

    /// <summary>A Polly pipeline around each attempt; null: none. Retries of it are invisible to the engine, so prefer the step's own retry policy.</summary>
    public ResiliencePipeline? Pipeline { get; init; }

    /// <summary>True when the type needs a DI scope of its own for each attempt.</summary>
    internal bool NeedsScope { get; init; }

    /// <summary>Gives the step for one attempt.</summary>
    internal Func<IServiceProvider, IStep> Resolve { get; init; } = null!;
}

/// <summary>Adds facts to a step type while it is registered.</summary>
public sealed class StepRegistrationBuilder
{
    internal StepRegistrationBuilder(StepRegistration registration) => Registration = registration;

    internal StepRegistration Registration { get; private set; }

    /// <summary>The name for people.</summary>
    public StepRegistrationBuilder Name(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Registration = Registration with { Name = name };
        return this;
    }

    /// <summary>Where the type stands in lists; lower first.</summary>
    public StepRegistrationBuilder Position(int position)
    {
        Registration = Registration with { Position = position };
        return this;
    }

    /// <summary>The record that <c>config</c> must fit. Members without a template are checked when a flow is compiled.</summary>
    public StepRegistrationBuilder Config<T>()
    {
        Registration = Registration with { ConfigType = typeof(T) };
        return this;
    }

    /// <summary>Wraps each attempt in a Polly pipeline, for example a circuit breaker or rate limiter shared by all jobs.</summary>
    public StepRegistrationBuilder Resilience(ResiliencePipeline pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        Registration = Registration with { Pipeline = pipeline };
        return this;
    }

    /// <summary>The ports on which the step may complete, so that edges with other ports are refused when a flow is compiled.</summary>
    public StepRegistrationBuilder Ports(params string[] ports)
    {
        ArgumentNullException.ThrowIfNull(ports);
        Registration = Registration with { Ports = [.. ports.Select(port => port.Trim())] };
        return this;
    }
}
