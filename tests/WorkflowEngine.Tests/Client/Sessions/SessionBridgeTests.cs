using WorkflowEngine.Tests.Engine;

namespace WorkflowEngine.Tests.Client.Sessions;

/// <summary>A session beside a state that other code keeps as a dictionary.</summary>
public sealed class SessionBridgeTests
{
    [Fact]
    public async Task Register_OfAVariableAndAResult_WritesBothSides()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("bridge", "s");
        var state = new Dictionary<string, object?>();
        var bridge = new SessionBridge(session, state);

        bridge.RegisterVariable("result", new { status = "success", count = 1500 }, VariableKind.Output, "process_data");
        await bridge.RegisterStepResultAsync("load_data", new[] { 1, 2, 3 });

        session.Variables.List()["result"].Should().Match<JobVariable>(variable => variable.Kind == VariableKind.Output && variable.SourceStep == "process_data");
        state.Should().ContainKey("result");
        (await session.GetStepResultAsync<int[]>("load_data")).Should().Equal(1, 2, 3);
        (await session.GetStatusAsync())["load_data"].Status.Should().Be(StepStatus.Completed);
        ((IDictionary<string, object?>)state[SessionBridge.ResultsKey]!).Should().ContainKey("load_data");
        bridge.Invoking(refusing => refusing.RegisterVariable(SessionBridge.ResultsKey, 1)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public async Task Sync_ThereAndBack_CarriesVariablesAndResultsButNoSecret()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        await using var session = await host.Engine.OpenSessionAsync("bridge", "s");
        var state = new Dictionary<string, object?> { ["limit"] = 10, [SessionBridge.ResultsKey] = new Dictionary<string, object?> { ["old"] = "kept" } };
        var bridge = new SessionBridge(session, state);
        session.Variables.Set("limit", 5, VariableKind.Configuration);
        session.Variables.Set("token", "t", VariableKind.Secret);
        session.Variables.Set("sums", new Dictionary<string, double> { ["at"] = 1.5 });
        await session.RunStepAsync("count", _ => Task.FromResult(45));

        await bridge.SyncFromStateAsync();
        await bridge.SyncToStateAsync();

        (session.Variables.Get<int>("limit"), session.Variables.List()["limit"].Kind).Should().Be((10, VariableKind.Configuration));
        (await session.GetStepResultAsync<string>("old")).Should().Be("kept");
        state.Should().NotContainKey("token").And.ContainKey("sums").WhoseValue.Should().BeEquivalentTo(new Dictionary<string, object?> { ["at"] = 1.5 });
        state[SessionBridge.ResultsKey].Should().BeEquivalentTo(new Dictionary<string, object?> { ["old"] = "kept", ["count"] = 45L });
    }
}
