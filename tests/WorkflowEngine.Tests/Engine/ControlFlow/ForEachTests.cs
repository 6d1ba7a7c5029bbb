using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine.ControlFlow;

/// <summary>A round per item, bounded, in the order of the items (S17).</summary>
public sealed class ForEachTests
{
    [Fact]
    public async Task ForEach_OverAPlainList_HandsOnTheRoundsOutputsInItemOrder()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("double", payload => DataPacket.Of(payload.Config.Get<Numbers>().Of * 2))
            .AddFlow("f", flow => flow.ForEach("each", "{{ input[0].content.list }}", body => body.Start("d", "double", step => step.With("of", "{{ loop.item }}")))));

        var result = await host.RunAsync("f", new { list = new[] { 3, 1, 2 } });

        Contents(result).Should().Be("6 2 4");
    }

    [Fact]
    public async Task ForEach_OverAPacket_GivesEachRoundItsItemAndItsPlace()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("say", payload => DataPacket.Of($"{payload.Get<string>()}:{payload.Config.Get<Said>().Text}"))
            .AddFlow("f", flow => flow.ForEach("each", "{{ input }}", body => body
                .Start("s", "say", step => step.With("text", "{{ loop.item.content }}/{{ loop.index }}/{{ loop.total }}/{{ loop.first }}/{{ loop.last }}")))));

        var result = await host.RunAsync("f", new[] { "a", "b" });

        Contents(result).Should().Be("a:a/0/2/true/false b:b/1/2/false/true");
    }

    [Fact]
    public async Task ForEach_OverAnEmptyList_CompletesWithNothingAndItsDependantsRun()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddFlow("f", flow => flow.ForEach("each", Array.Empty<int>(), body => body.Start("b", "noop")).Then("after", "noop")));

        var job = await host.StartAsync("f");
        var result = await host.RunToEndAsync(job);

        result.Status.Should().Be(JobStatus.Completed);
        (await StepsAsync(job)).Should().Be("each:completed after:completed");
    }

    [Theory]
    [InlineData("{{ input[0].content }}")]
    [InlineData("{{ variables.text }}")]
    public async Task ForEach_OverWhatIsNoList_Fails(string items)
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddFlow("f", flow => flow.Variable("text", "abc").ForEach("each", items, body => body.Start("b", "noop"))));

        (await host.RunAsync("f", 5)).Reason.Should().Be("not_a_list");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task ForEach_WithMaxConcurrency_NeverOpensMoreRounds(int most)
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddFlow("f", flow => flow.ForEach("each", Enumerable.Range(0, 10), body => body.WaitForSignal("w", "go"), maxConcurrency: most)));
        var job = await host.StartAsync("f");

        for (var round = 0; round < 10; round++)
        {
            await host.RunUntilIdleAsync();
            (await job.GetStatusAsync()).Steps.Count(step => step is { Status: StepStatus.Waiting, WaitsFor: not null }).Should().Be(Math.Min(most, 10 - round));
            await job.SignalAsync("go", round);
        }

        Contents(await host.RunToEndAsync(job)).Should().Be("0 1 2 3 4 5 6 7 8 9");
    }

    [Fact]
    public async Task FailureInARound_IsTheLoopsFailure_AndNothingNewBegins()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("odd", payload => payload.Get<int>() == 2 ? StepResult.Fail("two", "It is two.") : StepResult.Completed(payload.Data))
            .AddFlow("f", flow => flow.ForEach("each", Enumerable.Range(0, 9), body => body.Start("b", "odd").Then("c", "noop"), maxConcurrency: 1).Then("after", "noop")));

        var job = await host.StartAsync("f");
        var result = await host.RunToEndAsync(job);

        result.Status.Should().Be(JobStatus.Failed);
        result.Reason.Should().Be("two");
        result.Message.Should().Contain("each[2].b");
        (await StepsAsync(job)).Should().Be("each:failed after:blocked each[0].b:completed each[0].c:completed each[1].b:completed each[1].c:completed each[2].b:failed each[2].c:blocked");
    }

    [Fact]
    public async Task FailureInARound_IsTakenByTheLoopsErrorEdge()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("bad", _ => StepResult.Fail("bad", "no"))
            .AddFlow("f", flow => flow.ForEach("each", new[] { 1 }, body => body.Start("b", "bad")).Step("repair", "set", [], step => step.After("each", "failed").With("items", new[] { "{{ error.reason }}" }))));

        var result = await host.RunAsync("f");

        result.Status.Should().Be(JobStatus.Completed);
        result.Output[0].Content.GetString().Should().Be("bad");
    }

    [Fact]
    public async Task FailureInARound_TakenInsideOfIt_IsNoneOfTheLoops()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("bad", _ => StepResult.Fail("bad", "no"))
            .AddFlow("f", flow => flow.ForEach("each", new[] { 1, 2 }, body => body.Start("b", "bad", step => step.OnError("fix", "set", fix => fix.With("items", new[] { "{{ loop.item }}" }))))));

        (await host.RunAsync("f")).Output.Where(item => item.Type != "error").Select(item => item.Content.GetInt32()).Should().Equal(1, 2);
    }

    [Fact]
    public async Task ContinueOnError_PutsTheErrorAtItsPlace()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("odd", payload => payload.Get<int>() % 2 == 1 ? StepResult.Fail("odd", "It is odd.") : StepResult.Completed(payload.Data))
            .AddFlow("f", flow => flow.ForEach("each", Enumerable.Range(0, 4), body => body.Start("b", "odd"), continueOnError: true)));

        var result = await host.RunAsync("f");

        result.Status.Should().Be(JobStatus.Completed);
        result.Output.Select(item => item.Type == "error" ? item.Content.GetProperty("step_id").GetString() : item.Content.ToString()).Should().Equal("0", "each[1].b", "2", "each[3].b");
    }

    [Fact]
    public async Task Nested_RoundsHaveTheirOwnPathsAndItems()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("say", payload => DataPacket.Of($"{payload.StepPath}={payload.Config.Get<Said>().Text}"))
            .AddFlow("f", flow => flow.ForEach("each", new[] { new[] { 1, 2 }, [3] }, outer => outer
                .ForEach("inner", "{{ loop.item }}", inner => inner.Start("s", "say", step => step.With("text", "{{ loop.item }}"))))));

        Contents(await host.RunAsync("f")).Should().Be("each[0].inner[0].s=1 each[0].inner[1].s=2 each[1].inner[0].s=3");
    }

    [Fact]
    public async Task Templates_InABody_SeeStepsOfTheRoundAndOfTheListsAround()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddStep("say", payload => DataPacket.Of(payload.Config.Get<Said>().Text.ToString()))
            .AddFlow("f", flow => flow
                .Start("a", "say", step => step.With("text", "A"))
                .ForEach("each", new[] { 1, 2 }, body => body
                    .Start("b", "say", step => step.With("text", "{{ loop.item }}"))
                    .Then("c", "say", step => step.With("text", "{{ steps.a.output[0].content }}{{ steps.b.output[0].content }}")))));

        Contents(await host.RunAsync("f")).Should().Be("A1 A2");
    }

    /// <summary>More rounds than a page: what is put together stays in order, and the rows that are kept are bounded.</summary>
    [Fact]
    public async Task ManyRounds_ArePutTogetherInOrder_AndKeepFewRows()
    {
        await using var host = await FlowTestHost.StartAsync(engine => engine
            .AddFlow("f", flow => flow.ForEach("each", "{{ input }}", body => body.Start("b", "noop"), maxConcurrency: 4)));
        var job = await host.StartAsync("f", Enumerable.Range(0, 2000));

        var result = await host.RunToEndAsync(job);

        result.Output.Select(item => item.Content.GetInt32()).Should().Equal(Enumerable.Range(0, 2000));
        (await job.GetStatusAsync()).Steps.Count.Should().BeLessThan(LoopRounds.PageSize + 10);
    }

    [Fact]
    public async Task Crash_AtEveryCommit_LosesNoRound()
    {
        var crashes = await FlowTestHost.CrashAtEveryCommitAsync(
            engine => engine
                .AddStep("say", payload => DataPacket.Of(payload.StepPath))
                .AddFlow("f", flow => flow.ForEach("each", new[] { 1, 2, 3 }, outer => outer.Start("s", "say").ForEach("inner", new[] { 1, 2 }, inner => inner.Start("t", "say").Then("u", "say")), maxConcurrency: 2)),
            "f",
            null,
            result =>
            {
                result.Status.Should().Be(JobStatus.Completed);
                Contents(result).Should().Be("each[0].inner[0].u each[0].inner[1].u each[1].inner[0].u each[1].inner[1].u each[2].inner[0].u each[2].inner[1].u");
            });

        crashes.Should().BeGreaterThan(5);
    }

    internal static string Contents(JobResult result) => string.Join(' ', result.Output.Select(item => item.Content.ToString()));

    internal static async Task<string> StepsAsync(JobHandle job) => string.Join(' ', (await job.GetStatusAsync()).Steps.Select(step => $"{step.Path}:{step.Status.ToWord()}"));

    private sealed record Numbers(int Of);

    private sealed record Said(JsonElement Text);
}
