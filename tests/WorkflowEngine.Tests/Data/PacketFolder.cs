namespace WorkflowEngine.Tests.Data;

/// <summary>A file packet store over a temporary folder that goes with the test.</summary>
public abstract class PacketFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("packets-");

    private protected PacketFolder() => Store = new FilePacketStore(Root, TimeProvider.System);

    protected string Outside => _folder.FullName;

    protected string Root => Path.Combine(_folder.FullName, "root");

    protected PacketOwner Owner { get; } = new("news", JobId.New(TimeProvider.System.GetUtcNow()));

    private protected FilePacketStore Store { get; }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    protected static PacketOwner NewOwner(string flowId) => new(flowId, JobId.New(TimeProvider.System.GetUtcNow()));

    protected static byte[] Bytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    protected ValueTask<PacketReference> KeepAsync(byte[] content, PacketOwner? owner = null) => Store.StorePacketAsync(owner ?? Owner, "step", content);

    protected string FileOf(PacketReference reference) => Path.Combine(Root, reference.Location);

    protected string JobFolder(PacketOwner owner) => Path.Combine(Root, owner.FlowId, owner.Id.ToString());

    protected static void Age(string path, TimeSpan age) => Directory.SetLastWriteTimeUtc(path, (TimeProvider.System.GetUtcNow() - age).UtcDateTime);

    protected async Task ReadIsRefusedAsync(PacketReference reference, string because = "")
        => (await Store.Invoking(store => store.RetrievePacketAsync(reference).AsTask()).Should().ThrowAsync<DataPacketException>(because))
            .Which.Reason.Should().Be("data_retrieval_failed");
}
