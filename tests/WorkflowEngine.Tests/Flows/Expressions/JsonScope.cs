using System.Text.Json;

namespace WorkflowEngine.Tests.Flows.Expressions;

/// <summary>A scope over one JSON object: its members are the root names.</summary>
internal sealed class JsonScope(JsonElement root) : IExpressionScope
{
    public bool TryResolve(string below, string? name, out ExpressionValue value)
    {
        value = default;
        if (!root.TryGetProperty(below, out var found) || (name is not null && !found.TryGetProperty(name, out found)))
        {
            return false;
        }

        value = ExpressionValue.Of(found);
        return true;
    }

    public IEnumerable<string> NamesBelow(string below) => root.TryGetProperty(below, out var found) ? found.EnumerateObject().Select(member => member.Name) : [];
}

/// <summary>Short ways to parse and evaluate.</summary>
internal static class Expressions
{
    /// <summary>Every name exists; the steps are <c>a</c> and <c>with-dash</c>, the predecessor is <c>a</c>.</summary>
    public static ExpressionNames Names { get; } = new()
    {
        Steps = new Dictionary<string, int> { ["a"] = 0, ["with-dash"] = 1 },
        Inputs = () => ["a"],
        HasError = () => true,
        HasSecrets = true,
        HasSignal = true,
        Loop = ExpressionNames.OfForEach,
    };

    public static JsonScope Scope { get; } = new(JsonElement.Parse("""
        {
          "input": [ { "type": "order", "content": { "price": 12.5, "qty": 2, "name": "Ann", "tags": ["x", "y"], "none": null }, "metadata": {} }, { "type": "order", "content": { "price": 3, "qty": 1 } } ],
          "inputs": { "a": [] },
          "variables": { "n": 7, "d": 2.5, "s": "h\u00e9llo", "t": true, "f": false, "none": null, "list": [1, 2, 3], "map": { "a": 1, "b": { "c": 2 } }, "empty": [], "big": 18446744073709551616, "raw": 1.50, "half": "\ud800", "limit": 10 },
          "steps": { "a": { "status": "completed", "output": [ { "type": "data", "content": 5 } ] }, "with-dash": { "status": "failed" } },
          "engine_data": {}, "job": { "id": "j1", "attempt": 1 }, "secrets": { "token": "s3cret" }
        }
        """));

    public static CompiledExpression Compile(string text)
    {
        CompiledExpression.TryParse(text, Names, "$.test", out var expression, out var problems).Should().BeTrue("of {0}", string.Join(", ", problems));
        return expression!;
    }

    public static string Evaluate(string text, IExpressionScope? scope = null) => Compile(text).Evaluate(scope ?? Scope).GetRawText();

    public static StepFailedException Failure(string text, IExpressionScope? scope = null)
    {
        var expression = Compile(text);
        var error = FluentActions.Invoking(() => expression.Evaluate(scope ?? Scope)).Should().Throw<StepFailedException>().Which;
        error.Should().BeEquivalentTo(new { Reason = "expression_failed", Retryable = false });
        return error;
    }

    public static IReadOnlyList<ExpressionProblem> Problems(string text, ExpressionNames? names = null)
    {
        CompiledExpression.TryParse(text, names ?? Names, "$.test", out var expression, out var problems).Should().Be(expression is not null);
        return problems;
    }
}
