using System.Diagnostics;
using System.Globalization;

namespace WorkflowEngine.Tests.Flows.Expressions;

/// <summary>What typical expressions cost. Nothing is asserted about time; with <c>WORKFLOW_ENGINE_BENCH=1</c> the figures are worth reading: see docs/PERFORMANCE.md.</summary>
public sealed class ExpressionBench(ITestOutputHelper output)
{
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
            condition.EvaluateCondition(Expressions.Scope);
        }

        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < rounds; i++)
        {
            condition.EvaluateCondition(Expressions.Scope);
        }

        var nanoseconds = Stopwatch.GetElapsedTime(began).TotalNanoseconds / rounds;
        var allocated = (GC.GetAllocatedBytesForCurrentThread() - bytes) / rounds;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{text}: {nanoseconds:N0} ns, {allocated} B"));
        allocated.Should().BeLessThan(700);
    }
}
