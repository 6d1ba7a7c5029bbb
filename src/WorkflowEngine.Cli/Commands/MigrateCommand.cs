using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary><c>wf migrate</c>: brings a store's schema up to date.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var store = SharedOptions.Store();
        var command = new Command("migrate", "Makes a store, or brings its schema up to date.") { store };
        command.SetAction(async (parsed, _) => await RunAsync(StoreAddress.Durable(parsed.GetValue(store))));
        return command;
    }

    private static async Task<int> RunAsync(StoreAddress address)
    {
        await using var local = StoreClient.Open(address, packets: null);

        // Opening it migrates it.
        await local.Store.OverviewAsync(CancellationToken.None);
        await Console.Error.WriteLineAsync($"wf: {address} is up to date.");
        return ExitCodes.Done;
    }
}
