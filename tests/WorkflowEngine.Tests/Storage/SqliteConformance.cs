using WorkflowEngine.Storage;
using WorkflowEngine.Testing.Conformance;

namespace WorkflowEngine.Tests.Storage;

public sealed class SqliteStarting : Starting
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqliteClaiming : Claiming
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqliteCommitting : Committing
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqliteSending : Sending
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqliteKeeping : Keeping
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqliteListing : Listing
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqliteReadingEvents : ReadingEvents
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqlitePruning : Pruning
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqliteDefining : Defining
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqliteRacing : Racing
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqliteCheckpointing : Checkpointing
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqliteLeasing : Leasing
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}

public sealed class SqlitePoisoning : Poisoning
{
    private readonly SqliteFolder _folder = new();

    protected override ValueTask<IJobStore> OpenAsync() => _folder.OpenAsync();

    protected override ValueTask<IJobStore> ReopenAsync(IJobStore store) => _folder.ReopenAsync(store);

    protected override ValueTask CloseAsync(IJobStore store) => _folder.CloseAsync(store);
}
