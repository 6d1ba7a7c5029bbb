using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary><c>wf bench</c>: how fast this machine runs jobs of empty steps.</summary>
internal static class BenchCommand
{
    private const int MostSteps = 100_000;

    private static readonly Option<string?> Store = SharedOptions.Store();
    private static readonly Option<string?> Packets = SharedOptions.Packets();
    private static readonly Option<int?> Jobs = new("--jobs") { Description = "How many jobs; default 10000 chains, 1000 fans or 20 wide ones, a tenth of that on a durable store.", HelpName = "N" };
    private static readonly Option<int?> Steps = new("--steps") { Description = "Steps of a chain (default 5), or branches of a fan (100) or wide flow (5000).", HelpName = "N" };
    private static readonly Option<int> Concurrency = new("--concurrency") { Description = "Jobs in flight.", HelpName = "N", DefaultValueFactory = _ => 64 };
    private static readonly Option<string> Shape = new("--shape") { Description = "chain; fan: 1 to 100 to a join; wide: 1 to 5000 to 1.", HelpName = "chain|fan|wide", DefaultValueFactory = _ => "chain" };
    private static readonly Option<bool> Json = SharedOptions.Json("Print the figures as one JSON document on stdout.");

    public static Command Create()
    {
        Shape.AcceptOnlyFromAmong("chain", "fan", "wide");
        var command = new Command("bench", "Measures steps and jobs per second, and the cost of each.") { Store, Packets, Jobs, Steps, Concurrency, Shape, Json };
        command.SetAction(async (parsed, _) => await RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        var store = StoreAddress.Of(parsed.GetValue(Store));
        var shape = BenchShape.Of(parsed.GetValue(Shape)!, Limited(parsed.GetValue(Steps), "--steps"));
        var jobs = SharedOptions.AtLeastOne(parsed.GetValue(Jobs), "--jobs") ?? (store.IsDurable ? Math.Max(1, shape.DefaultJobs / 10) : shape.DefaultJobs);
        var concurrency = SharedOptions.AtLeastOne(parsed.GetValue(Concurrency), "--concurrency")!.Value;
        var figures = await BenchRun.RunAsync(shape, jobs, concurrency, store, parsed.GetValue(Packets));
        Console.Out.WriteLine(parsed.GetValue(Json) ? JsonText.Of(figures) : figures.ToText());
        return ExitCodes.Done;
    }

    private static int? Limited(int? steps, string option)
        => SharedOptions.AtLeastOne(steps, option) > MostSteps - 2 ? throw new UsageException($"{option} must be at most {MostSteps - 2}.") : steps;
}
