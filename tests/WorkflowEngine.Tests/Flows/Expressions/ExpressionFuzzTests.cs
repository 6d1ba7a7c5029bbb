using System.Globalization;
using System.Text.Json;

namespace WorkflowEngine.Tests.Flows.Expressions;

/// <summary>
/// Random expressions: whatever is written, parsing finds a problem or makes an expression, and evaluating gives JSON or fails as <c>expression_failed</c>, all with bounded
/// work and memory. <c>WORKFLOW_ENGINE_FUZZ</c> sets the number of inputs (default 20,000) and <c>WORKFLOW_ENGINE_REPLAY</c> the seed of a run to repeat.
/// </summary>
public sealed class ExpressionFuzzTests(ITestOutputHelper output)
{
    [Fact]
    public void Expressions_OfAnyText_ParseOrSayWhyAndEvaluateOrSayWhy()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("WORKFLOW_ENGINE_FUZZ") ?? "20000", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("WORKFLOW_ENGINE_REPLAY") ?? Random.Shared.Next().ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var tally = new Tally();
        for (var number = 0; number < count; number++)
        {
            var text = string.Empty;
            try
            {
                var random = new Random(HashCode(seed, number));
                var source = new RandomExpression(random);
                text = random.Next(3) == 0 ? source.Typed((ExpressionType)random.Next((int)ExpressionType.Bool, (int)ExpressionType.Map), random.Next(2, 7)) : source.Text(random.Next(1, 7));
                text = random.Next(5) < 2 ? source.Damaged(text) : text;
                var before = GC.GetAllocatedBytesForCurrentThread();
                Run(text, tally);
                tally.MostBytes = Math.Max(tally.MostBytes, GC.GetAllocatedBytesForCurrentThread() - before);
            }
            catch (Exception error)
            {
                Assert.Fail($"Input {number} of seed {seed}: {JsonSerializer.Serialize(text)} broke with {error}");
            }
        }

        output.WriteLine($"seed {seed}: {count} inputs, {tally.Parsed} parsed, {tally.Evaluated} evaluated, {tally.Failed} failed, at most {tally.MostBytes / 1024} KB allocated by one");
        tally.Evaluated.Should().BeGreaterThan(count / 50);
        tally.Failed.Should().BeGreaterThan(count / 50);
        (count - tally.Parsed).Should().BeGreaterThan(count / 50);
        tally.MostBytes.Should().BeLessThan(400 * 1024 * 1024);
    }

    private static void Run(string text, Tally tally)
    {
        if (tally.Inputs++ % 4 == 0)
        {
            Render(text);
        }

        if (!CompiledExpression.TryParse(text, Expressions.Names, "$", out var expression, out var problems))
        {
            Demand(problems.Count > 0 && problems.All(problem => problem.Column >= 1 && problem.Column <= text.Length + 1 && problem.Message.Length > 0));
            return;
        }

        tally.Parsed++;
        try
        {
            Demand(expression.Evaluate(Expressions.Scope).ValueKind != JsonValueKind.Undefined);
            tally.Evaluated++;
        }
        catch (StepFailedException failed) when (failed is { Reason: Reasons.ExpressionFailed, Retryable: false })
        {
            Demand(failed.Message.Length > 0);
            tally.Failed++;
        }
    }

    private static void Render(string text)
    {
        var diagnostics = new List<FlowDiagnostic>();
        var template = Template.Compile(JsonSerializer.SerializeToElement($"{{{{ {text} }}}} and {{{{ input"), "$", Expressions.Names, diagnostics);
        Demand(diagnostics.Count > 0);
        try
        {
            template.Render(Expressions.Scope);
        }
        catch (StepFailedException failed) when (failed.Reason == Reasons.ExpressionFailed)
        {
        }
    }

    private static void Demand(bool isSo)
    {
        if (!isSo)
        {
            throw new InvalidOperationException("This is neither a value nor a failure that says why.");
        }
    }

    // Every input has its own seed, so that one can be repeated without those before it.
    private static int HashCode(int seed, int number) => unchecked((seed * 397) ^ (number * (int)2654435761));

    private sealed class Tally
    {
        public int Inputs { get; set; }

        public int Parsed { get; set; }

        public int Evaluated { get; set; }

        public int Failed { get; set; }

        public long MostBytes { get; set; }
    }
}
