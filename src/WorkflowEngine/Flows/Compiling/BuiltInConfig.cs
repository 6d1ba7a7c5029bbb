using System.Globalization;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>What can be wrong with the configuration of a built-in step beyond its shape, and the conditions that a switch has in there.</summary>
internal sealed class BuiltInConfig(List<FlowDiagnostic> diagnostics)
{
    private const string Switch = "switch";

    /// <summary>The ports of a step whose configuration names them; null: its type does.</summary>
    public static IReadOnlyList<string>? PortsOf(StepDefinition step)
    {
        if (step.Type != Switch || step.Config is not { ValueKind: JsonValueKind.Object } config)
        {
            return null;
        }

        var ports = Cases(config).Select(one => Text(one, "port"));
        return [.. ports.Append(Text(config, "default")).OfType<string>()];
    }

    /// <summary>Checks; returns the cases of a switch.</summary>
    public CompiledCase[]? Compile(StepDefinition step, ExpressionNames names, string path)
    {
        var config = step.Config is { ValueKind: JsonValueKind.Object } declared ? declared : WorkflowJson.EmptyObject;
        switch (step.Type)
        {
            case Switch:
                return CompileSwitch(step, config, names, path);
            case ForEachStep.Word or WhileStep.Word:
                return LoopConfig.Check(step, config, names, path, diagnostics);
            case "delay":
                CheckDelay(step, config, path);
                break;
            case "wait_for_signal" or "approval":
                CheckDuration(step, config, "timeout", path);
                CheckNotBlank(step, config, step.Type == "approval" ? "name" : "signal", path);
                break;
        }

        return null;
    }

    private CompiledCase[] CompileSwitch(StepDefinition step, JsonElement config, ExpressionNames names, string path)
    {
        if (Text(config, "match") is { } match && match is not ("first" or "all"))
        {
            Report(step, $"{path}.match", $"{FlowProblems.Quote(match)} is no way to match; write first or all.");
        }

        var compiled = new List<CompiledCase>();
        var position = 0;
        foreach (var one in Cases(config))
        {
            var place = $"{path}.cases[{position++}]";
            if (Text(one, "port") is not { } port || string.IsNullOrWhiteSpace(port) || port.Trim() is "*" or StepResult.FailedPort)
            {
                Report(step, $"{place}.port", "A case needs a port of its own: a word other than failed and *.");
            }
            else if (Text(one, "when") is not { } when)
            {
                Report(step, $"{place}.when", "A case needs a condition in 'when'.");
            }
            else if (CompiledExpression.TryParseCondition(when, names, $"{place}.when", out var condition, out var problems))
            {
                compiled.Add(new CompiledCase(port.Trim(), condition));
            }
            else
            {
                foreach (var problem in problems)
                {
                    diagnostics.Report(problem.Code ?? FlowProblems.BadExpression, $"{place}.when", $"{problem.Message} (column {problem.Column})", step.Id);
                }
            }
        }

        if (position == 0)
        {
            Report(step, $"{path}.cases", "A switch needs a list of cases, each with 'port' and 'when'.");
        }

        return [.. compiled];
    }

    private void CheckDelay(StepDefinition step, JsonElement config, string path)
    {
        if (config.TryGetProperty("duration", out _) == config.TryGetProperty("until", out _))
        {
            Report(step, path, "A delay has either 'duration' or 'until'.");
        }

        CheckDuration(step, config, "duration", path);
        if (Constant(config, "until") is { } until && !DateTimeOffset.TryParse(until, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _))
        {
            Report(step, $"{path}.until", $"{FlowProblems.Quote(until)} is no time; write ISO 8601, for example 2027-01-01T06:00:00Z.");
        }
    }

    private void CheckDuration(StepDefinition step, JsonElement config, string member, string path)
    {
        if (Constant(config, member) is { } text && !Duration.TryParse(text, out _))
        {
            diagnostics.Report(FlowProblems.BadDuration, $"{path}.{member}", $"{FlowProblems.Quote(text)} is no duration; write {Duration.Forms}.", step.Id);
        }
    }

    private void CheckNotBlank(StepDefinition step, JsonElement config, string member, string path)
    {
        if (Constant(config, member) is { } text && string.IsNullOrWhiteSpace(text))
        {
            Report(step, $"{path}.{member}", $"'{member}' is empty.");
        }
    }

    private void Report(StepDefinition step, string path, string message) => diagnostics.Report(FlowProblems.BadConfig, path, message, step.Id);

    private static IEnumerable<JsonElement> Cases(JsonElement config)
        => config.TryGetProperty("cases", out var cases) && cases.ValueKind == JsonValueKind.Array ? cases.EnumerateArray() : [];

    private static string? Text(JsonElement value, string member)
        => value.ValueKind == JsonValueKind.Object && value.TryGetProperty(member, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString() : null;

    /// <summary>A text without templates: what is rendered is checked when it runs.</summary>
    private static string? Constant(JsonElement config, string member)
        => Text(config, member) is { } text && !Template.IsIn(config.GetProperty(member)) ? text : null;
}
