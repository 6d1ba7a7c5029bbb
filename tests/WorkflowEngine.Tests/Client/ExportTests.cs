using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Engine;
using WorkflowEngine.Tests.Storage;

namespace WorkflowEngine.Tests.Client;

/// <summary>A job as a document: out of one store and on in another (S27).</summary>
public sealed class ExportTests
{
    private readonly Probe _probe = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Import_IntoAnotherStore_GoesOnWhereTheJobStood(bool fromMemory)
    {
        using var folder = new SqliteFolder();
        Action<IWorkflowEngineBuilder> file = engine => engine.UseSqlite($"Data Source={folder.File}").UseFilePackets(Path.Combine(folder.Folder, "packets"));
        _probe.Hold("b");
        await using var first = await ChainAsync(fromMemory ? null : file, options => options.InlinePacketBytes = 1);
        await using var second = await ChainAsync(fromMemory ? file : null);
        var job = await first.Engine.StartAsync("chain", DataPacket.Of("in"), new JobOptions { Key = "k", Labels = ["l"], Variables = new { limit = 3 }, EngineData = new { source = "here" } });
        await _probe.Began("b");
        await job.SetVariableAsync("token", "hidden", VariableKind.Secret).Soon();
        var made = await job.CreateCheckpointAsync("kept").Soon();

        var json = (await job.ExportAsync()).ToJson();
        json.Should().NotContain("hidden", "secrets stay out").And.NotContain("packet:", "packets are in it");
        var moved = await second.Engine.ImportJobAsync(JobExport.Parse(json)).Soon();
        _probe.Release("b");

        moved.Id.Should().Be(job.Id);
        (await moved.WaitAsync().Soon()).Output.Select(item => item.Get<string>()).Should().Equal("c", "b", "a", "in");
        _probe["a"].Should().Be(1, "a finished step is not repeated");
        (await second.Engine.FindJobAsync("chain", "k"))!.Id.Should().Be(job.Id);
        var variables = await moved.GetVariablesAsync();
        (variables["limit"]!.Value.GetInt32(), variables["token"]).Should().Be((3, null));
        (await moved.ListCheckpointsAsync()).Should().Equal(made);
        var events = await moved.EventsSoFarAsync(CancellationToken.None);
        events.Select(happened => happened.Sequence).Should().Equal(Enumerable.Range(1, events.Count).Select(number => (long)number));
        events.Should().ContainSingle(happened => happened.Type == JobEventTypes.CommandApplied && happened.Data!.Value.GetProperty("action").GetString() == "import");
    }

    [Fact]
    public async Task Export_OfEveryKindOfEvent_ComesBackTheSame()
    {
        _probe.Fail("b");
        await using var first = await ChainAsync();
        await using var second = await ChainAsync();
        var job = await first.Engine.StartAsync("chain", null, new JobOptions { Actor = "ann", StartPaused = true });
        await job.SetVariableAsync("v", 1, options: new ControlOptions { Note = "why" }).Soon();
        await job.CreateCheckpointAsync().Soon();
        await job.ResumeAsync().Soon();
        await job.WaitAsync().Soon();
        await job.SkipAsync("b").Soon();
        await job.WaitAsync().Soon();

        var export = await job.ExportAsync();
        var moved = await second.Engine.ImportJobAsync(JobExport.Parse(export.ToJson()));

        var before = await job.EventsSoFarAsync(CancellationToken.None);
        var after = await moved.EventsSoFarAsync(CancellationToken.None);
        after.SkipLast(1).Select(happened => JsonSerializer.Serialize(happened)).Should().Equal(before.Select(happened => JsonSerializer.Serialize(happened)));
        (await moved.GetStatusAsync()).Should().BeEquivalentTo(await job.GetStatusAsync());
    }

    [Fact]
    public async Task Import_OfAFailedJob_CanBeRetriedThere()
    {
        _probe.Fail("b");
        await using var first = await ChainAsync();
        await using var second = await ChainAsync();
        var job = await first.Engine.StartAsync("chain");
        await job.WaitAsync().Soon();

        var moved = await second.Engine.ImportJobAsync(JobExport.Parse((await job.ExportAsync()).ToJson()));
        (await moved.WaitAsync().Soon()).Status.Should().Be(JobStatus.Failed);
        await moved.RetryAsync().Soon();

        (await moved.WaitAsync().Soon()).Status.Should().Be(JobStatus.Completed);
        (_probe["a"], _probe["b"]).Should().Be((1, 2));
    }

    [Fact]
    public async Task Import_OfWhatIsThereAlready_IsRefused()
    {
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain", null, new JobOptions { Key = "k" });
        await job.WaitAsync().Soon();
        var export = await job.ExportAsync();

        (await host.Engine.Invoking(engine => engine.ImportJobAsync(export)).Should().ThrowAsync<JobExistsException>()).Which.JobId.Should().Be(job.Id);
        var other = JobExport.Parse(export.ToJson().Replace(job.Id.ToString(), JobId.New(DateTimeOffset.UnixEpoch).ToString(), StringComparison.Ordinal));
        (await host.Engine.Invoking(engine => engine.ImportJobAsync(other)).Should().ThrowAsync<KeyConflictException>()).Which.Existing.Should().Be(job.Id);
    }

    [Theory]
    [InlineData("format", "\"something\"", "\"format\"")]
    [InlineData("version", "2", "newer")]
    [InlineData("version", "0", "form version 0")]
    [InlineData("id", "null", "no job export")]
    [InlineData("flow_id", "\"../../etc\"", "not a legal flow id")]
    [InlineData("flow_version", "\"\"", "flow_version")]
    [InlineData("created_at", "-1", "created_at")]
    [InlineData("head.status", "\"dancing\"", "no job export")]
    [InlineData("head.status", "\"running\"", "does not fit the status")]
    [InlineData("head.sequence", "99", "events")]
    [InlineData("head.version", "0", "out of range")]
    [InlineData("head.total", "2000000000", "out of range")]
    [InlineData("head.percentage", "101", "percentage")]
    [InlineData("steps", "null", "steps are missing")]
    [InlineData("steps.0.attempt", "70000", "no job export")]
    [InlineData("steps.0.index", "-1", "out of range")]
    [InlineData("steps.0.index", "2", "there twice")]
    [InlineData("steps.0.path", "null", "path")]
    [InlineData("steps.0.status", "\"running\"", "not all of its steps")]
    [InlineData("steps.0.output", "{}", "no job export")]
    [InlineData("steps.0.output", "[{}]", "no job export")]
    [InlineData("events", "[]", "events")]
    [InlineData("events.1.sequence", "7", "event 2 is missing")]
    [InlineData("head.data", "{\"variables\":null}", "data")]
    [InlineData("head.data", "{\"variables\":{\"a b\":{\"name\":\"a b\"}}}", "data")]
    [InlineData("checkpoints", "[{\"id\":\"x\"}]", "checkpoint")]
    public async Task Parse_OfADamagedDocument_SaysWhat(string member, string value, string says)
    {
        var document = JsonNode.Parse(await FinishedAsync())!;
        var path = member.Split('.');
        var owner = path[..^1].Aggregate(document, (node, name) => int.TryParse(name, out var index) ? node[index]! : node[name]!);
        owner[path[^1]] = JsonNode.Parse(value);

        FluentActions.Invoking(() => JobExport.Parse(document.ToJsonString())).Should().Throw<JobExportException>().WithMessage($"*{says}*");
    }

    [Fact]
    public async Task Import_OfRandomlyDamagedDocuments_IsTakenOrRefusedAndNothingElse()
    {
        var json = await FinishedAsync();
        await using var host = await ChainAsync();
        var random = new Random(20260301);
        for (var round = 0; round < 400; round++)
        {
            var text = json.ToCharArray();
            for (var damages = random.Next(1, 4); damages > 0; damages--)
            {
                text[random.Next(text.Length)] = "\"{}[]:,0a-"[random.Next(10)];
            }

            try
            {
                var id = (await host.Engine.ImportJobAsync(JobExport.Parse(new string(text)))).Id;
                await host.Engine.GetJob(id).GetStatusAsync();
            }
            catch (Exception error) when (error is JobExportException or JobExistsException)
            {
                // Said clearly, and nothing was stored.
            }
        }
    }

    [Fact]
    public async Task Import_ForAFlowOfAnotherShape_NamesTheStep()
    {
        var export = JobExport.Parse((await FinishedAsync()).Replace("\"path\":\"b\"", "\"path\":\"x\"", StringComparison.Ordinal));
        await using var host = await ChainAsync();

        await host.Engine.Invoking(engine => engine.ImportJobAsync(export)).Should().ThrowAsync<JobExportException>().WithMessage("*'b'*'x'*");
    }

    private async Task<string> FinishedAsync()
    {
        await using var host = await ChainAsync();
        var job = await host.Engine.StartAsync("chain");
        await job.WaitAsync().Soon();
        return (await job.ExportAsync()).ToJson();
    }

    private Task<TestHost> ChainAsync(Action<IWorkflowEngineBuilder>? more = null, Action<WorkflowEngineOptions>? options = null) => TestHost.StartAsync(
        engine =>
        {
            _probe.AddTo(engine).AddFlow("chain", flow => flow.Start("a", "probe").Then("b", "probe").Then("c", "probe"));
            more?.Invoke(engine);
        },
        options);
}
