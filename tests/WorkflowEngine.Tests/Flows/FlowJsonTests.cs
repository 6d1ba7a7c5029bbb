namespace WorkflowEngine.Tests.Flows;

public sealed class FlowJsonTests
{
    private const string Full = """
        {
          "$schema": "https://example.org/flow.json", "format": 1, "x-team": { "any": "thing" },
          "id": "news", "name": "News digest", "description": "…", // a comment
          "variables": { "limit": 10, "nothing": null },
          "input_schema": { "type": "object" },
          "failure_policy": "continue_independent", "strategy": "critical_path",
          "max_concurrent_steps": 4, "max_concurrent_jobs": 2, "concurrency_key": "{{ variables.limit }}", "memory_limit": "64MB",
          "timeout": "10m", "defaults": { "retry": { "max_attempts": 2 }, "timeout": "30s" }, "on_failure": { "flow_id": "notify" },
          "schedules": [ { "id": "daily", "cron": "0 6 * * *" } ],
          "steps": [
            { "id": "fetch", "name": "Fetch", "type": "http", "config": { "url": "https://example.org/\u00e4", "list": [1, 2.50, /* two */ true,], },
              "retry": { "max_attempts": 3, "delay": "1s", "backoff": "exponential", "max_delay": "1m", "jitter": true, "on": ["timeout", "http_5xx"] }, "timeout": "PT45S" },
            { "id": "publish", "type": "work", "after": ["fetch", { "step": "fetch", "port": "failed", "when": "true" }], "join": { "count": 2 },
              "cancel_rest": true, "allow_empty": true, "weight": 3.5, "priority": 10, "compensate_with": "fetch", "x-note": 1,
              "steps": [ { "id": "inner", "type": "work", "join": "any" } ] },
          ],
          "output": "{{ steps.publish.output }}",
        }
        """;

    [Fact]
    public void Parse_FullDocument_ReadsEveryMember()
    {
        var flow = FlowDefinition.Parse(Full);

        flow.Should().BeEquivalentTo(new
        {
            Id = "news",
            Name = "News digest",
            Description = "…",
            FailurePolicy = FailurePolicy.ContinueIndependent,
            Strategy = StepStrategy.CriticalPath,
            MaxConcurrentSteps = 4,
            MaxConcurrentJobs = 2,
            ConcurrencyKey = "{{ variables.limit }}",
            MemoryLimit = 64L << 20,
            Timeout = TimeSpan.FromMinutes(10),
            DefaultTimeout = TimeSpan.FromSeconds(30),
            OnFailureFlowId = "notify",
        });
        flow.Variables.Keys.Should().Equal("limit", "nothing");
        flow.DefaultRetry!.MaxAttempts.Should().Be(2);
        var (fetch, publish) = (flow.Steps[0], flow.Steps[1]);
        fetch.Retry.Should().BeEquivalentTo(new RetryPolicy
        {
            MaxAttempts = 3,
            Delay = TimeSpan.FromSeconds(1),
            Backoff = Backoff.Exponential,
            MaxDelay = TimeSpan.FromMinutes(1),
            Jitter = true,
            On = ["timeout", "http_5xx"],
        });
        fetch.Timeout.Should().Be(TimeSpan.FromSeconds(45));
        fetch.Config!.Value.GetRawText().Should().NotContain("/*", "values are stored with jobs as they stand");
        publish.After.Should().Equal(new StepEdge("fetch"), new StepEdge("fetch", "failed", "true"));
        publish.Should().BeEquivalentTo(new { Join = JoinRule.Count(2), CancelRest = true, AllowEmpty = true, Weight = 3.5, Priority = 10, CompensateWith = "fetch" });
        publish.Steps.Should().ContainSingle().Which.Join.Should().Be(JoinRule.Any);
    }

    [Fact]
    public void Write_FullDocument_ReadsBackToTheSameVersion()
    {
        var flow = FlowDefinition.Parse(Full);

        var again = FlowDefinition.Parse(flow.ToJson());

        again.Version.Should().Be(flow.Version);
        again.ToJson().Should().Be(flow.ToJson());
        flow.ToJson().Should().Contain("\n");
    }

    [Theory]
    [InlineData("""{ "steps": [ { "config": { "b": [1], "a": "\u0041" }, "type": "work", "id": "one" } ], "id": "f" }""")]
    [InlineData("""{ "id": "f", "format": 1, "strategy": "dependency_order", "max_concurrent_steps": 8, "steps": [ { "id": "one", "type": "work", "weight": 1, "priority": 0, "join": "all", "after": [], "config": { "a": "A", "b": [ 1 ] } } ] }""")]
    [InlineData("""{ "id": "f", "x-a": 1, "name": null, "steps": [ { "id": "one", "type": "work", "config": { "a": "A", "b": [1,] } } ] }""")]
    public void Version_SameContentInOtherWords_IsTheSame(string json)
        => FlowDefinition.Parse(json).Version.Should().Be(FlowDefinition.Parse("""{"id":"f","steps":[{"id":"one","type":"work","config":{"a":"A","b":[1]}}]}""").Version);

    [Theory]
    [InlineData("""{"id":"g","steps":[{"id":"one","type":"work"}]}""")]
    [InlineData("""{"id":"f","name":"n","steps":[{"id":"one","type":"work"}]}""")]
    [InlineData("""{"id":"f","description":"d","steps":[{"id":"one","type":"work"}]}""")]
    [InlineData("""{"id":"f","steps":[{"id":"one","type":"work","retry":{}}]}""")]
    [InlineData("""{"id":"f","steps":[{"id":"one","type":"work","order":1}]}""")]
    public void Version_OtherContent_IsAnother(string json)
    {
        var plain = FlowDefinition.Parse("""{"id":"f","steps":[{"id":"one","type":"work"}]}""").Version;

        plain.Should().MatchRegex("^[0-9a-f]{16}$");
        FlowDefinition.Parse(json).Version.Should().NotBe(plain);
    }

    [Fact]
    public void Version_AskedTwice_IsComputedOnce()
    {
        var flow = FlowDefinition.Parse(Full);

        flow.Version.Should().BeSameAs(flow.Version);
        (flow with { Name = "other" }).Version.Should().NotBe(flow.Version);
    }

    [Theory]
    [InlineData("\"all\"", 0)]
    [InlineData("\"any\"", 1)]
    [InlineData("{ \"count\": 3 }", 3)]
    public void Join_EveryForm_IsRead(string join, int required)
        => FlowDefinition.Parse($$"""{ "id": "f", "steps": [ { "id": "one", "type": "work", "join": {{join}} } ] }""").Steps[0].Join.Required.Should().Be(required);

    [Theory]
    [InlineData("1024", 1024)]
    [InlineData("\"1KB\"", 1024)]
    [InlineData("\"2 gb\"", 2L << 30)]
    [InlineData("\"7B\"", 7)]
    public void MemoryLimit_EveryForm_IsReadAndWritten(string size, long bytes)
    {
        var flow = FlowDefinition.Parse($$"""{ "id": "f", "memory_limit": {{size}} }""");

        flow.MemoryLimit.Should().Be(bytes);
        FlowDefinition.Parse(flow.ToJson()).MemoryLimit.Should().Be(bytes);
    }
}
