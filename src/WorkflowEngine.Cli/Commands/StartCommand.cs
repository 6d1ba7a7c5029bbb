using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary><c>wf start FLOW_ID</c>: starts a job of a flow that the store knows, for any worker.</summary>
internal static class StartCommand
{
    private static readonly Argument<string> Flow = new("FLOW_ID") { Description = "A flow that was run or added on this store." };
    private static readonly Option<string?> Input = SharedOptions.Input();
    private static readonly Option<string[]> Variables = SharedOptions.Variables();
    private static readonly Option<string?> Key = new("--key") { Description = "The job's key: the same request twice gives one job.", HelpName = "KEY" };
    private static readonly Option<string?> Store = SharedOptions.Store();
    private static readonly Option<string?> Packets = SharedOptions.Packets();
    private static readonly Option<bool> Json = SharedOptions.Json("Print the job as one JSON document on stdout.");

    public static Command Create()
    {
        var command = new Command("start", "Starts a job of a stored flow for any worker, and prints its id.") { Flow, Input, Variables, Key, Store, Packets, Json };
        command.SetAction(async (parsed, _) => await RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        await using var local = StoreClient.Open(StoreAddress.Existing(parsed.GetValue(Store)), parsed.GetValue(Packets));
        var id = parsed.GetRequiredValue(Flow);
        await StoredFlows.LoadAsync(local, id);
        var flow = await local.Engine.Flows.FindAsync(id) ?? throw new NothingFoundException($"the store has no flow '{id}'; wf run --detach FLOW_FILE adds one.");
        var options = new JobOptions { Key = parsed.GetValue(Key), Trigger = "manual", Actor = Environment.UserName, Variables = InputText.Variables(parsed.GetValue(Variables) ?? [], flow) };
        var job = await StartAsync(local.Engine, id, InputText.Read(parsed.GetValue(Input)), options);
        if (parsed.GetValue(Json))
        {
            await JobReport.WriteAsync(job, local.Time, isJson: true, isQuiet: true);
        }
        else
        {
            await Console.Out.WriteLineAsync(job.Id.ToString());
        }

        return ExitCodes.Done;
    }

    private static async Task<JobHandle> StartAsync(IWorkflowEngine engine, string flow, DataPacket? input, JobOptions options)
    {
        try
        {
            return await engine.StartAsync(flow, input, options);
        }
        catch (ArgumentException error)
        {
            throw UsageException.Of(error);
        }
    }
}
