using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Client.Sessions;

/// <summary>Flows in code that the engine runs (S28).</summary>
public sealed class CodeFlowTests
{
    [Fact]
    public async Task CodeFlow_OfTypedInput_RunsItsStepsAndGivesItsOutput()
    {
        await using var host = await TestHost.StartAsync(engine => engine.AddFlow<Order, Receipt>("order", version: "2", async (session, order, stop) =>
        {
            var total = await session.RunStepAsync("price", _ => Task.FromResult(order.Pieces * 3), cancellationToken: stop);
            var key = await session.RunStepAsync("charge", _ => Task.FromResult(session.IdempotencyKeyFor("charge")), cancellationToken: stop);
            session.Variables.Set("total", total, VariableKind.Output, "price");
            return new Receipt(total, key);
        }));

        var job = await host.Engine.StartAsync("order", new Order("a", 4));
        var result = await job.WaitAsync().Soon();

        (result.Status, result.Output.Get<Receipt>()).Should().Be((JobStatus.Completed, new Receipt(12, $"{job.Id}/charge/0/0")));
        var report = await job.GetStatusAsync();
        (report.FlowVersion, report["price"].Status, report["charge"].Status, report["session"].Status).Should().Be(("2", StepStatus.Completed, StepStatus.Completed, StepStatus.Completed));
        (report.Progress.Percentage, report.Progress.Completed, report.Progress.Total).Should().Be((100, 2, 2));
        (await job.GetVariablesAsync()).Values["total"].Should().Match<JobVariable>(variable => variable.Kind == VariableKind.Output && variable.SourceStep == "price");
        (await job.GetOutputAsync("price")).Get<int>().Should().Be(12);
    }

    [Fact]
    public async Task CodeFlow_ThatThrows_FailsTheJobAndARetryGoesOnBehindTheCompletedSteps()
    {
        var (first, second) = (0, 0);
        await using var host = await TestHost.StartAsync(engine => engine.AddFlow<DataPacket>("flaky", version: "1", async (session, _, stop) =>
        {
            await session.RunStepAsync("first", _ => Task.FromResult(++first), cancellationToken: stop);
            await session.RunStepAsync("second", _ => ++second < 2 ? throw new InvalidDataException("not yet") : Task.FromResult(second), cancellationToken: stop);
        }));

        var failed = await host.Engine.RunAsync("flaky").Soon();
        var job = host.Engine.GetJob(failed.Id);
        await job.RetryAsync().Soon();
        var result = await job.WaitAsync().Soon();

        (failed.Status, failed.Message).Should().Be((JobStatus.Failed, "InvalidDataException: not yet"));
        (result.Status, first, second).Should().Be((JobStatus.Completed, 1, 2));
        (await job.GetStatusAsync()).Attempt.Should().Be(2);
    }

    [Fact]
    public async Task CodeFlow_OnAStoppingHost_IsHandedBackAndItsStepsAreNotCounted()
    {
        using var folder = new Storage.SqliteFolder();
        var began = new TaskCompletionSource();
        var waits = true;
        var effects = new List<string>();
        void Configure(IWorkflowEngineBuilder engine) => engine.UseSqlite($"Data Source={folder.File}").AddFlow<DataPacket>("long", version: "1", async (session, _, stop) =>
        {
            await session.RunStepAsync("quick", _ => Note("quick", effects), cancellationToken: stop);
            await session.RunStepAsync("slow", async token =>
            {
                began.TrySetResult();
                await (waits ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token) : Note("slow", effects));
            }, cancellationToken: stop);
        });
        JobId id;
        await using (var host = await TestHost.StartAsync(Configure, options => options.ShutdownGrace = TimeSpan.Zero))
        {
            id = (await host.Engine.StartAsync("long")).Id;
            await began.Task.Soon();
        }

        waits = false;
        await using var next = await TestHost.StartAsync(Configure);
        var result = await next.Engine.GetJob(id).WaitAsync().Soon();

        result.Status.Should().Be(JobStatus.Completed);
        effects.Should().Equal("quick", "slow");
        var report = await next.Engine.GetJob(id).GetStatusAsync();
        (report["slow"].Attempts, report["session"].Attempts, report["quick"].Attempts).Should().Be((1, 1, 1));
    }

    [Fact]
    public async Task CodeFlow_OfAnotherVersion_WaitsForAHostThatHasIt()
    {
        using var folder = new Storage.SqliteFolder();
        static Task Nothing(JobSession session, DataPacket input, CancellationToken cancellationToken) => Task.CompletedTask;
        JobId id;
        await using (var old = await TestHost.StartAsync(engine => engine.UseSqlite($"Data Source={folder.File}").AddFlow<DataPacket>("pinned", "1", Nothing), options => options.MaxConcurrentJobs = 1))
        {
            id = (await old.Engine.StartAsync("pinned", options: new JobOptions { StartPaused = true })).Id;
        }

        await using (var newer = await TestHost.StartAsync(engine => engine.UseSqlite($"Data Source={folder.File}").AddFlow<DataPacket>("pinned", "2", Nothing)))
        {
            var job = newer.Engine.GetJob(id);
            (await job.GetStatusAsync()).FlowVersion.Should().Be("1");
            (await newer.Engine.StartAsync("pinned").Soon()).Id.Should().NotBe(id);
            (await job.ExplainAsync()).Sentence.Should().NotBeEmpty();
        }

        await using var both = await TestHost.StartAsync(engine => engine.UseSqlite($"Data Source={folder.File}").AddFlow<DataPacket>("pinned", "1", Nothing).AddFlow<DataPacket>("pinned", "2", Nothing));
        await both.Engine.GetJob(id).ResumeAsync().Soon();
        (await both.Engine.GetJob(id).WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (await both.Engine.Flows.FindAsync("pinned"))!.Version.Should().Be("2");
    }

    [Theory]
    [InlineData("")]
    [InlineData("session")]
    [InlineData("a b")]
    public void AddFlow_WithAnIllegalVersion_IsRefused(string version)
    {
        var add = () => TestHost.Build(engine => engine.AddFlow<DataPacket>("bad", version, (_, _, _) => Task.CompletedTask));

        add.Should().Throw<ArgumentException>().WithMessage("*'bad'*");
    }

    [Fact]
    public async Task CodeFlow_InVirtualTime_WaitsDaysInNoTime()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine.AddFlow<DataPacket>("days", version: "1", async (session, _, stop) =>
        {
            await session.DelayAsync("a_day", TimeSpan.FromDays(1), stop);
            await session.RunStepAsync("flaky", _ => throw new InvalidDataException("no"), new StepOptions { Retry = new RetryPolicy { MaxAttempts = 3, Delay = TimeSpan.FromHours(1) } }, stop);
        }));
        var began = host.Time.GetUtcNow();

        var result = await host.RunAsync("days");

        (result.Status, host.Time.GetUtcNow() - began).Should().Be((JobStatus.Failed, TimeSpan.FromHours(26)));
        var job = host.Engine.GetJob(result.Id);
        (await job.GetStatusAsync())["flaky"].Attempts.Should().Be(3);
        (await host.EventsAsync(job)).Where(happened => happened.StepPath == "flaky").Select(happened => happened.Type).Should()
            .Equal("step.started", "step.retrying", "step.started", "step.retrying", "step.started", "step.failed");
    }

    [Fact]
    public async Task CodeFlow_CrashedAtEveryCommit_EndsTheSameEachTime()
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);

        var crashes = await FlowTestHost.CrashAtEveryCommitAsync(
            engine => engine.AddFlow<Order, int>("order", version: "1", async (session, order, stop) =>
            {
                var price = await session.RunStepAsync("price", _ => Task.FromResult(order.Pieces * 3), cancellationToken: stop);
                await session.DelayAsync("cool_down", TimeSpan.FromHours(1), stop);
                await session.RunStepAsync(
                    "charge",
                    _ =>
                    {
                        keys.Add(session.IdempotencyKeyFor("charge"));
                        return Task.CompletedTask;
                    },
                    cancellationToken: stop);
                session.Variables.Set("price", price);
                return price;
            }),
            "order",
            new Order("a", 4),
            result =>
            {
                result.EnsureSucceeded().Output.Get<int>().Should().Be(12);
                keys.Should().ContainSingle("the key is the same before and after a crash");
                keys.Clear();
            });

        crashes.Should().BeGreaterThan(6);
    }

    private static Task Note(string step, List<string> effects)
    {
        lock (effects)
        {
            effects.Add(step);
        }

        return Task.CompletedTask;
    }

    private sealed record Order(string Id, int Pieces);

    private sealed record Receipt(int Total, string Key);
}
