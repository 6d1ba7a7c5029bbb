using System.Text.Json;

namespace WorkflowEngine;

/// <summary>What the configuration of <c>for_each</c> and <c>while</c> must say, and what it means (S17, S18).</summary>
internal static class LoopConfig
{
    private const int DefaultMaxIterations = 1000;

    public static bool IsLoop(string? type) => type is ForEachStep.Word or WhileStep.Word;

    public static CompiledLoop Compile(StepDefinition step, CompiledScope body) => new(
        body,
        step.Type == ForEachStep.Word,
        Integer(step.Config, "max_concurrency"),
        step.Config is { ValueKind: JsonValueKind.Object } config && config.TryGetProperty("continue_on_error", out var goesOn) && goesOn.ValueKind == JsonValueKind.True,
        Integer(step.Config, "max_iterations") ?? DefaultMaxIterations);

    /// <summary>Adds what is wrong beyond the shape; the condition of a <c>while</c> comes back as its one case.</summary>
    public static CompiledCase[]? Check(StepDefinition step, JsonElement config, ExpressionNames names, string path, List<FlowDiagnostic> diagnostics)
    {
        CheckLimits(step, config, path, diagnostics);
        if (step.Type == ForEachStep.Word)
        {
            CheckItems(step, config, path, diagnostics);
            return null;
        }

        var (asks, ends) = (config.TryGetProperty(WhileStep.Word, out var condition), config.TryGetProperty(WhileStep.Until, out var end));
        if (asks == ends)
        {
            diagnostics.Report(FlowProblems.BadConfig, path, "A while has one condition, in 'while' or in 'until'.", step.Id);
            return null;
        }

        var member = asks ? WhileStep.Word : WhileStep.Until;
        var text = asks ? condition : end;
        if (text.ValueKind != JsonValueKind.String)
        {
            return null; // The shape has its own diagnostic.
        }

        if (CompiledExpression.TryParseCondition(text.GetString()!, names, $"{path}.{member}", out var when, out var problems))
        {
            return [new CompiledCase(member, when)];
        }

        foreach (var problem in problems)
        {
            diagnostics.Report(problem.Code ?? FlowProblems.BadExpression, $"{path}.{member}", $"{problem.Message} (column {problem.Column})", step.Id);
        }

        return null;
    }

    private static void CheckItems(StepDefinition step, JsonElement config, string path, List<FlowDiagnostic> diagnostics)
    {
        if (!config.TryGetProperty("items", out var items) || items.ValueKind == JsonValueKind.Null)
        {
            diagnostics.Report(FlowProblems.BadConfig, $"{path}.items", "A for_each needs 'items': a list, or a template that gives one.", step.Id);
        }
        else if (items.ValueKind != JsonValueKind.Array && !Template.IsIn(items))
        {
            diagnostics.Report(FlowProblems.BadConfig, $"{path}.items", "'items' is no list.", step.Id);
        }

        FlowCheck.ReportUnsupported(config.TryGetProperty("distribute", out var distributes) && distributes.ValueKind == JsonValueKind.True, $"{path}.distribute", diagnostics, step.Id);
    }

    /// <summary>They shape the loop before it runs, so they are written down and not rendered.</summary>
    private static void CheckLimits(StepDefinition step, JsonElement config, string path, List<FlowDiagnostic> diagnostics)
    {
        foreach (var member in new[] { "max_concurrency", "max_iterations", "continue_on_error" })
        {
            if (!config.TryGetProperty(member, out var value))
            {
                continue;
            }

            if (Template.IsIn(value))
            {
                diagnostics.Report(FlowProblems.BadConfig, $"{path}.{member}", $"'{member}' takes no template.", step.Id);
            }
            else if (Integer(config, member) < 1)
            {
                diagnostics.Report(FlowProblems.BadLimit, $"{path}.{member}", $"{member} is at least 1, not {value.GetRawText()}; leave it out for the default.", step.Id);
            }
        }
    }

    private static int? Integer(JsonElement? config, string member)
        => config is { ValueKind: JsonValueKind.Object } members && members.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;
}
