namespace WorkflowEngine.Storage;

/// <summary>
/// Keeps jobs. Every member is safe for concurrent use and may be repeated after a lost reply; the only exception is <see cref="StoreException"/>.
/// What each member guarantees is defined by the conformance suite (G6). Packets live in <see cref="IDataPacketStore"/>.
/// </summary>
public interface IJobStore
{
    /// <summary>What kind of store this is; the same for its whole life.</summary>
    StoreTraits Traits { get; }

    /// <summary>
    /// Registers or renews a node's life and returns the store's time. First, here and in every claim, incarnations whose lease is over by the store's time are declared dead, all but
    /// the caller's, by a guarded statement: each job that a dead one owned gets a strike (G4) and is unowned. A dead incarnation, and one that stopped cleanly, never comes alive
    /// again and is handed nothing (G3). A node gives its first sign of life before it claims or creates jobs of its own; what an incarnation without a lease owns nobody rescues.
    /// </summary>
    ValueTask<NodeLease> RenewAsync(NodeBeat beat, CancellationToken cancellationToken);

    /// <summary>
    /// Hands runnable jobs to a node: each claimed job comes from one snapshot, with its epoch raised by one. Runnable is a non-terminal unowned job that is due or
    /// belonged to a dead incarnation, and any unowned job that has an untaken message, and whose flow version the node can run (S1). Also returns the untaken messages of jobs the node holds.
    /// Repeatable: with <see cref="ClaimRequest.Held"/> set, every job that the incarnation owns but does not name is handed out again (G3).
    /// A job that is held back by its strikes is handed out only for its mail; one that cannot be read comes with a <see cref="StoredJob.Problem"/> and harms no other (G4).
    /// </summary>
    ValueTask<ClaimReply> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Applies transitions in one atomic commit and writes one verdict per transition. The only writer of jobs. The engine has at most one transition per job in flight.
    /// A store whose traits say <see cref="StoreTraits.IsSynchronous"/> completes before it returns. Nothing in a transition may be kept but what it documents as immutable.
    /// </summary>
    ValueTask CommitAsync(ReadOnlyMemory<JobTransition> batch, Memory<CommitVerdict> verdicts, CancellationToken cancellationToken);

    /// <summary>
    /// Appends a message to a job's inbox, durable when it returns; never touches the job's row (G7). Also to that of a job which has ended: its next owner refuses it on the
    /// record, and the sender knows so at once.
    /// </summary>
    ValueTask<SendVerdict> SendAsync(JobMessage message, CancellationToken cancellationToken);

    /// <summary>Reads one job as last committed; null when there is none.</summary>
    ValueTask<StoredJob?> LoadAsync(JobId id, JobParts parts, CancellationToken cancellationToken);

    /// <summary>A page of jobs, newest first, by keyset.</summary>
    ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken);

    /// <summary>The event rows of a job from a sequence number on, or of all jobs from a position on.</summary>
    ValueTask<EventPage> ReadEventsAsync(EventQuery query, CancellationToken cancellationToken);

    /// <summary>Counts that do not cost a scan of finished jobs.</summary>
    ValueTask<StoreOverview> OverviewAsync(CancellationToken cancellationToken);

    /// <summary>Stores definitions by kind and name, all or nothing.</summary>
    ValueTask SaveDefinitionsAsync(IReadOnlyList<StoredDefinition> definitions, CancellationToken cancellationToken);

    /// <summary>Definitions of a kind, or one of them.</summary>
    ValueTask<IReadOnlyList<StoredDefinition>> FindDefinitionsAsync(string kind, string? name, CancellationToken cancellationToken);

    /// <summary>Deletes finished jobs whose retention is over, at most as many as asked for, and returns them so that their packets can follow (S23).</summary>
    ValueTask<IReadOnlyList<PacketOwner>> PruneAsync(PruneRequest request, CancellationToken cancellationToken);

    /// <summary>Says when a claim may find something. Hints may be lost, doubled or spurious; losing one costs one poll.</summary>
    IAsyncEnumerable<StoreHint> HintsAsync(CancellationToken cancellationToken);
}

/// <summary>What kind of store it is.</summary>
/// <param name="IsDurable">Jobs outlive the process.</param>
/// <param name="IsShared">Several processes use it at once.</param>
/// <param name="IsSynchronous">Commits complete before they return, and cost too little to be worth grouping.</param>
/// <param name="MaxValueBytes">The largest value it keeps: an output or input that is not kept by reference, a job's data. A transition with a larger one is <see cref="CommitResult.Refused"/>; <see cref="ValueLimit"/> finds it.</param>
public sealed record StoreTraits(bool IsDurable, bool IsShared, bool IsSynchronous, long MaxValueBytes);

/// <summary>A node's sign of life.</summary>
/// <param name="Incarnation">The life of one process.</param>
/// <param name="Node">The name for people.</param>
/// <param name="LeaseDuration">How long the sign is good for, by the store's time.</param>
/// <param name="Stopping">A clean stop: the node's jobs are free at once, without a strike.</param>
public sealed record NodeBeat(Guid Incarnation, string Node, TimeSpan LeaseDuration, bool Stopping = false);

/// <summary>The answer to a sign of life.</summary>
/// <param name="IsAlive">False: the incarnation was declared dead and must stop its steps.</param>
/// <param name="Now">The store's time.</param>
public readonly record struct NodeLease(bool IsAlive, DateTimeOffset Now);

/// <summary>What a node asks for.</summary>
public sealed record ClaimRequest
{
    /// <summary>Who asks.</summary>
    public required Guid Incarnation { get; init; }

    /// <summary>How many jobs at most; jobs with untaken mail come besides, so 0 means: only mail.</summary>
    public required int Slots { get; init; }

    /// <summary>Whether the node can run a flow version whole.</summary>
    public required IReadOnlySet<FlowKey> Flows { get; init; }

    /// <summary>How many struck jobs may be handed out (G4).</summary>
    public StrikeAllowance Struck { get; init; } = new(Slots: 64, Held: 0, Most: 0);

    /// <summary>After a failed claim or a runner's unexpected end: the jobs that the node holds; every other one it owns is handed out again. Null otherwise.</summary>
    public IReadOnlyCollection<JobId>? Held { get; init; }

    /// <summary>
    /// Exactly this job, and nothing else: neither slots nor flows, rank or due time matter. It is handed out if it is unowned, and not terminal or has an untaken
    /// message. Null: whatever is runnable.
    /// </summary>
    public JobId? Job { get; init; }
}

/// <summary>A flow version.</summary>
/// <param name="FlowId">The flow.</param>
/// <param name="Version">Its version.</param>
public readonly record struct FlowKey(string FlowId, string Version);

/// <summary>What a node gets.</summary>
/// <param name="Jobs">The claimed jobs with their mail.</param>
/// <param name="Mail">Messages of jobs that the node already holds.</param>
/// <param name="NextDue">When the next unowned job is due; null: none.</param>
/// <param name="Now">The store's time.</param>
public sealed record ClaimReply(IReadOnlyList<StoredJob> Jobs, IReadOnlyList<JobMessage> Mail, DateTimeOffset? NextDue, DateTimeOffset Now);

/// <summary>What became of a transition (G3).</summary>
public enum CommitResult
{
    /// <summary>It is durable.</summary>
    Committed,

    /// <summary>It had been committed before, by this same transition.</summary>
    AlreadyCommitted,

    /// <summary>The job has another owner, epoch or version: the node drops the job.</summary>
    Stale,

    /// <summary>A job of this key exists.</summary>
    KeyTaken,

    /// <summary>The content cannot be stored; the job is unchanged.</summary>
    Refused,
}

/// <summary>The verdict on one transition.</summary>
/// <param name="Result">What became of it.</param>
/// <param name="Existing">For <see cref="CommitResult.KeyTaken"/>: the job that holds the key.</param>
/// <param name="Message">For <see cref="CommitResult.Refused"/>: why.</param>
public readonly record struct CommitVerdict(CommitResult Result, JobCreation? Existing = null, string? Message = null);

/// <summary>What became of a message.</summary>
public enum SendVerdict
{
    /// <summary>It is in the inbox.</summary>
    Accepted,

    /// <summary>A message of this id came before.</summary>
    Duplicate,

    /// <summary>There is no such job.</summary>
    NoSuchJob,

    /// <summary>It is in the inbox, but the job is terminal and the message does not reopen it: it will be refused.</summary>
    Terminal,
}

/// <summary>Something that may make a claim worth while.</summary>
/// <param name="Job">The job concerned, if it is one.</param>
public readonly record struct StoreHint(JobId? Job);

/// <summary>A definition kept in the store.</summary>
/// <param name="Kind">What it is, for example <c>flow</c>.</param>
/// <param name="Name">Unique within its kind.</param>
/// <param name="Body">The definition as text.</param>
public sealed record StoredDefinition(string Kind, string Name, string Body);

/// <summary>What may be pruned.</summary>
/// <param name="CompletedBefore">Only jobs that ended before this time; a job with a retention of its own goes once that is over, by the store's time.</param>
/// <param name="Limit">At most so many.</param>
public sealed record PruneRequest(DateTimeOffset CompletedBefore, int Limit)
{
    /// <summary>Exactly this job, whatever its age, if it is terminal; null: by age.</summary>
    public JobId? Job { get; init; }
}

/// <summary>The store at a glance.</summary>
/// <param name="Counts">How many jobs of each non-terminal status there are.</param>
/// <param name="QueueDepth">How many unowned jobs are due.</param>
/// <param name="Nodes">The nodes that are alive.</param>
public sealed record StoreOverview(IReadOnlyDictionary<JobStatus, long> Counts, long QueueDepth, IReadOnlyList<string> Nodes);
