using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary><c>wf worker</c>: runs the jobs of a durable store until it is told to stop, or until nothing is left.</summary>
internal static class WorkerCommand
{
    private static readonly Option<string?> Store = SharedOptions.Store();
    private static readonly Option<string?> Packets = SharedOptions.Packets();
    private static readonly Option<string?> Flows = new("--flows") { Description = "Flows to add to the store first: every *.json of a folder.", HelpName = "DIR" };
    private static readonly Option<string?> Name = new("--name") { Description = "The worker's name in events; default the machine's.", HelpName = "NAME" };
    private static readonly Option<string?> Lease = new("--lease") { Description = "How long the worker's jobs stay its own without a sign of life; on SQLite a dead worker is known at once.", HelpName = "15s" };
    private static readonly Option<int?> MaxConcurrency = SharedOptions.MaxConcurrency();
    private static readonly Option<bool> Drain = new("--drain") { Description = "End with 0 when nothing is left that could run." };

    public static Command Create()
    {
        var command = new Command("worker", "Runs the jobs of a durable store.") { Store, Packets, Flows, Name, Lease, MaxConcurrency, Drain };
        command.SetAction(async (parsed, _) => await new WorkerRun(new WorkerRequest(StoreAddress.Durable(parsed.GetValue(Store)))
        {
            Packets = parsed.GetValue(Packets),
            Flows = parsed.GetValue(Flows),
            Name = parsed.GetValue(Name),
            Lease = LeaseOf(parsed.GetValue(Lease)),
            MaxConcurrency = SharedOptions.AtLeastOne(parsed.GetValue(MaxConcurrency), "--max-concurrency"),
            Drains = parsed.GetValue(Drain),
        }).RunAsync());
        return command;
    }

    private static TimeSpan? LeaseOf(string? text)
        => text is null ? null
            : Duration.TryParse(text, out var lease) && lease > TimeSpan.Zero ? lease
            : throw new UsageException($"--lease: '{text}' is no lease; write {Duration.Forms}.");
}
