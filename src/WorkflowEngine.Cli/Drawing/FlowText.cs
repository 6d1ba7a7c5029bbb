using System.Text;

namespace WorkflowEngine.Cli;

/// <summary>A flow as indented text: every step with its type and what it comes after.</summary>
internal static class FlowText
{
    public static string Of(FlowDefinition flow)
    {
        var text = new StringBuilder();
        text.Append(flow.Id).Append(flow.Name is null ? string.Empty : $": {flow.Name}").Append('\n');
        text.Append($"version {flow.Version}, {flow.Steps.Count} step{(flow.Steps.Count == 1 ? string.Empty : "s")}\n");
        Write(text, flow.Steps, "  ");
        return text.ToString();
    }

    private static void Write(StringBuilder text, IReadOnlyList<StepDefinition> steps, string indent)
    {
        var incoming = FlowEdges.Of(steps).ToLookup(edge => edge.To, StringComparer.Ordinal);
        foreach (var step in steps)
        {
            text.Append(indent).Append(step.Id).Append(" (").Append(step.Type).Append(')');
            if (step.Name is not null && step.Name != step.Id)
            {
                text.Append(" \"").Append(step.Name).Append('"');
            }

            var after = string.Join(", ", incoming[step.Id].Select(edge => edge.Label is null ? edge.From : $"{edge.From} [{edge.Label}]"));
            text.Append(after.Length > 0 ? $" <- {after}" : string.Empty).Append('\n');
            Write(text, step.Steps, indent + "  ");
        }
    }
}
