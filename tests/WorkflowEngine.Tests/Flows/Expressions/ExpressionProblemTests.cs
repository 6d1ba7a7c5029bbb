namespace WorkflowEngine.Tests.Flows.Expressions;

public sealed class ExpressionProblemTests
{
    [Theory]
    [InlineData("", 1, "A value is missing here.")]
    [InlineData("  ", 3, "A value is missing here.")]
    [InlineData("1 +", 4, "A value is missing here.")]
    [InlineData("1 2", 3, "The expression should end here.")]
    [InlineData("(1", 3, "')' is missing here.")]
    [InlineData("1)", 2, "The expression should end here.")]
    [InlineData("[1, 2", 6, "']' is missing here.")]
    [InlineData("{'a' 1}", 6, "':' is missing here.")]
    [InlineData("{'a': 1", 8, "'}' is missing here.")]
    [InlineData("true ? 1", 9, "':' is missing here.")]
    [InlineData("input.", 7, "The name of a member is missing here.")]
    [InlineData("input[]", 7, "A value is missing here.")]
    [InlineData("input[0", 8, "']' is missing here.")]
    [InlineData("variables.n = 1", 13, "Equality is written '=='.")]
    [InlineData("true & true", 6, "'and' is written '&&'.")]
    [InlineData("true and true", 6, "'and' is written '&&'.")]
    [InlineData("true or true", 6, "'or' is written '||'.")]
    [InlineData("true | true", 6, "'or' is written '||'.")]
    [InlineData("1 # 2", 3, "'#' has no meaning here.")]
    [InlineData("in [1]", 1, "There is nothing in front of 'in'.")]
    [InlineData("'abc", 1, "The string is never closed with '.")]
    [InlineData("r'abc", 1, "The string is never closed with '.")]
    [InlineData(@"'a\d'", 3, "This escape is not known")]
    [InlineData(@"'\ud83d'", 2, "This escape is not known")]
    [InlineData(@"'\x4'", 2, "This escape is not known")]
    [InlineData("9223372036854775808", 1, "The number is too large for 64 bits.")]
    [InlineData("18446744073709551616", 1, "The number is too large for 64 bits.")]
    [InlineData("0x", 1, "This is no hexadecimal number")]
    [InlineData("1e999", 1, "The number is too large for a double.")]
    [InlineData("1a", 2, "A number cannot go on with 'a'.")]
    [InlineData("1.", 3, "The name of a member is missing here.")]
    [InlineData("siz(input)", 1, "There is no function 'siz'; there are size, int, double, string, bool, timestamp, duration, has, matches. Did you mean 'size'?")]
    [InlineData("input.sise()", 7, "There is no method 'sise'")]
    [InlineData("startsWith('a', 'b')", 1, "'startsWith' is called on a value: x.startsWith(…).")]
    [InlineData("variables.n.int()", 13, "'int' is a function: int(x).")]
    [InlineData("size()", 1, "'size' takes one argument here, not 0.")]
    [InlineData("size(1, 2)", 1, "'size' takes one argument here, not 2.")]
    [InlineData("input.size(1)", 7, "'size' takes nothing here, not 1.")]
    [InlineData("'a'.contains()", 5, "'contains' takes one argument here, not 0.")]
    [InlineData("matches('a')", 1, "'matches' takes two arguments here, not 1.")]
    [InlineData("'a'.matches('(')", 5, "The pattern '(' cannot be used")]
    [InlineData("'a'.matches('(?=a)')", 5, "cannot be used")]
    [InlineData("has(1)", 5, "'has' takes a name with a point in it")]
    [InlineData("has(input)", 5, "'has' takes a name with a point in it")]
    [InlineData("has(variables.list[0])", 5, "'has' takes a name with a point in it")]
    [InlineData("has(variables.a, 1)", 16, "')' is missing here.")]
    [InlineData("input.map(1, 2)", 11, "The name of the variable is missing here.")]
    [InlineData("input.map(x)", 12, "',' is missing here.")]
    [InlineData("input.exists(x, true, true)", 21, "')' is missing here.")]
    [InlineData("inptu", 1, "'inptu' is no name; there are input, inputs, steps, variables, engine_data, job, secrets, loop, signal, error. Did you mean 'input'?")]
    [InlineData("x", 1, "'x' is no name")]
    [InlineData("[1].map(x, x) + [x]", 18, "'x' is no name")]
    [InlineData("steps.b.output", 1, "The step 'b' is not there. Did you mean 'a'?")]
    [InlineData("steps.a.outputs", 1, "'outputs' is no name of a step; there are output, status, port, error. Did you mean 'output'?")]
    [InlineData("inputs.b", 1, "The input 'b' is no predecessor.")]
    [InlineData("job.name", 1, "'name' is no name of a job")]
    [InlineData("loop.i", 1, "'i' is no name of a loop")]
    [InlineData("secrets", 1, "'secrets' is looked up name by name")]
    [InlineData("secrets.a.b", 1, "A secret is a string and has no members.")]
    [InlineData("steps", 1, "'steps' is looked up name by name")]
    [InlineData("steps[variables.x].output", 1, "the name is written down: steps.fetch or steps[\"with-dash\"]")]
    [InlineData("size(job)", 6, "'job' is looked up name by name")]
    [InlineData("steps.with-dash.output > 1", 1, "The step 'with' is not there. A name with a dash is written [\"with-dash\"].")]
    public void Parse_OfSomethingWrong_SaysWhatAndWhere(string text, int column, string message)
    {
        var problem = Expressions.Problems(text)[0];

        problem.Column.Should().Be(column);
        problem.Message.Should().Contain(message);
    }

    [Fact]
    public void Parse_OfSeveralWrongNames_FindsThemAll()
        => Expressions.Problems("inptu + steps.b.output + job.x").Select(problem => (problem.Code, problem.Column)).Should().Equal((null, 1), ("unknown_step", 9), (null, 26));

    [Fact]
    public void Parse_WithFewerNames_RefusesTheOthers()
    {
        var names = new ExpressionNames { Steps = new Dictionary<string, int>() };

        Expressions.Problems("inputs.a == secrets.b || error.reason == loop.item || signal", names).Select(problem => problem.Message).Should().SatisfyRespectively(
            message => message.Should().StartWith("'inputs' does not exist here; 'input' is the packet"),
            message => message.Should().StartWith("Secrets exist only in the config of a step"),
            message => message.Should().StartWith("'error' does not exist here"),
            message => message.Should().StartWith("'loop' exists only inside of a loop."),
            message => message.Should().StartWith("'signal' is no name; there are input, steps, variables, engine_data, job."));
    }

    [Theory]
    [InlineData("'yes'", "a string")]
    [InlineData("1", "an int")]
    [InlineData("[true]", "a list")]
    [InlineData("size(input)", "an int")]
    [InlineData("true ? 1 : 2", "an int")]
    [InlineData("input.map(x, true)", "a list")]
    public void ParseCondition_OfSomethingElse_IsRefused(string text, string type)
    {
        CompiledExpression.TryParseCondition(text, Expressions.Names, "$", out var condition, out var problems).Should().BeFalse();

        condition.Should().BeNull();
        problems.Should().ContainSingle().Which.Message.Should().Be($"A condition is true or false, and this is {type}.");
    }

    [Fact]
    public void EvaluateCondition_OfSomethingElse_FailsAndIsNeverFalse()
    {
        CompiledExpression.TryParseCondition("variables.n", Expressions.Names, "$.when", out var condition, out _).Should().BeTrue();

        condition!.Invoking(when => when.EvaluateCondition(Expressions.Scope)).Should().Throw<StepFailedException>()
            .WithMessage("A condition is true or false, and this is an int. ('variables.n', column 1 of $.when)");
    }

    [Fact]
    public void Lookups_OfAnExpression_AreThePathsAsFarAsTheyAreWrittenDown()
        => Expressions.Compile("input[0].content == steps.a.output[variables.n].x || inputs['a'].exists(x, x.y == variables.n) || has(variables.z) && variables[job.id] == error")
            .Lookups.Select(path => string.Join('/', path)).Should()
            .Equal("input", "variables/n", "steps/a/output", "inputs/a", "variables/z", "job/id", "variables", "error");
}
