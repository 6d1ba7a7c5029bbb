using WorkflowEngine.Storage;
using WorkflowEngine.Testing.Conformance;

namespace WorkflowEngine.Tests.Storage;

public sealed class MemoryStarting : Starting
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemoryClaiming : Claiming
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemoryCommitting : Committing
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemorySending : Sending
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemoryKeeping : Keeping
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemoryListing : Listing
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemoryReadingEvents : ReadingEvents
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemoryPruning : Pruning
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemoryDefining : Defining
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemoryRacing : Racing
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemoryCheckpointing : Checkpointing
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemoryLeasing : Leasing
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}

public sealed class MemoryPoisoning : Poisoning
{
    protected override ValueTask<IJobStore> OpenAsync() => new(new InMemoryStore(TimeProvider.System));
}
