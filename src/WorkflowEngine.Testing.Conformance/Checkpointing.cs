using System.Text.Json;

namespace WorkflowEngine.Testing.Conformance;

/// <summary>Checkpoints: written with the transition that makes them, kept as long as the job (S26).</summary>
public abstract class Checkpointing : StoreContract
{
    /// <summary>A checkpoint comes back whole, after a restart too: variables, rows, packets and references.</summary>
    [Fact]
    public async Task Checkpoint_WithEverythingInIt_RoundTrips()
    {
        var id = await CreateAsync(New());
        var reference = new PacketReference("flow/job/packet.json", 12, new string('a', 64));
        var data = new JobData
        {
            Variables = JobVariable.None.Add("v", new JobVariable("v", JsonElement.Parse("{\"n\":1.50}"), VariableKind.Output, "each[3].resize")),
            EngineData = JobData.None.EngineData.Add("source", JsonElement.Parse("null")),
            Signals = [new BufferedSignal("go", JsonElement.Parse("[1]"))],
            SignalKeys = ["k"],
            Generation = 3,
        };
        StepRow[] rows =
        [
            new StepRow { Path = "a", Index = 0, Status = StepStatus.Completed, Attempt = 2, StartedAt = 5, CompletedAt = 7, Output = new PacketSlot(DataPacket.Of("one")) },
            new StepRow { Path = "b", Index = 1, Status = StepStatus.Waiting, NoItems = true, Output = new PacketSlot(reference), Detail = new StepDetail { Signal = "go", DueAt = 9, Generation = 3 } },
            new StepRow { Path = "c", Index = 700, Output = new PacketSlot(DataPacket.Empty) },
        ];
        var checkpoint = new StoredCheckpoint("c1", 42, "before \"x\"", JobStatus.Waiting, 33.5f) { Snapshot = new JobSnapshot(data, rows) };
        await CommitAsync(To(id, 2) with { Checkpoints = [checkpoint] });
        await ReopenAsync();

        var kept = Assert.Single((await LoadAsync(id, JobParts.Snapshots)).Checkpoints);

        Assert.Equal(checkpoint with { Snapshot = null }, kept with { Snapshot = null });
        Assert.Equal(StoredForm.Write(checkpoint.Snapshot), StoredForm.Write(kept.Snapshot!));
        Assert.Equal(reference, kept.Snapshot!.Steps[1].Output.Reference);
        Assert.Equal(DataPacket.Of("one").ToJson(), kept.Snapshot.Steps[0].Output.Packet!.ToJson());
    }

    /// <summary>They come in the order in which they were made, without what they hold unless that is asked for.</summary>
    [Fact]
    public async Task Load_OfCheckpoints_KeepsTheirOrderAndBringsWhatWasAskedFor()
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2) with { Checkpoints = [Of("b", 1), Of("a", 2)] });
        await CommitAsync(To(id, 3) with { Checkpoints = [Of("c", 3)] });

        Assert.Empty((await LoadAsync(id)).Checkpoints);
        Assert.Equal([("b", false), ("a", false), ("c", false)], (await LoadAsync(id, JobParts.Checkpoints)).Checkpoints.Select(kept => (kept.Id, kept.Snapshot is not null)));
        Assert.Equal([("b", true), ("a", true), ("c", true)], (await LoadAsync(id, JobParts.Snapshots)).Checkpoints.Select(kept => (kept.Id, kept.Snapshot is not null)));
    }

    /// <summary>A transition that is stale leaves none behind, and one that is repeated none twice.</summary>
    [Fact]
    public async Task Commit_StaleOrRepeatedWithACheckpoint_KeepsOneOrNone()
    {
        var id = await CreateAsync(New());
        var transition = To(id, 2) with { Checkpoints = [Of("a", 1)] };

        await CommitAsync(transition with { Epoch = 9 });
        Assert.Empty((await LoadAsync(id, JobParts.Checkpoints)).Checkpoints);
        await CommitAsync(transition);
        Assert.Equal(CommitResult.AlreadyCommitted, await CommitAsync(transition));

        Assert.Single((await LoadAsync(id, JobParts.Checkpoints)).Checkpoints);
    }

    /// <summary>An id that the job has already names the checkpoint that was first.</summary>
    [Fact]
    public async Task Commit_OfACheckpointIdTwice_KeepsTheFirst()
    {
        var id = await CreateAsync(New());
        var other = await CreateAsync(New());
        await CommitAsync(To(id, 2) with { Checkpoints = [Of("a", 1, "first")] });
        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 3) with { Checkpoints = [Of("a", 2, "second")] }));
        await CommitAsync(To(other, 2) with { Checkpoints = [Of("a", 2, "another job's")] });

        Assert.Equal("first", Assert.Single((await LoadAsync(id, JobParts.Checkpoints)).Checkpoints).Description);
        Assert.Equal("another job's", Assert.Single((await LoadAsync(other, JobParts.Checkpoints)).Checkpoints).Description);
    }

    /// <summary>A job may be created with the checkpoints that it has already: one that is imported.</summary>
    [Fact]
    public async Task Create_WithCheckpoints_KeepsThem()
    {
        var creation = New();
        var created = To(creation.Id, 7, JobStatus.Pending, Guid.Empty, epoch: 4) with { Creation = creation, Checkpoints = [Of("a", 1)] };

        Assert.Equal(CommitResult.Committed, await CommitAsync(created));

        Assert.Equal((7, 4), ((await LoadAsync(creation.Id)).Head.Version, (await LoadAsync(creation.Id)).Epoch));
        Assert.Equal(5, Assert.Single((await ClaimAsync()).Jobs).Epoch);
        Assert.Single((await LoadAsync(creation.Id, JobParts.Checkpoints)).Checkpoints);
    }

    /// <summary>They go with their job, and no other job's do.</summary>
    [Fact]
    public async Task Prune_OfAJob_TakesItsCheckpointsAlong()
    {
        var id = await CreateAsync(New());
        var other = await CreateAsync(New());
        await CommitAsync(To(id, 2) with { Checkpoints = [Of("a", 1)] });
        await CommitAsync(To(other, 2) with { Checkpoints = [Of("a", 1)] });
        await CommitAsync(To(id, 3, JobStatus.Completed));

        await Store.PruneAsync(new PruneRequest(default, 1) { Job = id }, CancellationToken.None);
        var creation = New();
        await CommitAsync(Creating(new JobCreation { Id = id, FlowId = creation.FlowId, FlowVersion = creation.FlowVersion, CreatedAt = creation.CreatedAt }));

        Assert.Empty((await LoadAsync(id, JobParts.Checkpoints)).Checkpoints);
        Assert.Single((await LoadAsync(other, JobParts.Checkpoints)).Checkpoints);
    }

    private static StoredCheckpoint Of(string id, long at, string? description = null)
        => new(id, at, description, JobStatus.Running, 0) { Snapshot = new JobSnapshot(JobData.None, [new StepRow { Path = "a", Index = 0 }]) };
}
