using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace WorkflowEngine;

/// <summary>
/// Packets as files below one root, readable by the process's own user only. The root is made at the first write. Flow folders stay once made;
/// job folders go with their jobs. File work runs on the thread pool: file systems have no calls that do not block.
/// </summary>
internal sealed class FilePacketStore(string root, TimeProvider time) : IDataPacketStore
{
    private readonly PacketLayout _layout = new(root);
    private readonly ConcurrentDictionary<string, bool> _durableFlowFolders = new(StringComparer.Ordinal);

    public ValueTask<PacketReference> StorePacketAsync(
        PacketOwner owner, string stepPath, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
        => new(Task.Run(() => Store(owner, content.Span, cancellationToken), cancellationToken));

    public ValueTask<ReadOnlyMemory<byte>> RetrievePacketAsync(PacketReference reference, CancellationToken cancellationToken = default)
        => new(Task.Run(() => Retrieve(reference), cancellationToken));

    public ValueTask CleanupJobAsync(PacketOwner owner, IReadOnlyCollection<PacketReference>? keep = null, CancellationToken cancellationToken = default)
        => new(Task.Run(() => Cleanup(owner, keep ?? [], cancellationToken), cancellationToken));

    /// <summary>
    /// Removes the folders of jobs that are gone, and files that a crash left unfinished. Nothing younger than <paramref name="minimumAge"/> is
    /// touched: its job may not be committed yet. A folder that cannot be removed does not keep the others.
    /// </summary>
    /// <returns>How many folders and files were removed.</returns>
    /// <exception cref="AggregateException">Some could not be removed.</exception>
    public ValueTask<int> SweepAsync(Func<PacketOwner, ValueTask<bool>> isGone, TimeSpan minimumAge, CancellationToken cancellationToken = default)
        => VisitOrphansAsync(isGone, minimumAge, removes: true, cancellationToken);

    /// <summary>How many folders and files a sweep would remove.</summary>
    public ValueTask<int> CountOrphansAsync(Func<PacketOwner, ValueTask<bool>> isGone, TimeSpan minimumAge, CancellationToken cancellationToken = default)
        => VisitOrphansAsync(isGone, minimumAge, removes: false, cancellationToken);

    private async ValueTask<int> VisitOrphansAsync(Func<PacketOwner, ValueTask<bool>> isGone, TimeSpan minimumAge, bool removes, CancellationToken cancellationToken)
    {
        var newest = (time.GetUtcNow() - minimumAge).UtcDateTime;
        var failures = new List<Exception>();
        var removed = 0;
        foreach (var (owner, folder) in JobFolders())
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var goes = Directory.GetLastWriteTimeUtc(folder) <= newest && await isGone(owner).ConfigureAwait(false);
                removed += !goes ? RemoveUnfinished(folder, newest, removes) : removes ? RemoveFolder(folder) : 1;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                failures.Add(error);
            }
        }

        return failures.Count == 0 ? removed : throw new AggregateException("Parts of the packet store could not be swept.", failures);
    }

    private PacketReference Store(PacketOwner owner, ReadOnlySpan<byte> content, CancellationToken cancellationToken)
    {
        var location = PacketLayout.Location(owner, Guid.CreateVersion7(time.GetUtcNow()));
        var path = _layout.FileOf(location);
        var unfinished = Path.ChangeExtension(path, PacketLayout.UnfinishedEnding);
        try
        {
            MakeFolders(owner);
            Write(unfinished, content);
            cancellationToken.ThrowIfCancellationRequested();
            File.Move(unfinished, path, overwrite: true); // The name is new; "overwrite" makes this one atomic rename instead of link and unlink.
            DurableFolder.Flush(_layout.JobFolder(owner));
            return new PacketReference(location, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));
        }
        catch (Exception error)
        {
            TryDelete(unfinished);
            TryDelete(path);
            if (error is UnauthorizedAccessException)
            {
                throw new IOException($"The packet store refuses to be written: {error.Message}", error);
            }

            throw;
        }
    }

    private void MakeFolders(PacketOwner owner)
    {
        var flow = _layout.FlowFolder(owner);
        if (DurableFolder.Make(flow) || !_durableFlowFolders.ContainsKey(flow))
        {
            DurableFolder.Flush(_layout.Root);
            _durableFlowFolders[flow] = true;
        }

        // Flushed even when the job's folder was there: whoever made it, here or before a crash, may not have come to the flush.
        DurableFolder.Make(_layout.JobFolder(owner));
        DurableFolder.Flush(flow);
    }

    private static void Write(string path, ReadOnlySpan<byte> content)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(content);
        file.Flush(flushToDisk: true);
    }

    private ReadOnlyMemory<byte> Retrieve(PacketReference reference)
    {
        var path = _layout.FileOf(reference.Location);
        try
        {
            using var file = File.OpenHandle(path);
            var length = RandomAccess.GetLength(file);
            if (length != reference.Length)
            {
                throw new DataPacketException($"Packet file '{reference.Location}' is damaged: it has {length} bytes instead of {reference.Length}.");
            }

            var content = new byte[length];
            var read = 0;
            for (int got; (got = RandomAccess.Read(file, content.AsSpan(read), read)) > 0;)
            {
                read += got;
            }

            return Convert.ToHexStringLower(SHA256.HashData(content)) == reference.Checksum
                ? content
                : throw new DataPacketException($"Packet file '{reference.Location}' is damaged: its checksum is not the recorded one.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or OverflowException)
        {
            throw new DataPacketException($"Packet file '{reference.Location}' is missing or cannot be read: {error.Message}", innerException: error);
        }
    }

    private void Cleanup(PacketOwner owner, IReadOnlyCollection<PacketReference> keep, CancellationToken cancellationToken)
    {
        var folder = _layout.JobFolder(owner);
        PacketLayout.RefuseLinks(_layout.FlowFolder(owner), folder);
        if (!Directory.Exists(folder))
        {
            return;
        }

        var kept = keep.Select(reference => reference.Location).ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!kept.Contains(_layout.LocationOf(file)))
            {
                File.Delete(file);
            }
        }

        if (!Directory.EnumerateFileSystemEntries(folder).Any())
        {
            RemoveFolder(folder);
        }
    }

    private IEnumerable<(PacketOwner Owner, string Path)> JobFolders()
        => from flow in FoldersIn(_layout.Root)
           from job in FoldersIn(flow)
           let owner = PacketLayout.TryReadOwner(Path.GetFileName(flow), Path.GetFileName(job), out var read) ? read : (PacketOwner?)null
           where owner is not null
           select (owner.Value, job);

    private static IEnumerable<string> FoldersIn(string path)
        => Directory.Exists(path) ? Directory.EnumerateDirectories(path).Where(folder => !PacketLayout.IsLink(folder)) : [];

    private static int RemoveFolder(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true); // Removes links, never what they point at.
            return 1;
        }
        catch (DirectoryNotFoundException)
        {
            return 0; // Another node was first.
        }
    }

    private static int RemoveUnfinished(string folder, DateTime newest, bool removes)
    {
        var stale = new DirectoryInfo(folder).EnumerateFiles("*" + PacketLayout.UnfinishedEnding).Where(file => file.LastWriteTimeUtc <= newest).ToList();
        if (removes)
        {
            stale.ForEach(file => file.Delete());
        }

        return stale.Count;
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The first failure is the one to report; the sweep comes by for what is left.
        }
    }
}

/// <summary>Folders whose entries survive a loss of power.</summary>
file static class DurableFolder
{
    private const int Interrupted = 4; // EINTR

    // O_RDONLY with O_CLOEXEC, so that a program started at this moment does not inherit the folder.
    private static readonly int Reading = OperatingSystem.IsLinux() ? 0x80000 : OperatingSystem.IsMacOS() ? 0x1000000 : 0;

    private const int NotSupported = 22; // EINVAL: this file system cannot flush a directory, so there is nothing to wait for.

    /// <summary>Makes a folder and what is missing above it, for the own user only; false when it was there.</summary>
    public static bool Make(string path)
    {
        if (Directory.Exists(path))
        {
            return false;
        }

        var parent = Path.GetDirectoryName(path)!;
        Make(parent);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Flush(parent);
        return true;
    }

    /// <summary>
    /// Waits until the names in a folder are on disk. On Unix flushing a file says nothing about its name, and .NET opens no directories,
    /// so this asks the system itself. NTFS keeps names in its journal: nothing to do.
    /// </summary>
    /// <exception cref="IOException">The system could not do so.</exception>
    public static void Flush(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var folder = Open(Encoding.UTF8.GetBytes(path + '\0'), Reading);
        if (folder < 0)
        {
            throw Failure(path, Marshal.GetLastPInvokeError());
        }

        int error;
        do
        {
            error = Synchronise(folder) < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (error == Interrupted);

        _ = Close(folder);
        if (error is not (0 or NotSupported))
        {
            throw Failure(path, error);
        }
    }

    private static IOException Failure(string path, int error) => new($"The folder '{path}' cannot be flushed to disk.", new Win32Exception(error));

    [DllImport("libc", EntryPoint = "open", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Synchronise(int folder);

    [DllImport("libc", EntryPoint = "close"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int folder);
}
