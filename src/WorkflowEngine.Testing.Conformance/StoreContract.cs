namespace WorkflowEngine.Testing.Conformance;

/// <summary>What every class of the suite stands on: a fresh store per test, and short ways to create, claim and commit as an engine would.</summary>
public abstract class StoreContract : IAsyncLifetime
{
    /// <summary>One worker process.</summary>
    protected static readonly Guid One = new("0198c000-0000-7000-8000-000000000001");

    /// <summary>Another worker process.</summary>
    protected static readonly Guid Two = new("0198c000-0000-7000-8000-000000000002");

    private readonly long _origin = TimeProvider.System.GetUtcNow().UtcTicks;
    private long _made;
    private IJobStore? _store;

    /// <summary>The store under test, empty when the test begins.</summary>
    protected IJobStore Store => _store ?? throw new InvalidOperationException("The store opens in InitializeAsync.");

    /// <summary>Opens a fresh, empty store.</summary>
    protected abstract ValueTask<IJobStore> OpenAsync();

    /// <summary>Closes a durable store and opens another over the same data. Stores that are not durable need not override it.</summary>
    protected virtual ValueTask<IJobStore> ReopenAsync(IJobStore store) => new(store);

    /// <summary>Closes the store and whatever it stood on.</summary>
    protected virtual async ValueTask CloseAsync(IJobStore store)
    {
        if (store is IAsyncDisposable closing)
        {
            await closing.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_store is { } store)
        {
            await CloseAsync(store);
        }
    }

    /// <summary>Goes on with what a restarted process would see.</summary>
    protected async Task ReopenAsync() => _store = await ReopenAsync(Store);

    /// <summary>A creation that is younger than every one made before it in this test.</summary>
    protected JobCreation New(string flow = "flow", string version = "1", JobOptions? options = null)
    {
        var created = new DateTimeOffset(_origin + (Interlocked.Increment(ref _made) * TimeSpan.TicksPerMillisecond) - TimeSpan.TicksPerHour, TimeSpan.Zero);
        return new JobCreation { Id = JobId.New(created), FlowId = flow, FlowVersion = version, CreatedAt = created.UtcTicks, Options = options };
    }

    /// <summary>Creates a job, by default owned by <see cref="One"/> at epoch 1, and expects it to be committed.</summary>
    protected async Task<JobId> CreateAsync(JobCreation creation, Guid? owner = null, JobStatus status = JobStatus.Running, long dueAt = 0)
    {
        var verdict = await CommitAsync(Creating(creation, owner, status, dueAt));
        Assert.Equal(CommitResult.Committed, verdict.Result);
        return creation.Id;
    }

    /// <summary>Creates a job that nobody owns.</summary>
    protected Task<JobId> QueueAsync(JobCreation? creation = null, long dueAt = 0, JobStatus status = JobStatus.Pending) => CreateAsync(creation ?? New(), Guid.Empty, status, dueAt);

    /// <summary>The transition that creates a job.</summary>
    protected static JobTransition Creating(JobCreation creation, Guid? owner = null, JobStatus status = JobStatus.Running, long dueAt = 0)
        => new TransitionBuilder
        {
            Id = creation.Id,
            Creation = creation,
            Incarnation = owner ?? One,
            Epoch = owner == Guid.Empty ? 0 : 1,
            Head = new JobHead { Version = 1, Attempt = 1, Status = status, DueAt = dueAt, Total = 8 },
        }.Build();

    /// <summary>The transition that takes a job to a version.</summary>
    protected static TransitionBuilder To(JobId job, long version, JobStatus status = JobStatus.Running, Guid? owner = null, int epoch = 1)
        => new()
        {
            Id = job,
            Incarnation = owner ?? One,
            Epoch = epoch,
            Head = new JobHead
            {
                Version = version,
                Attempt = 1,
                Status = status,
                Total = 8,
                CompletedAt = status.IsTerminal() ? TimeProvider.System.GetUtcNow().UtcTicks : 0,
            },
        };

    /// <summary>Commits one transition.</summary>
    protected async Task<CommitVerdict> CommitAsync(JobTransition transition) => (await CommitAsync([transition]))[0];

    /// <summary>Commits one transition and says what became of it.</summary>
    protected async Task<CommitResult> CommitAsync(TransitionBuilder transition) => (await CommitAsync(transition.Build())).Result;

    /// <summary>Commits a batch.</summary>
    protected async Task<CommitVerdict[]> CommitAsync(JobTransition[] batch)
    {
        var verdicts = new CommitVerdict[batch.Length];
        await Store.CommitAsync(batch, verdicts, CancellationToken.None);
        return verdicts;
    }

    /// <summary>Claims for a worker that runs version 1 of <c>flow</c>.</summary>
    protected async Task<ClaimReply> ClaimAsync(Guid? owner = null, int slots = 100, IReadOnlyCollection<JobId>? held = null, string flow = "flow", string version = "1")
        => await Store.ClaimAsync(new ClaimRequest { Incarnation = owner ?? One, Slots = slots, Held = held, Flows = new HashSet<FlowKey> { new(flow, version) } }, CancellationToken.None);

    /// <summary>Claims and names the jobs that were handed out, in order.</summary>
    protected async Task<JobId[]> ClaimedAsync(Guid? owner = null, int slots = 100, IReadOnlyCollection<JobId>? held = null)
        => [.. (await ClaimAsync(owner, slots, held)).Jobs.Select(job => job.Creation.Id)];

    /// <summary>Reads a job that must be there.</summary>
    protected async Task<StoredJob> LoadAsync(JobId job, JobParts parts = JobParts.Steps | JobParts.Mail)
        => await Store.LoadAsync(job, parts, CancellationToken.None) ?? throw new InvalidOperationException($"Job {job} is not in the store.");

    /// <summary>A command for a job.</summary>
    protected static JobMessage Message(JobId job, string action = "pause", bool reopens = false)
        => new() { Id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), JobId = job, Action = action, Reopens = reopens };

    /// <summary>Sends a command.</summary>
    protected async Task<SendVerdict> SendAsync(JobMessage message) => await Store.SendAsync(message, CancellationToken.None);

    /// <summary>A sign of life, or with <paramref name="stopping"/> a clean stop.</summary>
    protected async Task<NodeLease> BeatAsync(Guid? owner = null, bool stopping = false, TimeSpan? lease = null)
        => await Store.RenewAsync(new NodeBeat(owner ?? One, "node-" + (owner ?? One).ToString("N")[^1], lease ?? TimeSpan.FromSeconds(30), stopping), CancellationToken.None);
}
