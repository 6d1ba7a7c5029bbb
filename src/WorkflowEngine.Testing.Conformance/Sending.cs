using System.Text.Json;

namespace WorkflowEngine.Testing.Conformance;

/// <summary>The inbox: appended without touching the job, taken by id in the commit that applies it (G7).</summary>
public abstract class Sending : StoreContract
{
    /// <summary>A message for a job that is not there is refused.</summary>
    [Fact]
    public async Task Send_ToUnknownJob_IsRefused() => Assert.Equal(SendVerdict.NoSuchJob, await SendAsync(Message(New().Id)));

    /// <summary>The same message twice is in the inbox once.</summary>
    [Fact]
    public async Task Send_Twice_IsKeptOnce()
    {
        var message = Message(await CreateAsync(New()));

        Assert.Equal(SendVerdict.Accepted, await SendAsync(message));
        Assert.Equal(SendVerdict.Duplicate, await SendAsync(message));

        Assert.Single((await LoadAsync(message.JobId)).Mail);
    }

    /// <summary>One command id may go to two jobs.</summary>
    [Fact]
    public async Task Send_OfOneIdToTwoJobs_IsAcceptedByBoth()
    {
        var message = Message(await CreateAsync(New()));
        var other = await CreateAsync(New());

        Assert.Equal(SendVerdict.Accepted, await SendAsync(message));
        Assert.Equal(SendVerdict.Accepted, await SendAsync(message with { JobId = other }));
    }

    /// <summary>A finished job keeps what is sent to it, so that an owner can refuse it on the record; the sender is told at once.</summary>
    [Theory]
    [InlineData(JobStatus.Completed, true)]
    [InlineData(JobStatus.CompletedNoItems, true)]
    [InlineData(JobStatus.Cancelled, true)]
    [InlineData(JobStatus.Failed, false)]
    public async Task Send_ToFinishedJob_IsToldSoAndKeptForTheRecord(JobStatus end, bool reopens)
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2, end));
        var message = Message(id, reopens: reopens);

        Assert.Equal(SendVerdict.Terminal, await SendAsync(message));
        Assert.Equal(SendVerdict.Duplicate, await SendAsync(message));

        var job = Assert.Single((await ClaimAsync(Two)).Jobs);
        Assert.Equal((id, end, message.Id), (job.Creation.Id, job.Head.Status, Assert.Single(job.Mail).Id));
        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 3, end, Two, epoch: 2) with { Taken = [message.Id] }));
        Assert.Null((await LoadAsync(id)).Owner);
        Assert.Empty(await ClaimedAsync());
    }

    /// <summary>A failed job takes what reopens it, is handed out with it, and goes on from there.</summary>
    [Fact]
    public async Task Send_OfRetryToFailedJob_ReopensIt()
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2, JobStatus.Failed));
        var retry = Message(id, "retry", reopens: true);

        Assert.Equal(SendVerdict.Accepted, await SendAsync(retry));

        var job = Assert.Single((await ClaimAsync(Two)).Jobs);
        Assert.Equal((2, retry.Id), (job.Epoch, Assert.Single(job.Mail).Id));
        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 3, JobStatus.Running, Two, epoch: 2) with { Taken = [retry.Id] }));
        Assert.Equal((JobStatus.Running, Two), ((await LoadAsync(id)).Head.Status, (await LoadAsync(id)).Owner));
    }

    /// <summary>A repetition is known as such even when the job has ended meanwhile.</summary>
    [Fact]
    public async Task Send_TwiceAroundTheEndOfTheJob_IsADuplicate()
    {
        var id = await CreateAsync(New());
        var message = Message(id);
        await SendAsync(message);
        await CommitAsync(To(id, 2, JobStatus.Cancelled) with { Taken = [message.Id] });

        Assert.Equal(SendVerdict.Duplicate, await SendAsync(message));
    }

    /// <summary>A message leaves the inbox in the commit that names it, the others stay; its id is remembered.</summary>
    [Fact]
    public async Task Commit_ThatTakesAMessage_RemovesThatOneOnly()
    {
        var id = await CreateAsync(New());
        var first = Message(id);
        var second = Message(id, "resume");
        await SendAsync(first);
        await SendAsync(second);

        await CommitAsync(To(id, 2) with { Taken = [first.Id] });

        Assert.Equal([second.Id], (await LoadAsync(id)).Mail.Select(message => message.Id));
        Assert.Equal(SendVerdict.Duplicate, await SendAsync(first));
    }

    /// <summary>Messages come in the order in which they arrived, whatever their ids.</summary>
    [Fact]
    public async Task Load_OfSeveralMessages_KeepsTheirOrder()
    {
        var id = await CreateAsync(New());
        var messages = Enumerable.Range(0, 5).Select(number => Message(id, $"a{number}")).Reverse().ToArray();
        foreach (var message in messages)
        {
            await SendAsync(message);
        }

        Assert.Equal(messages.Select(message => message.Action), (await LoadAsync(id)).Mail.Select(message => message.Action));
    }

    /// <summary>A message changes nothing in the job's row: the owner's next commit is still good.</summary>
    [Fact]
    public async Task Send_ToOwnedJob_LeavesItsVersion()
    {
        var id = await CreateAsync(New());

        await SendAsync(Message(id));

        Assert.Equal(CommitResult.Committed, await CommitAsync(To(id, 2)));
    }

    /// <summary>An unowned job with mail is claimable whatever its status and due time, and brings its mail along.</summary>
    [Theory]
    [InlineData(JobStatus.Paused, 0)]
    [InlineData(JobStatus.Waiting, 0)]
    [InlineData(JobStatus.Waiting, 24)]
    [InlineData(JobStatus.Pending, 24)]
    public async Task Claim_OfUnownedJobWithMail_BringsBoth(JobStatus status, int dueInHours)
    {
        var due = dueInHours == 0 ? 0 : (await BeatAsync()).Now.AddHours(dueInHours).UtcTicks;
        var id = await QueueAsync(dueAt: due, status: status);
        Assert.Empty(await ClaimedAsync());
        var message = Message(id);

        await SendAsync(message);

        var job = Assert.Single((await ClaimAsync()).Jobs);
        Assert.Equal((id, message.Id), (job.Creation.Id, Assert.Single(job.Mail).Id));
        await CommitAsync(To(id, 2, JobStatus.Paused) with { Taken = [message.Id], Releases = true });
        Assert.Empty(await ClaimedAsync());
    }

    /// <summary>Mail of a job that the node holds comes with its next claim, and to no other node.</summary>
    [Fact]
    public async Task Claim_ByTheOwner_BringsTheMailOfItsJobs()
    {
        var id = await CreateAsync(New());
        var message = Message(id);
        await SendAsync(message);

        Assert.Empty((await ClaimAsync(Two, slots: 0)).Mail);
        var reply = await ClaimAsync(slots: 0);

        Assert.Empty(reply.Jobs);
        Assert.Equal(message.Id, Assert.Single(reply.Mail).Id);
    }

    /// <summary>A message that arrives just before the owner lets go is not lost: the job is claimable with it.</summary>
    [Theory]
    [InlineData(JobStatus.Paused)]
    [InlineData(JobStatus.Completed)]
    public async Task Commit_ThatReleasesAJobWithMail_LeavesItClaimable(JobStatus status)
    {
        var id = await CreateAsync(New());
        var message = Message(id);
        await SendAsync(message);

        await CommitAsync(To(id, 2, status) with { Releases = true });

        var job = Assert.Single((await ClaimAsync(Two)).Jobs);
        Assert.Equal(message.Id, Assert.Single(job.Mail).Id);
    }

    /// <summary>A node that stops while it holds a failed job with mail leaves it to the next.</summary>
    [Fact]
    public async Task Renew_StoppingBeforeARetryIsApplied_LeavesItToTheNextNode()
    {
        var id = await CreateAsync(New());
        await CommitAsync(To(id, 2, JobStatus.Failed));
        await SendAsync(Message(id, "retry", reopens: true));
        await BeatAsync();
        Assert.Equal([id], await ClaimedAsync());

        await BeatAsync(stopping: true);

        Assert.Equal([id], await ClaimedAsync(Two));
    }

    /// <summary>Every member of a message comes back as it was sent.</summary>
    [Fact]
    public async Task Send_OfAFullMessage_RoundTrips()
    {
        var id = await CreateAsync(New());
        var message = Message(id, "signal", reopens: true) with
        {
            Step = "each[3].über",
            Name = "貨物",
            Value = JsonElement.Parse("{\"n\":1.50,\"s\":\"\\u0000\\\"é😀\"}"),
            Actor = "A \"B\" <c@d>",
            Note = "line\nline\ttab\0nul",
            Reason = "by_hand",
        };
        await SendAsync(message);
        await ReopenAsync();

        var kept = Assert.Single((await LoadAsync(id)).Mail);

        Assert.True(JsonElement.DeepEquals(message.Value.Value, kept.Value!.Value));
        Assert.Equal(message with { Value = null }, kept with { Value = null });
    }

    /// <summary>A message that carries JSON null carries something; one without a value does not.</summary>
    [Fact]
    public async Task Send_OfNullAndOfNothing_AreToldApart()
    {
        var id = await CreateAsync(New());
        await SendAsync(Message(id) with { Value = JsonElement.Parse("null") });
        await SendAsync(Message(id));
        await ReopenAsync();

        Assert.Equal([JsonValueKind.Null, null], (await LoadAsync(id)).Mail.Select(message => message.Value?.ValueKind));
    }
}
