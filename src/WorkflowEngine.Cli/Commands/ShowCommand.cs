using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary><c>wf show FLOW_FILE</c>: a flow as a picture.</summary>
internal static class ShowCommand
{
    public static Command Create()
    {
        var file = SharedOptions.FlowFile();
        var format = new Option<string>("--format") { Description = "mermaid or text.", HelpName = "mermaid|text", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("mermaid", "text");
        var command = new Command("show", "Draws a flow as a Mermaid chart or as text.") { file, format };
        command.SetAction((parsed, _) => Task.FromResult(Run(parsed.GetRequiredValue(file), parsed.GetValue(format)!)));
        return command;
    }

    private static int Run(string path, string format)
    {
        var text = FlowFile.Read(path);
        var (flow, diagnostics) = FlowJson.Read(text);
        if (!FlowFile.Report(path, diagnostics) || flow is null)
        {
            return ExitCodes.Invalid;
        }

        Console.Out.Write(format == "mermaid" ? MermaidChart.Of(flow) : FlowText.Of(flow));
        return ExitCodes.Done;
    }
}
