using System.Text;

namespace WorkflowEngine.Cli;

/// <summary>A flow as a Mermaid flowchart: nodes in declared order, edges labelled with port and condition, loop bodies as subgraphs.</summary>
internal static class MermaidChart
{
    public static string Of(FlowDefinition flow)
    {
        var chart = new StringBuilder("flowchart TD\n");
        var next = 0;
        Draw(chart, flow.Steps, "    ", ref next);
        return chart.ToString();
    }

    private static void Draw(StringBuilder chart, IReadOnlyList<StepDefinition> steps, string indent, ref int next)
    {
        // Ids may contain what Mermaid takes for syntax ("end", "o--"), so nodes get names of their own.
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var step in steps)
        {
            names.TryAdd(step.Id, $"s{next++}");
            var label = step.Name is null || step.Name == step.Id ? Escaped(step.Id) : $"{Escaped(step.Name)}<br/>{Escaped(step.Id)}";
            chart.Append(indent).Append(names[step.Id]).Append(step.Type == "switch" ? "{\"" : "[\"").Append(label)
                .Append("<br/><i>").Append(Escaped(step.Type)).Append("</i>").Append(step.Type == "switch" ? "\"}\n" : "\"]\n");
            if (step.Steps.Count > 0)
            {
                chart.Append(indent).Append("subgraph ").Append(names[step.Id]).Append("_body[\"").Append(Escaped(step.Id)).Append("\"]\n");
                Draw(chart, step.Steps, indent + "    ", ref next);
                chart.Append(indent).Append("end\n").Append(indent).Append(names[step.Id]).Append(" -.- ").Append(names[step.Id]).Append("_body\n");
            }
        }

        foreach (var (from, to, label) in FlowEdges.Of(steps))
        {
            if (names.TryGetValue(from, out var source))
            {
                chart.Append(indent).Append(source).Append(label is null ? " --> " : $" -->|\"{Escaped(label)}\"| ").Append(names[to]).Append('\n');
            }
        }
    }

    private static string Escaped(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("\"", "&quot;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .ReplaceLineEndings(" ");
}
