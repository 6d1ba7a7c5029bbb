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
            Steps = await StepsAsync(task.Named, template.Lookups).ConfigureAwait(false),
            Secrets = await SecretsAsync(template).ConfigureAwait(false),
            Signal = task.Start.Detail.SignalValue,
            Error = task.Error,
            Round = task.Round,
            Items = await ItemsAsync(task).ConfigureAwait(false),
        };
        return new StepConfig(template.Render(scope), job.Json);
    }

    /// <summary>What the cases of a switch are judged over: its input.</summary>
    public async ValueTask<RenderScope> CaseScopeAsync(JobFacts job, StepTask task, DataPacket data, StepInputs inputs) => new()
    {
        Job = job,
        Input = data,
        Inputs = inputs,
        Data = task.Data,
        Steps = await StepsAsync(task.Named, [.. task.Step.Cases!.SelectMany(one => one.When.Lookups)]).ConfigureAwait(false),
        Error = task.Error,
        Round = task.Round,
        Items = await ItemsAsync(task).ConfigureAwait(false),
    };

    /// <summary>
    /// The verdicts of the conditions behind a step, over its own output and writes, and a snapshot of everything else as it was when the step started (S4). Only edges that its end
    /// would take are judged.
    /// </summary>
    /// <exception cref="StepFailedException">A condition cannot be told: <c>expression_failed</c>.</exception>
    public async ValueTask<bool[]> JudgeAsync(JobFacts job, StepTask task, StepOutcome outcome)
    {
        var isFailure = outcome.Kind == OutcomeKind.Failed;
        var own = new NamedStep(task.Step.Id, isFailure ? StepStatus.Failed : StepStatus.Completed, outcome.Output, outcome.Ports?[0], outcome.Error);
        var input = isFailure ? outcome.Error!.ToPacket(task.Path) : await vault.LoadAsync(outcome.Output).ConfigureAwait(false);
        var edges = task.Step.Outgoing;
        var scope = new RenderScope
        {
            Job = job,
            Input = input,
            Data = outcome.Writes is { } writes ? writes.Over(task.Data) : task.Data,
            Steps = await StepsAsync([.. task.Named.Where(step => step.Id != own.Id), own], [.. edges.SelectMany(edge => edge.When?.Lookups ?? [])]).ConfigureAwait(false),
            Error = outcome.Error,
            Round = task.Round,
            Items = await ItemsAsync(task).ConfigureAwait(false),
        };
        return Array.ConvertAll(edges, edge => edge.When is not { } when || !(isFailure ? edge.TakesFailure : edge.TakesCompletion && edge.Matches(outcome.Ports)) || when.EvaluateCondition(scope));
    }

    /// <summary>Renders a flow's output.</summary>
    public async ValueTask<JsonElement> RenderOutputAsync(JobFacts job, Template output, JobData jobData, NamedStep[] named, PacketSlot input)
    {
        var scope = new RenderScope
        {
            Job = job,
            Input = await vault.LoadAsync(input).ConfigureAwait(false),
            Data = jobData,
            Steps = await StepsAsync(named, output.Lookups).ConfigureAwait(false),
        };
        return output.Render(scope);
    }

    /// <summary>The list of the loop around the step, which is in memory once its first round has begun.</summary>
    private ValueTask<DataPacket?> ItemsAsync(StepTask task)
    {
        return task.Round?.Items is { } items ? LoadAsync(items, vault) : default;

        static async ValueTask<DataPacket?> LoadAsync(LoopItems items, PacketVault vault) => await RoundFacts.LoadAsync(items, vault).ConfigureAwait(false);
    }

    private async ValueTask<IReadOnlyDictionary<string, NamedStepMap>> StepsAsync(NamedStep[] named, IReadOnlyList<IReadOnlyList<string>> lookups)
    {
        if (named.Length == 0)
        {
            return ImmutableDictionary<string, NamedStepMap>.Empty;
        }

        var steps = new Dictionary<string, NamedStepMap>(named.Length, StringComparer.Ordinal);
        foreach (var step in named)
        {
            var output = step.Status.IsTerminal() && LooksUpOutput(lookups, step.Id) ? await vault.LoadAsync(step.Output).ConfigureAwait(false) : null;
            steps[step.Id] = new NamedStepMap(step, output);
        }

        return steps;
    }

    /// <summary>Whether the output is needed, which may be a large file: not for a status, a port or an error.</summary>
    private static bool LooksUpOutput(IReadOnlyList<IReadOnlyList<string>> lookups, string step)
    {
        foreach (var path in lookups)
        {
            if (path is ["steps", var id, ..] && id == step && path is [_, _] or [_, _, "output", ..])
            {
                return true;
            }
        }

        return false;
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
