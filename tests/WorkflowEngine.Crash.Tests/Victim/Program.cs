using System.Text.Json;
using WorkflowEngine.Crash;

// One program, two parts that are always processes of their own: the ledger, which is the judge's memory, and the victim, which runs jobs until it is killed.
switch (args)
{
    case ["ledger", var socket, var file]:
        await LedgerServer.RunAsync(socket, file);
        return 0;
    case ["run", var plan]:
        return await VictimHost.RunAsync(JsonSerializer.Deserialize<VictimPlan>(plan)!);
    default:
        Console.Error.WriteLine("Usage: ledger SOCKET FILE | run PLAN");
        return 2;
}
