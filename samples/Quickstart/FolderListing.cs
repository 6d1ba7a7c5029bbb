namespace Quickstart;

/// <summary>The files of a folder, relative to it and in a stable order, and the folders that could not be listed.</summary>
internal sealed record FolderListing(IReadOnlyList<string> Files, IReadOnlyList<UnreadPath> Unlisted)
{
    private static readonly HashSet<string> BuildFolders = new(StringComparer.OrdinalIgnoreCase) { "bin", "obj", "node_modules" };

    // Links are left out: they may lead in circles, or out of the folder.
    private static readonly EnumerationOptions Enumeration = new() { AttributesToSkip = FileAttributes.System | FileAttributes.ReparsePoint, IgnoreInaccessible = false };

    /// <summary>Lists everything below <paramref name="root"/> but hidden folders, build output, and what the program itself writes.</summary>
    public static FolderListing Read(string root, string output, string? database)
    {
        var files = new List<string>();
        var unlisted = new List<UnreadPath>();
        var waiting = new Stack<DirectoryInfo>([new DirectoryInfo(root)]);
        while (waiting.TryPop(out var folder))
        {
            try
            {
                foreach (var entry in folder.EnumerateFileSystemInfos("*", Enumeration))
                {
                    if (entry is DirectoryInfo child)
                    {
                        if (!IsSkipped(child) && !IsOwn(child.FullName))
                        {
                            waiting.Push(child);
                        }
                    }
                    else if (!IsOwn(entry.FullName) && entry.Name != ".git")
                    {
                        files.Add(Path.GetRelativePath(root, entry.FullName));
                    }
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                unlisted.Add(new UnreadPath(Path.GetRelativePath(root, folder.FullName), error.Message));
            }
        }

        files.Sort(StringComparer.Ordinal);
        return new FolderListing(files, unlisted);

        // The database has companions: its log, its lock, and its folder of large packets.
        bool IsOwn(string path) => path == output || path == database || (database is not null && path.StartsWith(database + "-", StringComparison.Ordinal));
    }

    private static bool IsSkipped(DirectoryInfo folder) => folder.Attributes.HasFlag(FileAttributes.Hidden) || folder.Name.StartsWith('.') || BuildFolders.Contains(folder.Name);
}
