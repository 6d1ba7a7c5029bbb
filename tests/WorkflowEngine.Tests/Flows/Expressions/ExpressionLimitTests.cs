using System.Text.Json;

namespace WorkflowEngine.Tests.Flows.Expressions;

public sealed class ExpressionLimitTests
{
    [Fact]
    public void Parse_LongestText_IsAcceptedAndOneMoreIsNot()
    {
        var text = $"'{new string('a', CompiledExpression.MaxLength - 2)}'";

        Expressions.Problems(text).Should().BeEmpty();
        Expressions.Problems(text + " ").Should().ContainSingle().Which.Message.Should().Be("An expression has at most 4096 characters.");
        Expressions.Problems(string.Concat(Enumerable.Repeat("1 + ", 2_000)) + "1").Should().ContainSingle().Which.Message.Should().Be("An expression has at most 4096 characters.");
    }

    [Theory]
    [InlineData("(", "1", ")")]
    [InlineData("[", "1", "]")]
    [InlineData("!", "true", "")]
    [InlineData("- ", "variables.n", "")]
    [InlineData("{'a': ", "1", "}")]
    [InlineData("size([", "1", "])")]
    [InlineData("true ? 1 : ", "2", "")]
    [InlineData("", "input", "[0]")]
    [InlineData("", "variables.n", ".a")]
    [InlineData("", "1", " == 1")]
    [InlineData("[1].map(x, ", "1", ")")]
    public void Parse_OfDeepNesting_IsRefusedBeforeItCostsTheStack(string before, string core, string after)
    {
        var problem = Expressions.Problems(Nested(200)).Should().ContainSingle().Subject;
        problem.Message.Should().Be("The expression nests deeper than 64.");
        Expressions.Problems(Nested(20)).Should().BeEmpty();

        string Nested(int depth) => string.Concat(Enumerable.Repeat(before, depth)) + core + string.Concat(Enumerable.Repeat(after, depth));
    }

    [Fact]
    public void Evaluate_LongChains_AreNotDeep()
    {
        Expressions.Evaluate(string.Join(" + ", Enumerable.Repeat("1", 1_000))).Should().Be("1000");
        Expressions.Evaluate(string.Join(" * ", Enumerable.Repeat("1", 1_000))).Should().Be("1");
        Expressions.Evaluate(string.Join(" || ", Enumerable.Repeat("false", 400))).Should().Be("false");
        Expressions.Evaluate(string.Join(" && ", Enumerable.Repeat("true", 400))).Should().Be("true");
    }

    [Theory]
    [InlineData("variables.l.map(a, variables.l.map(b, variables.l.map(c, 1))).size()")]
    [InlineData("variables.l.exists(a, variables.l.exists(b, variables.l.exists(c, false))) || true")]
    [InlineData("variables.l.filter(a, variables.l == variables.l && variables.l == variables.l && variables.l == variables.l).size()")]
    [InlineData("variables.l.map(a, variables.l.filter(b, b in variables.l)).size()")]
    [InlineData("variables.l.map(a, variables.l.map(b, variables.l[b])).size()")]
    [InlineData("variables.l.map(a, variables.l.map(b, variables.text.contains('yx'))).size()")]
    [InlineData("variables.l.map(a, variables.l.map(b, variables.text == variables.text + '')).size()")]
    [InlineData("variables.l.map(a, variables.text.matches('(a|b)*x[ab]{100}$')).size()")]
    [InlineData("variables.l.map(a, 'x'.matches('a' + string(a))).size() + variables.l.map(a, 'x'.matches('b' + string(a))).size()")]
    public void Evaluate_TooMuchWork_FailsInsteadOfHanging(string text)
        => Expressions.Failure(text, Large).Message.Should().Match(message => message.Contains("takes more than 10,000,000 steps") || message.Contains("builds more than 64 MB"));

    [Theory]
    [InlineData("variables.l.map(a, variables.text + variables.text).size()", "builds more than 64 MB")]
    [InlineData("variables.l.map(a, variables.l.map(b, [1, 2, 3, 4, 5, 6, 7, 8])).size()", "builds more than 64 MB")]
    [InlineData("variables.l.map(a, variables.l.map(b, {'a': 1, 'b': 2})).size()", "builds more than 64 MB")]
    [InlineData("variables.l.map(a, variables.l + variables.l + variables.l + variables.l).size()", "builds more than 64 MB")]
    [InlineData("variables.l.map(a, variables.text)", "larger than 64 MB")]
    public void Evaluate_TooMuchData_FailsBeforeItFillsTheMemory(string text, string message)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        Expressions.Failure(text, Large).Message.Should().Contain(message);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(400 * 1024 * 1024);
    }

    [Fact]
    public void Evaluate_MillionItems_IsWithinTheAllowance()
    {
        var scope = new JsonScope(JsonElement.Parse($$"""{ "variables": { "l": [{{string.Join(',', Enumerable.Range(0, 1_000_000))}}] } }"""));

        Expressions.Evaluate("variables.l.exists(x, x == 999999)", scope).Should().Be("true");
        Expressions.Evaluate("variables.l.filter(x, x % 2 == 0).size()", scope).Should().Be("500000");
    }

    [Theory]
    [InlineData("a{1001}")]
    [InlineData("(a{40}){40}")]
    [InlineData("((a{11}){11}){11}")]
    [InlineData("(a|b{500}){2,3}")]
    [InlineData("[a-z]{2000}")]
    [InlineData("(a{900}b{900}")]
    public void Pattern_ThatIsLongWrittenOut_IsRefused(string pattern)
    {
        LinearPattern.TryParse(pattern, out _, out var problem).Should().BeFalse();

        problem.Should().Match(text => text.Contains("repeats too much") || text.Contains("cannot be used"));
    }

    [Fact]
    public void Pattern_LongerThanAllowed_IsRefused()
    {
        LinearPattern.TryParse(new string('a', LinearPattern.MaxLength), out _, out _).Should().BeTrue();
        LinearPattern.TryParse(new string('a', LinearPattern.MaxLength + 1), out _, out var problem).Should().BeFalse();
        problem.Should().Be("The pattern has 513 characters, 512 at most.");
    }

    private static readonly JsonScope Large = new(JsonElement.Parse(
        $$"""{ "variables": { "l": [{{string.Join(',', Enumerable.Range(0, 1_000))}}], "text": "{{string.Concat(Enumerable.Repeat("ab", 50_000))}}" } }"""));
}
