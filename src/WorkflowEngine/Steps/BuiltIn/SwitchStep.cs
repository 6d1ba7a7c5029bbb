using System.Text.Json;

namespace WorkflowEngine;

/// <summary>How <see cref="SwitchStep"/> chooses.</summary>
internal sealed record SwitchConfig
{
    /// <summary>Each with a port and a condition; compiled with the flow.</summary>
    public required JsonElement Cases { get; init; }

    /// <summary>The port when no case holds; without it the step fails then.</summary>
    public string? Default { get; init; }

    /// <summary><c>first</c> (the default) or <c>all</c>.</summary>
    public string? Match { get; init; }
}

/// <summary>A condition that is judged when it is asked, and the port it leads to.</summary>
internal sealed record PortCase(string Port, Func<bool> Holds);

/// <summary>Hands its input on, on the port of the first case that holds, or of all of them.</summary>
internal sealed class SwitchStep : IStep
{
    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var config = payload.Config.Get<SwitchConfig>();
        var holding = (payload.Cases ?? []).Where(one => one.Holds()).Select(one => one.Port);
        var ports = (config.Match == "all" ? holding.Distinct(StringComparer.OrdinalIgnoreCase) : holding.Take(1)).ToArray();
        if (ports.Length > 0)
        {
            return StepResult.CompletedOn(payload.Data, ports);
        }

        return config.Default is { } port
            ? StepResult.Completed(payload.Data, port)
            : StepResult.Fail(Reasons.NoCase, $"No case of switch '{payload.StepId}' holds, and it has no default.", retryable: false);
    }
}
