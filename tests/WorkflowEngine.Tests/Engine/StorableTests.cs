using Microsoft.Extensions.DependencyInjection;

namespace WorkflowEngine.Tests.Engine;

/// <summary>What a step makes and no store can keep is that step's failure: typed, never tried again, and nobody else's.</summary>
public sealed class StorableTests
{
    private const int Limit = 1 << 20;

    private static readonly string[] Ways = ["returned", "packet", "variable", "engine_data", "state"];

    public static TheoryData<string, string> OddByWay
    {
        get
        {
            var table = new TheoryData<string, string>();
            foreach (var way in Ways)
            {
                foreach (var value in OddValues.Names)
                {
                    table.Add(way, value);
                }
            }

            return table;
        }
    }

    public static TheoryData<string> AllWays => [.. Ways];

    [Theory]
    [MemberData(nameof(OddByWay))]
    public async Task Value_ThatIsNoJson_FailsItsStepAloneAndIsNotTriedAgain(string way, string value)
    {
        await using var host = await HostAsync(way, () => OddValues.Make(value));

        var job = await host.Engine.StartAsync("mixed");
        var result = await job.WaitAsync().Soon();

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.ResultNotStorable));
        var report = await job.GetStatusAsync();
        (report["bad"].Status, report["bad"].Attempts, report["bad"].Error!.Retryable).Should().Be((StepStatus.Failed, 1, false));
        report["bad"].Error!.Message.Should().Contain("'bad'");
        (report["before"].Status, report["beside"].Status, report["after"].Status).Should().Be((StepStatus.Completed, StepStatus.Completed, StepStatus.Blocked));
        (await job.GetVariablesAsync())["v"].Should().BeNull();
        (await host.Engine.RunAsync("good").Soon()).Status.Should().Be(JobStatus.Completed);
        await host.NothingIsHeldAsync();
    }

    [Theory]
    [MemberData(nameof(AllWays))]
    public async Task Value_WithoutAnEnd_IsRefusedWhileItIsWritten(string way)
    {
        var endless = new Endless();
        await using var host = await HostAsync(way, () => endless);

        var job = await host.Engine.StartAsync("mixed");
        var result = await job.WaitAsync().Soon();

        (result.Status, result.Reason).Should().Be((JobStatus.Failed, Reasons.PacketTooLarge));
        var error = (await job.GetStatusAsync())["bad"].Error!;
        (error.Retryable, error.Message.Contains("'bad'", StringComparison.Ordinal), error.Message.Contains("MaxPacketBytes", StringComparison.Ordinal)).Should().Be((false, true, true));

        // A packet or state made without its payload at hand is bounded by what any engine of this process may keep.
        endless.Bytes.Should().BeLessThan((way is "packet" or "state" ? WorkflowJson.MaxBytes : Limit) + (4 * Endless.BytesEach));
        (await host.Engine.RunAsync("good").Soon()).Status.Should().Be(JobStatus.Completed);
    }

    [Fact]
    public async Task Input_ThatCannotBeKept_IsRefusedByNameAndStartsNothing()
    {
        await using var host = await HostAsync("returned", () => 1);
        var endless = new Endless();

        var odd = await host.Engine.Invoking(engine => engine.StartAsync("good", OddValues.Make("cycle"))).Should().ThrowAsync<DataPacketException>();
        var large = await host.Engine.Invoking(engine => engine.StartAsync("good", endless)).Should().ThrowAsync<DataPacketException>();
        var packet = await host.Engine.Invoking(engine => engine.StartAsync("good", DataPacket.Of(new string('x', Limit)))).Should().ThrowAsync<DataPacketException>();
        var variables = await host.Engine.Invoking(engine => engine.StartAsync("good", options: new JobOptions { Variables = new { V = double.NaN } })).Should().ThrowAsync<DataPacketException>();

        (odd.Which.Reason, large.Which.Reason, packet.Which.Reason, variables.Which.Reason).Should().Be((Reasons.InvalidInput, Reasons.PacketTooLarge, Reasons.PacketTooLarge, Reasons.InvalidInput));
        new[] { odd.Which.Message, large.Which.Message, packet.Which.Message }.Should().OnlyContain(message => message.Contains("input of", StringComparison.Ordinal) && message.Contains("'good'", StringComparison.Ordinal));
        variables.Which.Message.Should().Contain("JobOptions.Variables");
        endless.Bytes.Should().BeLessThan(Limit + (4 * Endless.BytesEach));
        (await host.Engine.CountJobsAsync()).Total.Should().Be(0);
    }

    [Fact]
    public async Task SignalOrVariable_ThatCannotBeKept_IsRefusedByNameAndTheJobGoesOn()
    {
        await using var host = await HostAsync("returned", () => 1);
        var job = await host.Engine.StartAsync("waits");
        await job.WaitAsync(JobWait.Idle).Soon();

        foreach (var value in OddValues.Names)
        {
            var signal = await job.Invoking(waiting => waiting.SignalAsync("go", OddValues.Make(value))).Should().ThrowAsync<DataPacketException>();
            var variable = await job.Invoking(waiting => waiting.SetVariableAsync("v", OddValues.Make(value))).Should().ThrowAsync<DataPacketException>();
            (signal.Which.Reason, variable.Which.Reason).Should().Be((Reasons.InvalidInput, Reasons.InvalidInput));
            (signal.Which.Message.Contains("signal 'go'", StringComparison.Ordinal), variable.Which.Message.Contains("variable 'v'", StringComparison.Ordinal)).Should().Be((true, true));
        }

        (await job.Invoking(waiting => waiting.SignalAsync("go", new Endless())).Should().ThrowAsync<DataPacketException>()).Which.Reason.Should().Be(Reasons.PacketTooLarge);
        await job.SignalAsync("go", "now").Soon();
        (await job.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
    }

    [Fact]
    public async Task SessionResult_ThatCannotBeKept_FailsItsStepAndTheSessionGoesOn()
    {
        await using var host = await HostAsync("returned", () => 1);
        await using var session = await host.Engine.OpenSessionAsync("odd", "s");
        foreach (var value in OddValues.Names)
        {
            var run = await session.Invoking(open => open.RunStepAsync(value, _ => Task.FromResult(OddValues.Make(value)), new StepOptions { Retry = new RetryPolicy { MaxAttempts = 3 } })).Should().ThrowAsync<StepFailedException>();
            (run.Which.Reason, run.Which.Retryable, run.Which.Message.Contains($"'{value}'", StringComparison.Ordinal)).Should().Be((Reasons.ResultNotStorable, false, true));
            session.Invoking(open => open.Variables.Set("v", OddValues.Make(value))).Should().Throw<DataPacketException>().WithMessage("*'v'*").Which.Reason.Should().Be(Reasons.ResultNotStorable);
        }

        var endless = new Endless();
        var large = await session.Invoking(open => open.RunStepAsync("large", _ => Task.FromResult(endless))).Should().ThrowAsync<StepFailedException>();

        large.Which.Reason.Should().Be(Reasons.PacketTooLarge);
        endless.Bytes.Should().BeLessThan(Limit + (4 * Endless.BytesEach));
        (await session.TryRunStepAsync("tried", "Tried", _ => Task.FromResult(double.NaN))).Should().BeFalse("no attempt can help");
        (await session.RunStepAsync("fine", _ => Task.FromResult("grin 😀"))).Should().Be("grin 😀");
        var report = await session.GetStatusAsync();
        (report["nan"].Attempts, report["nan"].Error!.Reason, report["tried"].Attempts, report["large"].Error!.Reason).Should().Be((1, Reasons.ResultNotStorable, 1, Reasons.PacketTooLarge));
    }

    private static Task<TestHost> HostAsync(string way, Func<object> make) => TestHost.StartAsync(
        engine => engine
            .AddStep("work", (_, _) => StepResult.Completed(DataPacket.Of("fine")))
            .AddStep("wait", (payload, _) => payload.Signal is null ? StepResult.Wait("go") : StepResult.Completed(DataPacket.Of("fine")))
            .AddStep("typed", (string _) => make())
            .AddStep("untyped", (payload, _) => Untyped(way, make(), payload))
            .AddFlow("good", flow => flow.Start("before", "work").Then("after", "work"))
            .AddFlow("waits", flow => flow.Start("before", "wait"))
            .AddFlow("mixed", flow => flow
                .FailurePolicy(FailurePolicy.ContinueIndependent)
                .Start("before", "work")
                .Step("bad", way == "returned" ? "typed" : "untyped", after: ["before"], configure: step => step.Retry(maxAttempts: 3))
                .Step("beside", "work", after: ["before"])
                .Step("after", "work", after: ["bad"])),
        options => options.MaxPacketBytes = Limit);

    private static StepResult Untyped(string way, object value, StepPayload payload)
    {
        switch (way)
        {
            case "packet":
                return StepResult.Completed(DataPacket.Of(value));
            case "variable":
                payload.SetVariable("v", value);
                break;
            case "engine_data":
                payload.SetEngineData("v", value);
                break;
            case "state":
                return StepResult.RunAgain(TimeSpan.Zero, value);
        }

        return StepResult.Completed();
    }
}
