using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary><c>wf doctor</c>: holds a store against its rules, and repairs what can be repaired without losing data.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var store = SharedOptions.Store();
        var packets = SharedOptions.Packets();
        var fix = new Option<bool>("--fix") { Description = "Repair what can be repaired without losing data; needs that no worker runs." };
        var json = SharedOptions.Json("Print the findings as one JSON document on stdout.");
        var command = new Command("doctor", "Looks for damage and contradictions in a store; 0 when it is healthy, 1 when something is left.") { store, packets, fix, json };
        command.SetAction(async (parsed, _) => await DoctorRun.RunAsync(StoreAddress.Existing(parsed.GetValue(store)), parsed.GetValue(packets), parsed.GetValue(fix), parsed.GetValue(json)));
        return command;
    }
}
