using System.Text.Json;
using System.Text.RegularExpressions;
using WorkflowEngine.Tests.Flows.Expressions;
using WorkflowEngine.Tests.HouseRules;

namespace WorkflowEngine.Tests.Docs;

/// <summary>What docs/EXPRESSIONS.md shows is what happens.</summary>
public sealed partial class ExpressionsPageTests
{
    private static readonly string Page = SourceTree.Read("docs/EXPRESSIONS.md");

    [Fact]
    public void Examples_GiveWhatThePageSays()
    {
        var orders = Page.Split("```json\n")[1].Split("```")[0];
        var input = JsonElement.Parse(DataPacket.Parse(orders).ToJson());
        var scope = new JsonScope(JsonElement.Parse($$"""{ "input": {{input.GetRawText()}}, "variables": { "limit": 10, "name": "Ann", "tags": ["a", "b"], "half": 0.5 } }"""));
        var examples = Example().Matches(Page.Split("## Examples")[1]);

        examples.Should().HaveCountGreaterThan(20);
        foreach (Match example in examples)
        {
            var (text, expected) = (example.Groups["text"].Value, example.Groups["value"].Value);
            Outcome(text, scope).Should().Be(expected.Trim('`'), "of {0}", text);
        }
    }

    [Fact]
    public void Limits_AreThoseOfThePage()
        => Page.Should().Contain($"{CompiledExpression.MaxLength:N0} characters, {CompiledExpression.MaxDepth} levels, {LinearPattern.MaxLength} characters in a pattern")
            .And.Contain($"{Evaluation.MaxWork:N0} steps of work, {Evaluation.MaxBytes / (1024 * 1024)} MB built");

    private static string Outcome(string text, JsonScope scope)
    {
        if (!CompiledExpression.TryParse(text, Expressions.Names, "$", out var expression, out var problems))
        {
            return problems[0].Message;
        }

        try
        {
            return expression.Evaluate(scope).GetRawText();
        }
        catch (StepFailedException failed)
        {
            return failed.Message[..failed.Message.LastIndexOf(" ('", StringComparison.Ordinal)];
        }
    }

    [GeneratedRegex(@"^\| `(?<text>[^`]+)` \| (?<value>.+) \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Example();
}
