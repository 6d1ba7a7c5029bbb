using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary><c>wf validate FLOW_FILE</c>: everything that is wrong with a flow, at once.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var file = SharedOptions.FlowFile();
        var json = SharedOptions.Json("Print the diagnostics as one JSON document on stdout.");
        var command = new Command("validate", "Checks a flow and reports every problem at once.") { file, json };
        command.SetAction(async (parsed, _) => await RunAsync(parsed.GetRequiredValue(file), parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> RunAsync(string path, bool isJson)
    {
        var text = FlowFile.Read(path);
        await using var local = LocalEngine.Build();
        var diagnostics = FlowJson.Check(text, local.Registry);
        if (isJson)
        {
            Console.Out.WriteLine(DocumentOf(text, diagnostics));
        }
        else if (FlowFile.Report(path, diagnostics))
        {
            Console.Error.WriteLine($"{path}: the flow is valid.");
        }

        return diagnostics.Count == 0 ? ExitCodes.Done : ExitCodes.Invalid;
    }

    private static string DocumentOf(string text, IReadOnlyList<FlowDiagnostic> diagnostics)
    {
        var (flow, _) = FlowJson.Read(text);
        return JsonText.Of(new
        {
            Valid = diagnostics.Count == 0,
            FlowId = flow?.Id,
            FlowVersion = diagnostics.Count == 0 ? flow?.Version : null,
            Diagnostics = diagnostics,
        });
    }
}
