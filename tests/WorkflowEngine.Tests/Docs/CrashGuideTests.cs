using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.HouseRules;

namespace WorkflowEngine.Tests.Docs;

/// <summary>The code of docs/guides/testing-crashes.md, compiled and run.</summary>
public sealed class CrashGuideTests
{
    private readonly Bank _bank = new();

    [Fact]
    public void Guide_ShowsOnlyCodeOfThisFile()
    {
        var compiled = Unindented(SourceTree.Read("tests/WorkflowEngine.Tests/Docs/CrashGuideTests.cs"));
        var blocks = SourceTree.Read("docs/guides/testing-crashes.md").Split("```").Where(block => block.StartsWith("csharp\n", StringComparison.Ordinal));

        blocks.Should().HaveCountGreaterThan(3).And.AllSatisfy(block => compiled.Should().Contain(Unindented(block["csharp\n".Length..])));
    }

    [Fact]
    public async Task Order_CrashedAtEveryCommit_ChargesOnce()
        => await FlowTestHost.CrashAtEveryCommitAsync(AddOrder, "order", new { Amount = 30 }, result =>
        {
            result.EnsureSucceeded();
            _bank.Charges.Should().HaveCount(1);
            _bank.Charges.Clear();
        });

    [Fact]
    public async Task Order_CrashedAfterTheCharge_ChargesWithTheSameKey()
    {
        await using var host = await FlowTestHost.StartAsync(AddOrder);
        var job = await host.StartAsync("order", new { Amount = 30 });
        host.CrashAt(CrashPoint.AfterBody, occurrence: 2);     // check, charge: the money is taken, nothing is written down

        await host.RunToEndAsync(job);

        await job.ShouldHaveRunAsync("check", "charge", "ship");
        _bank.Calls.Should().Be(2);
        _bank.Charges.Should().HaveCount(1);
    }

    [Fact]
    public async Task Order_WhoseStoreLosesReplies_ShipsAllTheSame()
    {
        await using var host = await FlowTestHost.StartAsync(AddOrder);
        host.Faults.Add(new Fault { Member = StoreMember.Commit, Call = 2, Times = 3, AfterEffect = true });

        var result = await host.RunAsync("order", new { Amount = 30 });

        result.EnsureSucceeded();
        host.Faults.Failed.Should().Be(3);
    }

    private void AddOrder(IWorkflowEngineBuilder engine) => engine
        .AddStep("check", payload => payload.Data)
        .AddStep("charge", payload => payload.Data.Prepend(_bank.Charge(payload.IdempotencyKey, payload.Get<Order>().Amount)))
        .AddStep("ship", payload => payload.Data.Prepend("shipped"))
        .AddFlow("order", flow => flow.Start("check", "check").Then("charge", "charge").Then("ship", "ship"));

    private static string Unindented(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()));

    private sealed record Order(decimal Amount);

    private sealed class Bank
    {
        public Dictionary<string, decimal> Charges { get; } = [];

        public int Calls { get; private set; }

        public string Charge(string key, decimal amount)
        {
            Calls++;
            Charges[key] = amount;      // the same key again is the same charge
            return "paid";
        }
    }
}
