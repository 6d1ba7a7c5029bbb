using System.Collections.Immutable;
using System.Globalization;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Flows.Expressions;

/// <summary>What typical expressions cost. Nothing is asserted about time; alone in its process and with <c>WORKFLOW_ENGINE_BENCH=1</c> the figures are worth reading: see docs/PERFORMANCE.md.</summary>
public sealed class ExpressionBench(ITestOutputHelper output)
{
    private static readonly RenderScope Scope = new()
    {
        Job = new JobFacts(JobId.New(DateTimeOffset.UnixEpoch), "bench", "1", WorkflowJson.Default),
        Input = DataPacket.From([DataItem.Of("order", new { price = 12.5, qty = 2, name = "Ann", tags = new[] { "x", "y" } }), DataItem.Of("order", new { price = 3, qty = 1 })]),
        Data = JobData.None with
        {
            Variables = new Dictionary<string, object> { ["limit"] = 10, ["n"] = 7, ["s"] = "hello" }.ToImmutableDictionary(
                pair => pair.Key, pair => new JobVariable(pair.Key, WorkflowJson.ToElement(pair.Value), VariableKind.Configuration, null), StringComparer.Ordinal),
        },
        Steps = new Dictionary<string, NamedStepMap> { ["a"] = new(new NamedStep("a", StepStatus.Completed, default, null, null), null) },
    };

    [Theory]
    [InlineData("variables.limit > 0")]
    [InlineData("size(input) > 10")]
    [InlineData("steps.a.status == 'completed' && variables.n > 5")]
    [InlineData("input[0].content.price * input[0].content.qty > 20.0")]
    [InlineData("input.exists(i, i.content.qty > 1)")]
    [InlineData("variables.s.matches('^h.*o$')")]
    public void Condition_Typical_CostsLittle(string text)
    {
        var rounds = Environment.GetEnvironmentVariable("WORKFLOW_ENGINE_BENCH") == "1" ? 1_000_000 : 1_000;
        var condition = Expressions.Compile(text);
        for (var i = 0; i < Math.Min(rounds, 100_000); i++)
        {
            condition.EvaluateCondition(Scope);
        }

        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var began = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < rounds; i++)
        {
            condition.EvaluateCondition(Scope);
        }

        var nanoseconds = (Environment.CpuUsage.TotalTime - began).TotalNanoseconds / rounds;
        var allocated = (GC.GetAllocatedBytesForCurrentThread() - bytes) / rounds;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{text}: {nanoseconds:N0} ns of processor time, {allocated} B"));
        allocated.Should().BeLessThan(700);
    }
}
