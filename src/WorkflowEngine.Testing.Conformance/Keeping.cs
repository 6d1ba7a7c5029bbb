using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace WorkflowEngine.Testing.Conformance;

/// <summary>What is stored comes back exactly: every member, every kind of value.</summary>
public abstract class Keeping : StoreContract
{
    private const string Words = "é 貨物 😀 \"quoted\" back\\slash line\nline \u2028 ' -- %";

    private static readonly string Checksum = new('a', 64);

    /// <summary>Whole numbers beyond 2^53, fractions with their zeros, and exponents keep the text they came with.</summary>
    public static TheoryData<string> Values =>
        ["null", "true", "false", "0", "-0", "1.50", "12345678901234567890.123456789", "1E400", "\"\"", "[]", "{}", "[null,[1.0,{\"a\":null}]]", "{\"b\":1,\"a\":{\"\":[]}}"];

    /// <summary>What is fixed at the creation of a job.</summary>
    [Fact]
    public async Task Creation_WithEverything_RoundTrips()
    {
        var options = new JobOptions
        {
            Key = Words, KeyReuse = KeyReuse.RestartFailed, Trigger = "manual", Priority = -7, StartAfter = new DateTimeOffset(2031, 2, 3, 4, 5, 6, TimeSpan.FromHours(2)),
            Labels = ["a", Words], Tenant = "t/1", ConcurrencyKey = "c", MaxConcurrentSteps = 3, Timeout = TimeSpan.FromTicks(1234567), StartPaused = true, StepMode = true,
            FlowVersion = "1", Retention = TimeSpan.FromDays(400), Actor = Words,
        };
        var plain = New(options: options);
        var creation = new JobCreation
        {
            Id = plain.Id, FlowId = "flow-ü", FlowVersion = "1.2-β", CreatedAt = plain.CreatedAt, Options = options,
            Input = new PacketSlot(DataPacket.Of("order", new { text = Words })), RequestHash = Checksum, Parent = new JobParent(New().Id, "each[3].resize/over"),
        };
        await CreateAsync(creation);
        await ReopenAsync();

        var kept = (await LoadAsync(creation.Id)).Creation;

        Assert.True(SameOptions(options, kept.Options!), $"{options}\n{kept.Options}");
        Assert.Equal(options.Labels, kept.Options!.Labels);
        Assert.Equal((creation.Id, creation.FlowId, creation.FlowVersion, creation.CreatedAt, creation.RequestHash, creation.Parent), (kept.Id, kept.FlowId, kept.FlowVersion, kept.CreatedAt, kept.RequestHash, kept.Parent));
        Assert.Equal(creation.Input.Packet!.ToJson(), kept.Input.Packet!.ToJson());
    }

    /// <summary>A creation with nothing in it keeps nothing.</summary>
    [Fact]
    public async Task Creation_WithNothing_RoundTrips()
    {
        var id = await CreateAsync(New());
        await ReopenAsync();

        var kept = (await LoadAsync(id)).Creation;

        Assert.True(kept.Input.IsNone);
        Assert.Equal((null, null, null), (kept.Options, kept.Parent, kept.RequestHash));
    }

    /// <summary>Every member of the head.</summary>
    [Fact]
    public async Task Head_WithEverything_RoundTrips()
    {
        var id = await CreateAsync(New());
        var head = new JobHead
        {
            Status = JobStatus.Paused, Paused = true, StepMode = true, Attempt = 3, Version = 2, Sequence = 1L << 40, StartedAt = 638_000_000_000_000_001, CompletedAt = 5, DueAt = 7,
            Percentage = 33.3333f, Completed = 4, Total = 9, Output = new PacketSlot(new PacketReference("2031/02/x y:z.bin", 1L << 33, Checksum)),
        };
        await CommitAsync(To(id, 2) with { Head = head });
        await ReopenAsync();

        var kept = (await LoadAsync(id)).Head;

        Assert.Equal(head, kept with { Data = null });
    }

    /// <summary>Variables of every kind, engine data, signals in order and their keys, and how the job is ending.</summary>
    [Fact]
    public async Task Data_WithEverything_RoundTrips()
    {
        var id = await CreateAsync(New());
        var data = new JobData
        {
            Reason = "by_hand", Message = Words, Ending = JobStatus.Cancelled,
            Variables = Enum.GetValues<VariableKind>().Aggregate(JobVariable.None, (all, kind) => all.Add($"v_{kind}", new JobVariable($"v_{kind}", JsonElement.Parse($"[\"{kind}\"]"), kind, kind == VariableKind.Input ? null : "each[1].a"))),
            EngineData = ImmutableDictionary<string, JsonElement>.Empty.Add("a b", JsonElement.Parse("{\"n\":1.0}")).Add("A B", JsonElement.Parse("null")),
            Signals = [new BufferedSignal("s", JsonElement.Parse("2")), new BufferedSignal("s", JsonElement.Parse("null")), new BufferedSignal("r", JsonElement.Parse("\"x\""))],
            SignalKeys = ["k", "K", Words],
        };
        await CommitAsync(To(id, 2) with { Head = To(id, 2).Head with { Data = data } });
        await ReopenAsync();

        var kept = (await LoadAsync(id)).Head.Data!;

        Assert.Equal((data.Reason, data.Message, data.Ending), (kept.Reason, kept.Message, kept.Ending));
        Assert.Equal(Texts(data.Variables.Values), Texts(kept.Variables.Values));
        Assert.Equal(data.Variables.Keys.Order(), kept.Variables.Keys.Order());
        Assert.Equal(data.EngineData.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value.GetRawText())), kept.EngineData.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value.GetRawText())));
        Assert.Equal(data.Signals.Select(signal => (signal.Name, signal.Value.GetRawText())), kept.Signals.Select(signal => (signal.Name, signal.Value.GetRawText())));
        Assert.Equal(data.SignalKeys.Order(StringComparer.Ordinal), kept.SignalKeys.Order(StringComparer.Ordinal));
    }

    /// <summary>Every member of a step's row and detail.</summary>
    [Fact]
    public async Task Step_WithEverything_RoundTrips()
    {
        var id = await CreateAsync(New());
        var detail = new StepDetail
        {
            Ports = ["yes", Words], Verdicts = [true, false, true], Error = new StepError("timeout", Words, Retryable: false, Details: "at x\n at y"), Reason = "skipped_by_step",
            DueAt = 638_000_000_000_000_001, Signal = "go", SignalValue = JsonElement.Parse("{\"n\":1.0}"), TimedOut = true, State = JsonElement.Parse("[1.50]"), Leg = 4,
            Generation = 5, EarlierAttempts = 6, FiredBy = [0, 3],
        };
        var row = new StepRow
        {
            Path = "each[3].größe", Index = 3, Status = StepStatus.Failed, NoItems = true, Attempt = 1000, StartedAt = 638_000_000_000_000_001, CompletedAt = 638_000_000_000_000_002,
            Output = new PacketSlot(new PacketReference("a/b", 12, Checksum)), Detail = detail,
        };
        await CommitAsync(To(id, 2) with { Steps = [row] });
        await ReopenAsync();

        var kept = Assert.Single((await LoadAsync(id)).Steps);

        Assert.Equal(row with { Detail = null }, kept with { Detail = null });
        AssertSame(detail, kept.Detail!);
    }

    /// <summary>An error that may be tried again, and one that may not, are told apart.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task StepError_WithEitherVerdictOnTryingAgain_RoundTrips(bool retryable)
        => Assert.Equal(new StepError("r", "m", retryable), (await KeepAsync(new StepDetail { Error = new StepError("r", "m", retryable) })).Error);

    /// <summary>Any JSON value as a step's state; null is a value too.</summary>
    [Theory]
    [MemberData(nameof(Values))]
    public async Task StepState_OfAnyValue_KeepsItsText(string json)
    {
        var kept = await KeepAsync(new StepDetail { State = JsonElement.Parse(json), SignalValue = JsonElement.Parse(json) });

        Assert.Equal((json, json), (kept.State?.GetRawText(), kept.SignalValue?.GetRawText()));
    }

    /// <summary>Any JSON value as a packet's content.</summary>
    [Theory]
    [MemberData(nameof(Values))]
    public async Task Packet_OfAnyValue_RoundTrips(string json)
    {
        var packet = DataPacket.Of("t", JsonElement.Parse(json));
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2) with { Steps = [new StepRow { Path = "a", Index = 0, Output = new PacketSlot(packet) }] });
        await ReopenAsync();

        Assert.Equal(packet.ToJson(), Assert.Single((await LoadAsync(id)).Steps).Output.Packet!.ToJson());
    }

    /// <summary>An empty packet is not the same as no packet.</summary>
    [Fact]
    public async Task Packet_WithoutItems_IsNotNothing()
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2) with { Steps = [new StepRow { Path = "a", Index = 0, Output = new PacketSlot(DataPacket.Empty) }, new StepRow { Path = "b", Index = 1 }] });
        await ReopenAsync();

        Assert.Equal([false, true], (await LoadAsync(id)).Steps.Select(step => step.Output.IsNone));
    }

    /// <summary>A megabyte of text in each place that takes text.</summary>
    [Fact]
    public async Task Value_OfAMegabyte_RoundTrips()
    {
        var text = new StringBuilder().Insert(0, "0123456789abcdé😀", 70_000).ToString();
        var id = await CreateAsync(New());
        var value = JsonSerializer.SerializeToElement(text);
        await CommitAsync(To(id, 2) with
        {
            Head = To(id, 2).Head with { Data = JobData.None with { Variables = JobVariable.None.Add("v", new JobVariable("v", value, VariableKind.Output, null)) }, Output = new PacketSlot(DataPacket.Of(text)) },
            Steps = [new StepRow { Path = "a", Index = 0, Output = new PacketSlot(DataPacket.Of(text)), Detail = new StepDetail { State = value } }],
        });
        await ReopenAsync();

        var job = await LoadAsync(id);

        Assert.Equal(text, job.Head.Data!.Variables["v"].Value.GetString());
        Assert.Equal(DataPacket.Of(text).ToJson(), job.Head.Output.Packet!.ToJson());
        Assert.Equal(DataPacket.Of(text).ToJson(), job.Steps[0].Output.Packet!.ToJson());
        Assert.Equal(text, job.Steps[0].Detail!.State!.Value.GetString());
    }

    /// <summary>Every status of jobs and steps is kept as itself.</summary>
    [Fact]
    public async Task Status_OfEveryKind_RoundTrips()
    {
        foreach (var status in Enum.GetValues<JobStatus>())
        {
            var id = await CreateAsync(New());
            var rows = Enum.GetValues<StepStatus>().Select((step, index) => new StepRow { Path = $"s{index}", Index = index, Status = step }).ToArray();
            await CommitAsync(To(id, 2) with { Head = To(id, 2, status).Head with { Total = rows.Length }, Steps = rows });
            var job = await LoadAsync(id);
            Assert.Equal(status, job.Head.Status);
            Assert.Equal(rows.Select(row => row.Status), job.Steps.Select(row => row.Status));
        }
    }

    private static bool SameOptions(JobOptions left, JobOptions right) => left with { Labels = right.Labels } == right;

    private static void AssertSame(StepDetail expected, StepDetail actual)
    {
        Assert.Equal(expected.Ports, actual.Ports);
        Assert.Equal(expected.Verdicts, actual.Verdicts);
        Assert.Equal(expected.FiredBy, actual.FiredBy);
        Assert.Equal(expected.Error, actual.Error);
        Assert.Equal(expected.SignalValue?.GetRawText(), actual.SignalValue?.GetRawText());
        Assert.Equal(expected.State?.GetRawText(), actual.State?.GetRawText());
        Assert.Equal(
            (expected.Reason, expected.DueAt, expected.Signal, expected.TimedOut, expected.Leg, expected.Generation, expected.EarlierAttempts),
            (actual.Reason, actual.DueAt, actual.Signal, actual.TimedOut, actual.Leg, actual.Generation, actual.EarlierAttempts));
    }

    private static IEnumerable<(string, string, VariableKind, string?)> Texts(IEnumerable<JobVariable> variables)
        => variables.OrderBy(variable => variable.Name, StringComparer.Ordinal).Select(variable => (variable.Name, variable.Value.GetRawText(), variable.Kind, variable.SourceStep));

    private async Task<StepDetail> KeepAsync(StepDetail detail)
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2) with { Steps = [new StepRow { Path = "a", Index = 0, Detail = detail }] });
        await ReopenAsync();
        return Assert.Single((await LoadAsync(id)).Steps).Detail!;
    }
}
