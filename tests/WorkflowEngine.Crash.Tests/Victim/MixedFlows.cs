using System.Security.Cryptography;
using System.Text;

namespace WorkflowEngine.Crash;

/// <summary>
/// The flows of the proofs: chains, graphs with joins, retries, waits, signals and large packets. Every result depends on nothing but the flow, the step and the results
/// of its predecessors, so that the judge can reckon each one anew.
/// </summary>
public static class MixedFlows
{
    public const string Signal = "go";

    private static readonly FlowDefinition[] Flows =
    [
        Flow("chain", flow => flow.Start("a", "work").Then("b", "work").Then("c", "work").Then("d", "work")),
        Flow("diamond", flow => flow.Start("a", "work").Step("b", "work", ["a"]).Step("c", "work", ["a"]).Join("d", "work", ["b", "c"])),
        Flow("mesh", flow => flow
            .Start("a", "work").Start("b", "work").Step("c", "work", ["a"]).Step("d", "work", ["a", "b"]).Step("e", "work", ["b"])
            .Join("f", "work", ["c", "d", "e"]).Then("g", "work")),
        Flow("flaky", flow => flow.Start("a", "work").Then("b", "flaky", step => step.Retry(maxAttempts: 3, delay: TimeSpan.FromMilliseconds(20))).Then("c", "work")),
        Flow("nap", flow => flow.Start("a", "work").Then("b", "nap").Then("c", "work")),
        Flow("gate", flow => flow.Start("a", "work").Then("b", "gate").Then("c", "work")),
        Flow("bulk", flow => flow.Start("a", "work").Then("b", "bulk").Then("c", "work").Then("d", "bulk")),
    ];

    public static IEnumerable<string> Names => Flows.Select(flow => flow.Id);

    public static IEnumerable<FlowDefinition> All => Flows;

    public static FlowDefinition Named(string id) => Flows.Single(flow => flow.Id == id);

    /// <summary>What a step makes of its predecessors' results; a root of the job's number.</summary>
    public static string Result(string flow, string step, IEnumerable<string> inputs)
        => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{flow}/{step}({string.Join(',', inputs)})")).AsSpan(0, 8));

    private static FlowDefinition Flow(string id, Action<FlowBuilder> declare)
    {
        var flow = new FlowBuilder(id);
        declare(flow);
        return flow.Build();
    }
}
