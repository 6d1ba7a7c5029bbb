using System.Text;

namespace WorkflowEngine.Tests.Flows;

public sealed class FlowReaderProblemTests
{
    [Theory]
    [InlineData("""{ "id": 1 }""", "wrong_type", "$.id")]
    [InlineData("""{ "id": "f", "steps": {} }""", "wrong_type", "$.steps")]
    [InlineData("""{ "id": "f", "steps": [ 1 ] }""", "wrong_type", "$.steps[0]")]
    [InlineData("""{ "id": "f", "timeout": 30 }""", "wrong_type", "$.timeout")]
    [InlineData("""{ "id": "f", "max_concurrent_steps": 1.5 }""", "wrong_type", "$.max_concurrent_steps")]
    [InlineData("""{ "id": "f", "steps": [ { "id": "a", "type": "work", "after": "b" } ] }""", "wrong_type", "$.steps[0].after")]
    [InlineData("""{ "id": "f", "steps": [ { "id": "a", "type": "work", "after": [ 1 ] } ] }""", "wrong_type", "$.steps[0].after[0]")]
    [InlineData("""{ "id": "f", "steps": [ { "id": "a", "type": "work", "join": 2 } ] }""", "wrong_type", "$.steps[0].join")]
    [InlineData("""{ "id": "f", "steps": [ { "id": "a", "type": "work", "allow_empty": "yes" } ] }""", "wrong_type", "$.steps[0].allow_empty")]
    [InlineData("""{ "id": "f", "steps": [ { "id": "a", "type": "work", "retry": { "on": [ 1 ] } } ] }""", "wrong_type", "$.steps[0].retry.on[0]")]
    [InlineData("[]", "wrong_type", "$")]
    [InlineData("""{ "steps": [] }""", "missing_member", "$.id")]
    [InlineData("""{ "id": "f", "steps": [ { "id": "a" } ] }""", "missing_member", "$.steps[0].type")]
    [InlineData("""{ "id": "f", "steps": [ { "id": "a", "type": "work", "join": {} } ] }""", "missing_member", "$.steps[0].join.count")]
    [InlineData("""{ "id": "f", "stepz": [] }""", "unknown_member", "$.stepz")]
    [InlineData("""{ "id": "f", "odd name": 1 }""", "unknown_member", "$[\"odd name\"]")]
    [InlineData("""{ "id": "f", "format": 2 }""", "bad_format", "$.format")]
    [InlineData("""{ "id": "f", "format": "1" }""", "bad_format", "$.format")]
    [InlineData("""{ "id": "f", "steps": [ { "id": "a", "type": "work" }, { "id": "b", "type": "work", "retry": { "delay": "soon" } } ] }""", "bad_duration", "$.steps[1].retry.delay")]
    [InlineData("""{ "id": "f", "timeout": "-1s" }""", "bad_duration", "$.timeout")]
    [InlineData("""{ "id": "f", "memory_limit": "big" }""", "bad_size", "$.memory_limit")]
    [InlineData("""{ "id": "f", "memory_limit": "9999999999GB" }""", "bad_size", "$.memory_limit")]
    [InlineData("""{ "id": "f", "strategy": "Priority" }""", "bad_word", "$.strategy")]
    [InlineData("""{ "id": "f", "strategy": "1" }""", "bad_word", "$.strategy")]
    [InlineData("""{ "id": "f", "steps": [ { "id": "a", "type": "work", "join": "some" } ] }""", "bad_word", "$.steps[0].join")]
    [InlineData("""{ "id": "f", "steps": [ { "id": "a", "type": "work", "join": { "count": 0 } } ] }""", "bad_join", "$.steps[0].join.count")]
    public void Read_OneMistake_IsReportedAtItsPlace(string json, string code, string path)
        => Sample.ReadProblem(json).Should().BeEquivalentTo(new { Code = code, Path = path, Line = 1 });

    [Fact]
    public void Read_UnknownMember_NamesTheNearest() => Sample.ReadProblem("""{ "id": "f", "stepz": [] }""").Message.Should().Contain("'steps'");

    [Fact]
    public void Read_BadWord_ListsTheLegalOnes()
        => Sample.ReadProblem("""{ "id": "f", "failure_policy": "stop" }""").Message.Should().Contain("stop_on_failure, continue_independent");

    [Fact]
    public void Parse_ManyMistakes_ReportsAllWithLines()
    {
        const string Json = """
            {
              "id": "f", // the id
              "timeout": "soon",
              "steps": [
                { "id": "a", "type": "work" },
                { "id": "b",
                  "retry": { "max_attempts": "x",
                             "delay": 1 } }
              ],
            }
            """;

        var error = FluentActions.Invoking(() => FlowDefinition.Parse(Json)).Should().Throw<FlowValidationException>().Which;

        error.FlowId.Should().Be("f");
        error.Diagnostics.Select(problem => (problem.Path, problem.Line)).Should().BeEquivalentTo(new (string?, int?)[]
        {
            ("$.timeout", 3), ("$.steps[1].retry.max_attempts", 7), ("$.steps[1].retry.delay", 8), ("$.steps[1].type", 6),
        });
        error.Message.Should().Contain("line 8").And.Contain("$.steps[1].retry.delay");
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("{", 1)]
    [InlineData("{\n\"id\": nope }", 2)]
    [InlineData("{\n\"id\": \"f\"\n}\n{}", 4)]
    public void Read_NoJson_IsReportedWithItsLine(string json, int line)
        => Sample.ReadProblem(json).Should().BeEquivalentTo(new { Code = "bad_json", Line = line });

    [Fact]
    public void Read_DuplicateMembers_AreAllRefusedWithTheirLines()
    {
        var (_, diagnostics) = FlowJson.Read("{ \"id\": \"f\",\n\"id\": \"g\",\n\"steps\": [ { \"id\": \"a\", \"type\": \"work\",\n\"config\": { \"u\": 1, \"u\": 2 } } ] }");

        diagnostics.Select(problem => (problem.Code, problem.Line)).Should().Equal(("duplicate_member", 2), ("duplicate_member", 4));
    }

    [Fact]
    public void Read_HalfASurrogatePair_IsRefused()
        => Sample.ReadProblem("{ \"id\": \"f\",\n \"name\": \"\\ud800\" }").Should().BeEquivalentTo(new { Code = "bad_json", Line = 2 });

    [Fact]
    public void Read_OneMegabyteOfBrackets_IsRefused() => Sample.ReadProblem(new string('[', 1_000_000)).Code.Should().Be("bad_json");

    [Fact]
    public void Read_NestedBeyondTheBound_IsRefused()
        => Sample.ReadProblem($$"""{ "id": "f", "output": {{new string('[', 64)}}{{new string(']', 64)}} }""").Code.Should().Be("bad_json");

    [Fact]
    public void Read_BeyondTheSizeBound_IsRefused() => Sample.ReadProblem(new string(' ', (16 * 1024 * 1024) + 1)).Code.Should().Be("too_large");

    [Fact]
    public void Read_HundredThousandUnknownMembers_AreAllReportedAndTheMessageStaysShort()
    {
        var json = new StringBuilder("{ \"id\": \"f\"");
        for (var number = 0; number < 100_000; number++)
        {
            json.Append($",\n\"step{number}\": 0");
        }

        var error = FluentActions.Invoking(() => FlowDefinition.Parse(json.Append('}').ToString())).Should().Throw<FlowValidationException>().Which;

        error.Diagnostics.Should().HaveCount(100_000);
        error.Diagnostics[^1].Line.Should().Be(100_001);
        error.Message.Length.Should().BeLessThan(20_000);
    }

    [Fact]
    public void Check_ProblemsOfReadingAndCompiling_AreReportedTogetherOnce()
    {
        const string Json = """
            {
              "id": "f", "timeout": "soon",
              "steps": [
                { "id": "a", "type": "wurk" },
                { "type": "work", "after": [ "b" ] },
                5
              ]
            }
            """;

        FlowJson.Check(Json, Sample.Registry).Select(problem => (problem.Code, problem.Line)).Should().BeEquivalentTo(new (string, int?)[]
        {
            ("bad_duration", 2), ("unknown_type", 4), ("missing_member", 5), ("unknown_predecessor", 5), ("wrong_type", 6),
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Check_DamagedDocuments_NeverThrowsAndAlwaysPlacesItsProblems(int seed)
    {
        const string Json = """
            { "id": "f", "timeout": "5m", "variables": { "a": [1, 2] }, "defaults": { "retry": { "max_attempts": 3, "on": ["x"] } },
              "steps": [ { "id": "a", "type": "http", "config": { "url": "{{ variables.a[0] }}", "limit": 1, "inner": { "flag": true } }, "weight": 2.5 },
                         { "id": "b", "type": "gate", "after": [ "a", { "step": "a", "port": "failed" } ], "join": { "count": 2 } } ], "output": "{{ steps.a.output }}" }
            """;
        const string Letters = "{}[]\":,\\ \n0-9eaxu.d8{}/*nullé\0";
        var random = new Random(seed);
        for (var round = 0; round < 3_000; round++)
        {
            var text = new StringBuilder(Json);
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                var position = random.Next(text.Length);
                _ = random.Next(3) switch
                {
                    0 => text.Remove(position, Math.Min(random.Next(1, 8), text.Length - position)),
                    1 => text.Insert(position, Letters[random.Next(Letters.Length)]),
                    _ => text.Replace(text[position], Letters[random.Next(Letters.Length)], position, 1),
                };
            }

            var problems = FlowJson.Check(text.ToString(), Sample.Registry);
            problems.Where(problem => problem.Path is not null && problem.Line is null or < 1 or > 7).Should().BeEmpty();
            if (problems.Count == 0)
            {
                var flow = FlowDefinition.Parse(text.ToString());
                FlowDefinition.Parse(flow.ToJson()).Version.Should().Be(flow.Version);
            }
        }
    }
}
