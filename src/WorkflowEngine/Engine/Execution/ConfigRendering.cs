using System.Collections.Immutable;
using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>Renders a step's config for one attempt: loads what its templates name, resolves secrets, and stores neither.</summary>
internal sealed class ConfigRendering(PacketVault vault, IReadOnlyList<ISecretProvider> secrets)
{
    /// <exception cref="StepFailedException">A name cannot be resolved: <c>expression_failed</c>.</exception>
    public async ValueTask<StepConfig> RenderAsync(JobFacts job, StepTask task, DataPacket data, StepInputs inputs)
    {
        var template = task.Step.Config!;
        var scope = new RenderScope
        {
            Job = job,
            Input = data,
            Inputs = inputs,
            Data = task.Data,
            Steps = await StepsAsync(task.Named).ConfigureAwait(false),
            Secrets = await SecretsAsync(template).ConfigureAwait(false),
            Signal = task.Start.Detail.SignalValue,
            Error = task.Error is { } error ? WorkflowJson.ToElement(error) : null,
        };
        return new StepConfig(template.Render(scope), job.Json);
    }

    /// <summary>Renders a flow's output.</summary>
    public async ValueTask<JsonElement> RenderOutputAsync(JobFacts job, Template output, JobData jobData, NamedStep[] named, PacketSlot input)
    {
        var scope = new RenderScope
        {
            Job = job,
            Input = await vault.LoadAsync(input).ConfigureAwait(false),
            Data = jobData,
            Steps = await StepsAsync(named).ConfigureAwait(false),
        };
        return output.Render(scope);
    }

    private async ValueTask<IReadOnlyDictionary<string, JsonElement>> StepsAsync(NamedStep[] named)
    {
        if (named.Length == 0)
        {
            return ImmutableDictionary<string, JsonElement>.Empty;
        }

        var steps = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var step in named)
        {
            var members = new Dictionary<string, object?>(StringComparer.Ordinal) { ["status"] = step.Status.ToWord() };
            if (step.Status.IsTerminal())
            {
                var output = await vault.LoadAsync(step.Output).ConfigureAwait(false);
                members["output"] = JsonElement.Parse(output.ToJson());
                members["port"] = step.Port ?? (step.Status == StepStatus.Completed ? StepResult.DonePort : null);
                members["error"] = step.Error;
            }

            steps[step.Id] = WorkflowJson.ToElement(members);
        }

        return steps;
    }

    private async ValueTask<IReadOnlyDictionary<string, string>> SecretsAsync(Template template)
    {
        Dictionary<string, string>? found = null;
        foreach (var path in template.Lookups)
        {
            if (path.Count != 2 || path[0] != "secrets")
            {
                continue;
            }

            foreach (var provider in secrets)
            {
                if (await provider.FindSecretAsync(path[1], CancellationToken.None).ConfigureAwait(false) is { } secret)
                {
                    (found ??= new(StringComparer.Ordinal))[path[1]] = secret;
                    break;
                }
            }
        }

        return found ?? (IReadOnlyDictionary<string, string>)ImmutableDictionary<string, string>.Empty;
    }
}
