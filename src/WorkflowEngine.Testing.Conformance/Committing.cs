using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace WorkflowEngine.Testing.Conformance;

/// <summary>Transitions: guarded by owner, epoch and version, and one verdict for each (G1, G3).</summary>
public abstract class Committing : StoreContract
{
    /// <summary>The owner's next version is committed.</summary>
    [Fact]
    public async Task Commit_OfTheNextVersion_IsCommitted()
    {
        var id = await CreateAsync(New());

        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 2, JobStatus.Waiting)));

        Assert.Equal((2L, JobStatus.Waiting), ((await LoadAsync(id)).Head.Version, (await LoadAsync(id)).Head.Status));
    }

    /// <summary>A transition whose guard does not hold is stale, and neither head nor steps, events or mail change.</summary>
    [Theory]
    [InlineData(4, 1, false, "a version was left out")]
    [InlineData(1, 1, false, "the version is older than the last")]
    [InlineData(3, 2, false, "the epoch is not the owner's")]
    [InlineData(3, 0, false, "the epoch is not the owner's")]
    [InlineData(3, 1, true, "another incarnation owns the job")]
    public async Task Commit_WithStaleGuard_IsRefusedAndChangesNothing(long version, int epoch, bool byAnother, string because)
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2, JobStatus.Waiting));
        var message = Message(id);
        await SendAsync(message);

        var verdict = await CommitAsync(To(id, version, JobStatus.Completed, byAnother ? Two : One, epoch) with
        {
            Steps = [new StepRow { Path = "a", Index = 0, Status = StepStatus.Completed }],
            Events = new EventRow(id, "flow", 1, 1, new byte[] { 1 }),
            Taken = [message.Id],
        });

        Assert.True(verdict == CommitResult.Stale, because);
        var job = await LoadAsync(id);
        Assert.Equal((2L, JobStatus.Waiting, One), (job.Head.Version, job.Head.Status, job.Owner));
        Assert.Empty(job.Steps);
        Assert.Equal(message.Id, Assert.Single(job.Mail).Id);
        Assert.Empty((await Store.ReadEventsAsync(new EventQuery(id, 0), CancellationToken.None)).Rows);
    }

    /// <summary>A transition of a job that is not there is stale.</summary>
    [Fact]
    public async Task Commit_OfUnknownJob_IsStale() => Assert.Equal(CommitResult.Stale, await CommitAsync(To(New().Id, 2)));

    /// <summary>The same transition again is told from a stale one, and has no second effect.</summary>
    [Fact]
    public async Task Commit_Repeated_IsAlreadyCommittedAndChangesNothing()
    {
        var id = await CreateAsync(New());
        var transition = To(id, 2, JobStatus.Waiting) with { Events = new EventRow(id, "flow", 1, 1, new byte[] { 7 }) };
        await CommitAsync(transition);

        Assert.Equal(CommitResult.AlreadyCommitted, await CommitAsync(transition));

        Assert.Equal(2, (await LoadAsync(id)).Head.Version);
        Assert.Single((await Store.ReadEventsAsync(new EventQuery(id, 0), CancellationToken.None)).Rows);
    }

    /// <summary>Also a transition that gave the job up, or ended it, is recognised when it comes again.</summary>
    [Theory]
    [InlineData(JobStatus.Waiting)]
    [InlineData(JobStatus.Completed)]
    public async Task Commit_ThatGaveTheJobUpRepeated_IsAlreadyCommitted(JobStatus status)
    {
        var id = await CreateAsync(New());
        var transition = To(id, 2, status) with { Releases = true };
        await CommitAsync(transition);

        Assert.Equal(CommitResult.AlreadyCommitted, await CommitAsync(transition));
        Assert.Null((await LoadAsync(id)).Owner);
    }

    /// <summary>An old owner's transition of the version that the new owner has committed is not taken for the new owner's.</summary>
    [Fact]
    public async Task Commit_OfTheSameVersionAfterATakeover_IsStale()
    {
        var id = await CreateAsync(New());
        await BeatAsync();
        await BeatAsync(stopping: true);
        await ClaimAsync(Two);
        await CommitAsync(To(id, 2, JobStatus.Waiting, Two, epoch: 2));

        Assert.Equal(CommitResult.Stale, await CommitAsync(To(id, 2, JobStatus.Paused)));
        Assert.Equal(CommitResult.Stale, await CommitAsync(To(id, 2, JobStatus.Paused, epoch: 2)));
    }

    /// <summary>After the last transition nothing can change a finished job but its reopening.</summary>
    [Fact]
    public async Task Commit_AfterTheEnd_IsStale()
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2, JobStatus.Completed));

        Assert.Equal(CommitResult.Stale, await CommitAsync(To(id, 3, JobStatus.Running)));
    }

    /// <summary>In one batch each transition gets its own verdict: a stale neighbour costs the others nothing.</summary>
    [Fact]
    public async Task Commit_OfAMixedBatch_JudgesEachByItself()
    {
        var good = await CreateAsync(New());
        var repeated = await CreateAsync(New());
        var stale = await CreateAsync(New());
        var keyed = New(options: new JobOptions { Key = "k" });
        await CreateAsync(keyed);
        await CommitAsync(To(repeated, 2));
        var created = New();

        var verdicts = await CommitAsync([
            To(stale, 2, epoch: 9).Build(),
            To(good, 2, JobStatus.Waiting).Build(),
            To(repeated, 2).Build(),
            Creating(New(options: new JobOptions { Key = "k" })),
            Creating(created),
            To(New().Id, 2).Build(),
        ]);

        Assert.Equal(
            [CommitResult.Stale, CommitResult.Committed, CommitResult.AlreadyCommitted, CommitResult.KeyTaken, CommitResult.Committed, CommitResult.Stale],
            verdicts.Select(verdict => verdict.Result));
        Assert.Equal(JobStatus.Waiting, (await LoadAsync(good)).Head.Status);
        Assert.Equal(1, (await LoadAsync(stale)).Head.Version);
        Assert.Equal(1, (await LoadAsync(created.Id)).Head.Version);
    }

    /// <summary>
    /// A value above <see cref="StoreTraits.MaxValueBytes"/> is refused by name and size, without a trace of its transition; the others of its batch are committed. Costs no memory:
    /// the value is one small item, many times.
    /// </summary>
    [Theory]
    [InlineData("step 'big'")]
    [InlineData("flow's output")]
    [InlineData("variable 'big'")]
    [InlineData("job's input")]
    public async Task Commit_WithAValueAboveTheLimit_IsRefusedAndTheOthersAreCommitted(string where)
    {
        var item = DataItem.Of("part", new string('x', 1 << 20));
        var large = DataPacket.From(Enumerable.Repeat(item, (int)(Store.Traits.MaxValueBytes >> 20) + 1));
        var id = await CreateAsync(New());
        var neighbour = await CreateAsync(New());
        var created = New();
        var refused = where == "job's input" ? Creating(WithInput(created, large)) : Carrying(id, where, large, item).Build();

        var verdicts = await CommitAsync([refused, To(neighbour, 2, JobStatus.Waiting).Build()]);

        Assert.Equal([CommitResult.Refused, CommitResult.Committed], verdicts.Select(verdict => verdict.Result));
        Assert.Contains(where, verdicts[0].Message, StringComparison.Ordinal);
        Assert.Contains(Store.Traits.MaxValueBytes.ToString(CultureInfo.InvariantCulture), verdicts[0].Message, StringComparison.Ordinal);
        Assert.Null(await Store.LoadAsync(created.Id, JobParts.Head, CancellationToken.None));
        var job = await LoadAsync(id);
        Assert.Equal((1L, JobStatus.Running, true), (job.Head.Version, job.Head.Status, job.Head.Data is null && job.Head.Output.IsNone));
        Assert.Empty(job.Steps);
        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 2)));
    }

    /// <summary>What another owner's transition carries is not looked at: it is stale.</summary>
    [Fact]
    public async Task Commit_WithAValueAboveTheLimitAndAStaleGuard_IsStale()
    {
        var item = DataItem.Of("part", new string('x', 1 << 20));
        var large = DataPacket.From(Enumerable.Repeat(item, (int)(Store.Traits.MaxValueBytes >> 20) + 1));
        var id = await CreateAsync(New());

        Assert.Equal(CommitResult.Stale, (await CommitAsync((Carrying(id, "step 'big'", large, item) with { Incarnation = Two }).Build())).Result);
    }

    /// <summary>An empty batch is nothing to do.</summary>
    [Fact]
    public async Task Commit_OfNothing_ReturnsNoVerdicts() => Assert.Empty(await CommitAsync(Array.Empty<JobTransition>()));

    /// <summary>A step's row is replaced whole by the next transition that carries it; the others stay.</summary>
    [Fact]
    public async Task Commit_WithStepsAgain_ReplacesThoseAndKeepsTheOthers()
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2) with
        {
            Steps =
            [
                new StepRow { Path = "a", Index = 0, Status = StepStatus.Running, Attempt = 1, Detail = new StepDetail { Reason = "x" } },
                new StepRow { Path = "b", Index = 1, Status = StepStatus.Running, Attempt = 1 },
            ],
        });

        await CommitAsync(To(id, 3) with { Steps = [new StepRow { Path = "a", Index = 0, Status = StepStatus.Completed, Attempt = 2, NoItems = true, Output = new PacketSlot(DataPacket.Of(1)) }] });

        var steps = (await LoadAsync(id)).Steps;
        Assert.Equal([("a", StepStatus.Completed, 2), ("b", StepStatus.Running, 1)], steps.Select(step => (step.Path, step.Status, step.Attempt)));
        Assert.Null(steps[0].Detail);
        Assert.True(steps[0].NoItems);
    }

    /// <summary>The row of a round of a loop serves another round later: the position is what stays.</summary>
    [Fact]
    public async Task Commit_OfAnotherPathAtTheSamePosition_ReplacesTheRow()
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2) with { Steps = [new StepRow { Path = "each[0].a", Index = 3, Status = StepStatus.Completed, Attempt = 1 }] });

        await CommitAsync(To(id, 3) with { Steps = [new StepRow { Path = "each[7].a", Index = 3, Status = StepStatus.Running, Attempt = 1 }] });

        Assert.Equal([("each[7].a", 3, StepStatus.Running)], (await LoadAsync(id)).Steps.Select(step => (step.Path, step.Index, step.Status)));
    }

    /// <summary>What the engine reuses after a commit, the store must have copied.</summary>
    [Fact]
    public async Task Commit_ThenReuseOfTheBuffers_LeavesWhatWasCommitted()
    {
        var id = await CreateAsync(New());
        byte[] events = [1, 2, 3];
        await CommitAsync(To(id, 2) with { Events = new EventRow(id, "flow", 1, 1, events) });
        Array.Fill(events, (byte)9);

        var rows = (await Store.ReadEventsAsync(new EventQuery(id, 0), CancellationToken.None)).Rows;
        Assert.Equal([1, 2, 3], rows[0].Bytes.ToArray());
    }

    private static JobCreation WithInput(JobCreation creation, DataPacket input)
        => new() { Id = creation.Id, FlowId = creation.FlowId, FlowVersion = creation.FlowVersion, CreatedAt = creation.CreatedAt, Input = new PacketSlot(input) };

    private static TransitionBuilder Carrying(JobId id, string where, DataPacket large, DataItem item)
    {
        var transition = To(id, 2);
        var head = transition.Head;
        switch (where)
        {
            case "step 'big'":
                return transition with { Steps = [new StepRow { Path = "small", Index = 0 }, new StepRow { Path = "big", Index = 1, Status = StepStatus.Completed, Output = new PacketSlot(large) }] };
            case "flow's output":
                head.Output = new PacketSlot(large);
                break;
            default:
                var many = Enumerable.Range(0, large.Count).Select(number => new JobVariable($"v{number}", item.Content, VariableKind.Input, null)).ToDictionary(variable => variable.Name);
                many["big"] = new JobVariable("big", JsonSerializer.SerializeToElement(new string('x', 2 << 20)), VariableKind.Input, null);
                head.Data = new JobData { Variables = many.ToImmutableDictionary() };
                break;
        }

        return transition with { Head = head };
    }

    /// <summary>Whoever asks for the head alone gets no steps and no mail.</summary>
    [Fact]
    public async Task Load_OfTheHeadAlone_BringsNeitherStepsNorMail()
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2) with { Steps = [new StepRow { Path = "a", Index = 0 }] });
        await SendAsync(Message(id));

        var job = await LoadAsync(id, JobParts.Head);

        Assert.Empty(job.Steps);
        Assert.Empty(job.Mail);
    }
}
