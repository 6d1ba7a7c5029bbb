using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary><c>wf import wfcommons FILE</c>: a recorded workflow as a flow.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A WfCommons instance (WfFormat 1.5)." };
        var scale = new Option<double?>("--time-scale") { Description = "Each step simulates its recorded runtime times X; without it steps do nothing.", HelpName = "X" };
        var wfCommons = new Command("wfcommons", "Turns a WfCommons instance into a flow, written to stdout.") { file, scale };
        wfCommons.SetAction((parsed, _) => Task.FromResult(Run(parsed.GetRequiredValue(file), parsed.GetValue(scale))));
        return new Command("import", "Turns other formats into flows.") { wfCommons };
    }

    private static int Run(string path, double? scale)
    {
        if (scale is { } factor && !(factor >= 0 && double.IsFinite(factor)))
        {
            throw new UsageException($"--time-scale must be a number of at least 0, not {factor}.");
        }

        var instance = WfInstance.Read(FlowFile.ReadText(path), path);
        Console.Out.WriteLine(WfImport.ToFlow(instance, scale).ToJson());
        return ExitCodes.Done;
    }
}
