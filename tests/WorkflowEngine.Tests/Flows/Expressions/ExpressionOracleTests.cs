using System.Globalization;
using System.Numerics;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace WorkflowEngine.Tests.Flows.Expressions;

/// <summary>The language against other implementations of the same thing: big integers, .NET's doubles, regular expressions that backtrack, JSON equality.</summary>
public sealed class ExpressionOracleTests
{
    private static readonly long[] Edges = [0, 1, -1, 2, -2, 3, 10, long.MaxValue, long.MinValue, long.MaxValue - 1, long.MinValue + 1, 1L << 53, (1L << 53) + 1, -(1L << 53) - 1, int.MaxValue, int.MinValue];

    [Fact]
    public void Ints_OfAnySize_AgreeWithBigIntegers()
    {
        foreach (var (left, right) in Pairs(20_000))
        {
            foreach (var operation in "+-*/%")
            {
                var exact = Exact(operation, left, right);
                var value = Try(operation, left.ToString(CultureInfo.InvariantCulture), right.ToString(CultureInfo.InvariantCulture));
                var expected = exact is { } number && number >= long.MinValue && number <= long.MaxValue ? number.ToString(CultureInfo.InvariantCulture) : null;
                value.Should().Be(expected, "of {0} {1} {2}", left, operation, right);
            }
        }
    }

    [Fact]
    public void Numbers_OfBothTypes_AreComparedExactly()
    {
        var random = new Random(7);
        foreach (var (left, right) in Pairs(20_000))
        {
            var real = random.Next(3) switch { 0 => (double)right, 1 => Math.BitIncrement((double)right), _ => left + (random.NextDouble() - 0.5) };
            var expected = Compare(left, real);
            var scope = new JsonScope(JsonElement.Parse(string.Create(CultureInfo.InvariantCulture, $$"""{ "input": [{{left}}, {{real:E17}}] }""")));

            Order.Evaluate(scope).GetInt64().Should().Be(expected, "of {0} and {1:R}", left, real);
        }
    }

    [Fact]
    public void Doubles_OfAnySize_AgreeWithDotNet()
    {
        var random = new Random(8);
        for (var i = 0; i < 20_000; i++)
        {
            var left = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            var right = random.Next(2) == 0 ? random.NextDouble() * 1000 : BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (!double.IsFinite(left) || !double.IsFinite(right))
            {
                continue;
            }

            foreach (var operation in "+-*/")
            {
                var exact = operation switch { '+' => left + right, '-' => left - right, '*' => left * right, _ => left / right };
                var value = Try(operation, left.ToString("E17", CultureInfo.InvariantCulture), right.ToString("E17", CultureInfo.InvariantCulture));
                (value is null ? double.NaN : double.Parse(value, CultureInfo.InvariantCulture)).Should().Be(double.IsFinite(exact) ? exact : double.NaN);
            }
        }
    }

    [Fact]
    public void Equality_OfRandomJson_AgreesWithDeepEquals()
    {
        var equal = 0;
        for (var seed = 0; seed < 3_000; seed++)
        {
            var (left, right) = (Json(seed), Json(seed % 3 == 0 ? seed : seed + 1));
            var scope = new JsonScope(JsonElement.Parse($$"""{ "input": [{{left}}, {{right}}] }"""));
            var expected = JsonElement.DeepEquals(JsonElement.Parse(left), JsonElement.Parse(right));

            Same.EvaluateCondition(scope).Should().Be(expected, "of {0} and {1}", left, right);
            equal += expected ? 1 : 0;
        }

        equal.Should().BeInRange(500, 2_900);

        static string Json(int seed) => new Data.RandomJson(seed).Text(3).Replace("12345678901234567890", "12345678901234567", StringComparison.Ordinal);
    }

    [Fact]
    public void Patterns_OfAnyShape_AgreeWithABacktrackingEngine()
    {
        string[] parts = ["a", "b", "ab", ".", "[ab]", "[^a]", "(a|b)", "a*", "b+", "a?", "(ab)*", "a{2}", "b{1,3}", "^", "$", @"\d", @"\w", "(?:ab|a)", "(a(b|c))+"];
        var random = new Random(9);
        for (var i = 0; i < 3_000; i++)
        {
            var pattern = string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => parts[random.Next(parts.Length)]));
            var text = string.Concat(Enumerable.Range(0, random.Next(0, 8)).Select(_ => "abc1\n"[random.Next(5)]));
            LinearPattern.TryParse(pattern, out var linear, out var problem).Should().BeTrue(problem);
            var expected = System.Text.RegularExpressions.Regex.IsMatch(text, pattern.Replace("$", "\\z", StringComparison.Ordinal), System.Text.RegularExpressions.RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));

            linear!.Matches(text).Should().Be(expected, "of {0} in {1}", pattern, text);
        }
    }

    [Fact]
    public void Strings_OfAnyCharacters_AreWrittenAndReadBack()
        => Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
        {
            var valid = new string([.. (text ?? string.Empty).Where(letter => !char.IsSurrogate(letter))]);
            var literal = string.Concat(valid.Select(letter => $"\\u{(int)letter:x4}"));
            Expressions.Compile($"'{literal[..Math.Min(literal.Length, 3_000)]}'").EvaluateText(Expressions.Scope).Should().Be(valid[..Math.Min(valid.Length, 500)]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    private static readonly CompiledExpression Order = Expressions.Compile("input[0] < input[1] ? -1 : input[0] > input[1] ? 1 : input[0] == input[1] && input[1] <= input[0] ? 0 : 9");
    private static readonly CompiledExpression Same = Expressions.Compile("input[0] == input[1] && !(input[0] != input[1])");

    private static readonly Dictionary<char, CompiledExpression> Operators = "+-*/%".ToDictionary(operation => operation, operation => Expressions.Compile($"input[0] {operation} input[1]"));

    private static string? Try(char operation, string left, string right)
    {
        try
        {
            return Operators[operation].Evaluate(new JsonScope(JsonElement.Parse($$"""{ "input": [{{left}}, {{right}}] }"""))).GetRawText();
        }
        catch (StepFailedException)
        {
            return null;
        }
    }

    private static BigInteger? Exact(char operation, BigInteger left, BigInteger right) => operation switch
    {
        '+' => left + right,
        '-' => left - right,
        '*' => left * right,
        _ when right.IsZero => null,
        '/' => left / right,
        _ => left == long.MinValue && right == -1 ? null : left % right,
    };

    private static int Compare(long left, double right)
    {
        var floor = Math.Floor(right);
        var order = ((BigInteger)left).CompareTo(new BigInteger(floor));
        return order != 0 ? order : right > floor ? -1 : 0;
    }

    private static IEnumerable<(long Left, long Right)> Pairs(int count)
    {
        var random = new Random(6);
        foreach (var left in Edges)
        {
            foreach (var right in Edges)
            {
                yield return (left, right);
            }
        }

        for (var i = 0; i < count; i++)
        {
            yield return (random.NextInt64() >> random.Next(64), random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64));
        }
    }
}
