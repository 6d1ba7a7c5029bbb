using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Hosting;

/// <summary>Every way to register a step compiles and runs.</summary>
public sealed class AddStepTests
{
    internal sealed record Article(string Title);

    public static TheoryData<string> Types =>
    [
        "result", "packet", "value_task", "task", "async_result", "async_packet", "one_parameter",
        "typed", "typed_packet", "typed_async", "typed_async_token", "typed_async_payload", "class_shared", "class_scoped", "class_typed",
    ];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Step_OfEveryOverload_RunsAndGivesItsItem(string type)
    {
        await using var host = await StartAsync();

        var job = await host.Engine.StartStepAsync(type, new Article("a"));

        var result = await job.WaitAsync().Soon();
        result.Message.Should().BeNull();
        result.Output.Get<Article>().Title.Should().Be("A");
    }

    [Fact]
    public async Task StepClass_WithScopedDependency_IsMadeAndDisposedForEachAttempt()
    {
        var log = new Disposals();
        await using var host = await StartAsync(log);

        var job = await host.Engine.StartStepAsync("class_scoped", new Article("a"));
        await job.WaitAsync().Soon();
        (log.Made, log.Disposed).Should().Be((1, 1));
        await (await host.Engine.StartStepAsync("class_scoped", new Article("a"))).WaitAsync().Soon();
        (log.Made, log.Disposed).Should().Be((2, 2));
    }

    [Fact]
    public async Task StepClass_WithoutParameters_IsMadeOnceAndShared()
    {
        Shared.Made = 0;
        await using var host = await StartAsync();

        for (var i = 0; i < 3; i++)
        {
            await (await host.Engine.StartStepAsync("class_shared", new Article("a"))).WaitAsync().Soon();
        }

        Shared.Made.Should().Be(1);
    }

    private static Article Up(Article article) => article with { Title = article.Title.ToUpperInvariant() };

    private static DataPacket UpPacket(StepPayload payload) => payload.Data.Prepend(Up(payload.Get<Article>()));

    private static Task<TestHost> StartAsync(Disposals? log = null) => TestHost.StartAsync(engine =>
    {
        engine.Services.AddSingleton(log ?? new Disposals()).AddScoped<Dependency>();
        engine
            .AddStep("result", (payload, _) => StepResult.Completed(UpPacket(payload)))
            .AddStep("packet", (payload, _) => UpPacket(payload))
            .AddStep("value_task", (payload, _) => new ValueTask<StepResult>(StepResult.Completed(UpPacket(payload))))
            .AddStep("task", (payload, _) => Task.FromResult(StepResult.Completed(UpPacket(payload))))
            .AddStep("async_result", async (payload, _) =>
            {
                await Task.Yield();
                return StepResult.Completed(UpPacket(payload));
            })
            .AddStep("async_packet", async (payload, _) =>
            {
                await Task.Yield();
                return UpPacket(payload);
            })
            .AddStep("one_parameter", payload => UpPacket(payload))
            .AddStep("typed", (Article article) => Up(article))
            .AddStep("typed_packet", (DataPacket packet) => packet.Prepend(Up(packet.Get<Article>())))
            .AddStep("typed_async", async (Article article) =>
            {
                await Task.Yield();
                return Up(article);
            })
            .AddStep("typed_async_token", async (Article article, CancellationToken _) =>
            {
                await Task.Yield();
                return Up(article);
            })
            .AddStep("typed_async_payload", async (Article article, StepPayload payload, CancellationToken _) =>
            {
                await Task.Yield();
                return payload.Attempt == 1 ? Up(article) : article;
            })
            .AddStep<Shared>("class_shared")
            .AddStep<WithDependency>("class_scoped", step => step.Name("With a dependency").Position(7).Ports("done"))
            .AddStep<Typed>("class_typed");
    });

    private sealed class Shared : IStep
    {
        public static int Made;

        public Shared() => Interlocked.Increment(ref Made);

        public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken) => UpPacket(payload);
    }

    private sealed class WithDependency(Dependency dependency) : IStep
    {
        public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
            => dependency.IsDisposed ? throw new ObjectDisposedException(nameof(Dependency)) : UpPacket(payload);
    }

    private sealed class Typed : IStep<Article, Article>
    {
        public ValueTask<Article> ExecuteAsync(Article input, StepPayload payload, CancellationToken cancellationToken) => new(Up(input));
    }

    private sealed class Disposals
    {
        public int Made { get; set; }

        public int Disposed { get; set; }
    }

    private sealed class Dependency : IAsyncDisposable
    {
        private readonly Disposals _log;

        public Dependency(Disposals log)
        {
            _log = log;
            log.Made++;
        }

        public bool IsDisposed { get; private set; }

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            _log.Disposed++;
            return default;
        }
    }
}
