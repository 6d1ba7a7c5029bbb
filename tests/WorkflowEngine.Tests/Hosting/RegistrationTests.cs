using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Hosting;

public sealed class RegistrationTests
{
    [Fact]
    public async Task Options_FromConfiguration_AreBoundAndTheDelegateWins()
    {
        var builder = WithConfiguration(("WorkflowEngine:MaxConcurrentSteps", "7"), ("WorkflowEngine:PollInterval", "00:00:03"), ("WorkflowEngine:billing:MaxConcurrentJobs", "5"));
        builder.Services.AddWorkflowEngine(options => options.MaxConcurrentSteps = 9);
        builder.Services.AddWorkflowEngine("billing");
        using var host = builder.Build();
        await host.StartAsync();

        var options = host.Services.GetRequiredService<IOptionsMonitor<WorkflowEngineOptions>>();
        (options.CurrentValue.MaxConcurrentSteps, options.CurrentValue.PollInterval).Should().Be((9, TimeSpan.FromSeconds(3)));
        options.Get("billing").MaxConcurrentJobs.Should().Be(5);
        await host.StopAsync();
    }

    [Fact]
    public async Task Options_OutOfRange_StopTheHostNamingTheMembers()
    {
        var builder = WithConfiguration(("WorkflowEngine:MaxConcurrentSteps", "0"));
        builder.Services.AddWorkflowEngine(options => options.PollInterval = TimeSpan.Zero);
        using var host = builder.Build();

        var error = await host.Invoking(started => started.StartAsync()).Should().ThrowAsync<OptionsValidationException>();

        error.Which.Message.Should().Contain("WorkflowEngineOptions.MaxConcurrentSteps").And.Contain("WorkflowEngineOptions.PollInterval");
    }

    [Fact]
    public async Task AddWorkflowEngine_Twice_FillsOneEngine()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddWorkflowEngine().AddStep("a", (_, _) => StepResult.Completed());
        builder.Services.AddWorkflowEngine().AddFlow("one", flow => flow.Start("a", "a"));
        using var host = builder.Build();
        await host.StartAsync();

        host.Services.GetServices<IHostedService>().OfType<EngineHost>().Should().ContainSingle();
        host.Services.GetServices<IWorkflowEngine>().Should().ContainSingle();
        (await host.Services.GetRequiredService<IWorkflowEngine>().RunAsync("one").Soon()).Succeeded.Should().BeTrue();
        await host.StopAsync();
    }

    [Fact]
    public async Task NamedEngines_AreKeyedAndKeepTheirJobsApart()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        foreach (var name in new[] { "billing", "mail" })
        {
            builder.Services.AddWorkflowEngine(name).AddStep("who", (_, _) => DataPacket.Of(name)).AddFlow("who", flow => flow.Start("a", "who"));
        }

        using var host = builder.Build();
        await host.StartAsync();
        var (billing, mail) = (host.Services.GetRequiredKeyedService<IWorkflowEngine>("billing"), host.Services.GetRequiredKeyedService<IWorkflowEngine>("mail"));

        var result = await billing.RunAsync("who").Soon();

        result.Output.Get<string>().Should().Be("billing");
        (await mail.RunAsync("who").Soon()).Output.Get<string>().Should().Be("mail");
        await mail.GetJob(result.Id).Invoking(job => job.GetStatusAsync()).Should().ThrowAsync<JobNotFoundException>();
        host.Services.GetService<IWorkflowEngine>().Should().BeNull();
        await host.StopAsync();
    }

    [Fact]
    public async Task Flow_ThatCannotRun_StopsTheHostWithEveryProblem()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddWorkflowEngine().AddStep("note", (_, _) => StepResult.Completed()).AddFlow("bad", flow => flow.Start("a", "noet").Step("b", "note", after: ["c"]));
        using var host = builder.Build();

        var error = await host.Invoking(started => started.StartAsync()).Should().ThrowAsync<FlowValidationException>();

        error.Which.Message.Should().Contain("note").And.Contain("'c'");
    }

    [Fact]
    public async Task AddFlowsFrom_AFolder_AddsItsFlows()
    {
        var folder = Directory.CreateTempSubdirectory("flows-");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "one.json"), """{ "id": "one", "steps": [ { "id": "a", "type": "note" } ] }""");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "two.json"), """{ "id": "two", "steps": [ { "id": "a", "type": "note" } ] }""");
        await using (var host = await TestHost.StartAsync(engine => engine.AddStep("note", (_, _) => StepResult.Completed()).AddFlowsFrom(folder.FullName)))
        {
            (await host.Engine.RunAsync("two").Soon()).Succeeded.Should().BeTrue();
            (await host.Engine.Flows.ListAsync().Select(flow => flow.Id).ToListAsync()).Should().Contain(["one", "two"]);
        }

        folder.Delete(recursive: true);
        using var missing = TestHostWith(engine => engine.AddFlowsFrom(folder.FullName));
        await missing.Invoking(started => started.StartAsync()).Should().ThrowAsync<DirectoryNotFoundException>();
    }

    [Fact]
    public async Task Middleware_RunsInOrderOfRegistrationAroundThePollyPipeline()
    {
        var trail = new List<string>();
        var attempts = 0;
        var pipeline = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions { MaxRetryAttempts = 2, Delay = TimeSpan.Zero }).Build();
        await using var host = await TestHost.StartAsync(engine =>
        {
            engine.Services.AddSingleton(trail);
            engine.AddStepMiddleware<Outer>().AddStepMiddleware<Inner>()
                .AddStep("flaky", (_, _) => ++attempts < 3 ? throw new InvalidOperationException("again") : StepResult.Completed(), step => step.Resilience(pipeline))
                .AddFlow("flaky", flow => flow.Start("a", "flaky"));
        });

        var job = await host.Engine.StartAsync("flaky");
        (await job.WaitAsync().Soon()).Succeeded.Should().BeTrue();

        trail.Should().Equal("outer in", "inner in", "inner out", "outer out");
        (attempts, (await job.GetStatusAsync())["a"].Attempts).Should().Be((3, 1));
    }

    [Fact]
    public async Task EngineData_FromProviderAndStarter_ReachesTheStepAndTheStarterWins()
    {
        await using var host = await TestHost.StartAsync(engine => engine.AddEngineData<Source>()
            .AddStep("read", (payload, _) => DataPacket.Of($"{payload.EngineData.Get<string>("source_url")} {payload.EngineData.Get<int>("limit")}"))
            .AddFlow("read", flow => flow.Start("a", "read")));

        (await host.Engine.RunAsync("read").Soon()).Output.Get<string>().Should().Be("https://example.org/ 1");
        (await host.Engine.RunAsync("read", options: new JobOptions { EngineData = new { limit = 2 } }).Soon()).Output.Get<string>().Should().Be("https://example.org/ 2");
    }

    [Fact]
    public async Task Secret_ReachesTheConfigAndNothingThatIsKept()
    {
        string? seen = null;
        await using var host = await TestHost.StartAsync(engine => engine.AddSecrets<Vault>()
            .AddStep("call", (payload, _) =>
            {
                seen = payload.Config.Get<string>("header");
                return payload.Attempt == 1 ? StepResult.Fail("busy", "later") : StepResult.Completed();
            })
            .AddFlow("call", flow => flow.Start("a", "call", step => step.With("header", "Bearer {{ secrets.api_token }}").Retry(2, TimeSpan.Zero))));

        var job = await host.Engine.StartAsync("call");
        (await job.WaitAsync().Soon()).Succeeded.Should().BeTrue();

        seen.Should().Be($"Bearer {Vault.Secret}");
        var kept = WorkflowJson.ToElement(new { events = await job.EventsAsync(), status = await job.GetStatusAsync(), variables = await job.GetVariablesAsync(), why = await job.ExplainAsync() });
        kept.GetRawText().Should().NotContain(Vault.Secret);
        string.Join('\n', host.Log.Lines).Should().NotContain(Vault.Secret);
    }

    private static HostApplicationBuilder WithConfiguration(params (string Key, string Value)[] values)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)));
        return builder;
    }

    private static IHost TestHostWith(Action<IWorkflowEngineBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        configure(builder.Services.AddWorkflowEngine());
        return builder.Build();
    }

    private sealed class Outer(List<string> trail) : IStepMiddleware
    {
        public ValueTask<StepResult> InvokeAsync(StepPayload payload, StepDelegate next, CancellationToken cancellationToken) => AroundAsync("outer", trail, payload, next, cancellationToken);
    }

    private sealed class Inner(List<string> trail) : IStepMiddleware
    {
        public ValueTask<StepResult> InvokeAsync(StepPayload payload, StepDelegate next, CancellationToken cancellationToken) => AroundAsync("inner", trail, payload, next, cancellationToken);
    }

    private static async ValueTask<StepResult> AroundAsync(string name, List<string> trail, StepPayload payload, StepDelegate next, CancellationToken cancellationToken)
    {
        trail.Add($"{name} in");
        var result = await next(payload, cancellationToken);
        trail.Add($"{name} out");
        return result;
    }

    private sealed class Source : IEngineDataProvider
    {
        public ValueTask<IReadOnlyDictionary<string, object?>> ProvideAsync(string flowId, JobId jobId, CancellationToken cancellationToken)
            => new(new Dictionary<string, object?> { ["source_url"] = "https://example.org/", ["limit"] = 1 });
    }

    private sealed class Vault : ISecretProvider
    {
        public const string Secret = "hunter2-hunter2";

        public ValueTask<string?> FindSecretAsync(string name, CancellationToken cancellationToken) => new(name == "api_token" ? Secret : null);
    }
}
