namespace WorkflowEngine.Testing.Conformance;

/// <summary>The events of a job: in sequence, without gaps, byte for byte (S25).</summary>
public abstract class ReadingEvents : StoreContract
{
    /// <summary>Rows come in sequence with the bytes and numbers they were committed with.</summary>
    [Fact]
    public async Task Read_OfSeveralRows_IsInSequence()
    {
        var id = await ThreeRowsAsync();

        var rows = await ReadAsync(id, 0);

        Assert.Equal([(1L, 1), (2L, 5), (7L, 2)], rows.Select(row => (row.FirstSequence, row.Count)));
        Assert.Equal(["01", "0200FF", "03"], rows.Select(row => Convert.ToHexString(row.Bytes.Span)));
        Assert.All(rows, row => Assert.Equal((id, "flow"), (row.JobId, row.FlowId)));
    }

    /// <summary>Reading on from the middle of a row brings that row: the reader leaves out what it knows.</summary>
    [Theory]
    [InlineData(0, 1, 2, 7)]
    [InlineData(1, 2, 7)]
    [InlineData(3, 2, 7)]
    [InlineData(5, 2, 7)]
    [InlineData(6, 7)]
    [InlineData(7, 7)]
    [InlineData(8)]
    [InlineData(100)]
    public async Task Read_AfterANumber_BeginsWithTheRowThatHoldsTheNext(long after, params int[] firsts)
        => Assert.Equal(firsts.Select(first => (long)first), (await ReadAsync(await ThreeRowsAsync(), after)).Select(row => row.FirstSequence));

    /// <summary>A limit counts rows, from the front.</summary>
    [Fact]
    public async Task Read_WithLimit_TakesTheFirstRows()
    {
        var rows = await ReadAsync(await ThreeRowsAsync(), 0, limit: 2);

        Assert.Equal([1L, 2L], rows.Select(row => row.FirstSequence));
    }

    /// <summary>A job without events, or no job at all, has none.</summary>
    [Fact]
    public async Task Read_WithoutEvents_IsEmpty()
    {
        Assert.Empty(await ReadAsync(await CreateAsync(New()), 0));
        Assert.Empty(await ReadAsync(New().Id, 0));
    }

    /// <summary>One job's events never show up among another's.</summary>
    [Fact]
    public async Task Read_OfOneOfTwoJobs_LeavesTheOthersOut()
    {
        var first = await ThreeRowsAsync();
        await ThreeRowsAsync();

        Assert.All(await ReadAsync(first, 0), row => Assert.Equal(first, row.JobId));
    }

    /// <summary>A large row is kept whole.</summary>
    [Fact]
    public async Task Read_OfALargeRow_IsByteForByte()
    {
        var bytes = new byte[1 << 20];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(i * 31);
        }

        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2) with { Events = new EventRow(id, "flow", 1, 1000, bytes) });
        await ReopenAsync();

        var row = Assert.Single(await ReadAsync(id, 0));
        Assert.True(bytes.AsSpan().SequenceEqual(row.Bytes.Span));
    }

    private async Task<JobId> ThreeRowsAsync()
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2) with { Events = new EventRow(id, "flow", 1, 1, new byte[] { 1 }) });
        await CommitAsync(To(id, 3) with { Events = new EventRow(id, "flow", 2, 5, new byte[] { 2, 0, 255 }) });
        await CommitAsync(To(id, 4));
        await CommitAsync(To(id, 5) with { Events = new EventRow(id, "flow", 7, 2, new byte[] { 3 }) });
        return id;
    }

    private async Task<IReadOnlyList<EventRow>> ReadAsync(JobId id, long after, int limit = 100)
        => (await Store.ReadEventsAsync(new EventQuery(id, after, limit), CancellationToken.None)).Rows;
}
