namespace Quickstart;

/// <summary>The totals of one language.</summary>
internal sealed record LanguageTotal(string Name, long Files, long Bytes, long Lines);

/// <summary>The total of a folder, subfolders below the second level included.</summary>
internal sealed record FolderTotal(string Path, long Files, long Bytes);

/// <summary>Files with the same content.</summary>
/// <param name="Bytes">The length of each.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Paths">The first of them.</param>
internal sealed record DuplicateGroup(string Sha256, long Bytes, int Count, IReadOnlyList<string> Paths)
{
    public long WastedBytes => Bytes * (Count - 1);
}

/// <summary>Everything the report shows. Its size does not grow with the folder.</summary>
internal sealed record FolderSummary
{
    private const int MostListed = 15;

    public required string Folder { get; init; }

    public required long Files { get; init; }

    public required long Bytes { get; init; }

    public required long Lines { get; init; }

    public required IReadOnlyList<LanguageTotal> Languages { get; init; }

    public required IReadOnlyList<MeasuredFile> Largest { get; init; }

    public required IReadOnlyList<FolderTotal> Folders { get; init; }

    public required IReadOnlyList<DuplicateGroup> Duplicates { get; init; }

    public required int DuplicateGroups { get; init; }

    public required long WastedBytes { get; init; }

    public required IReadOnlyList<UnreadPath> Unread { get; init; }

    public required int UnreadCount { get; init; }

    public required Activity Activity { get; init; }

    public static FolderSummary Of(string folder, IReadOnlyList<Measurement> measurements, IReadOnlyList<UnreadPath> unread)
    {
        var files = measurements.SelectMany(measurement => measurement.Files).ToList();
        var duplicates = files.Where(file => file.Bytes > 0).GroupBy(file => file.Sha256).Where(group => group.Count() > 1)
            .Select(group => new DuplicateGroup(group.Key, group.First().Bytes, group.Count(), [.. group.Select(file => file.Path).Order(StringComparer.Ordinal).Take(4)]))
            .OrderByDescending(group => group.WastedBytes).ThenBy(group => group.Sha256, StringComparer.Ordinal).ToList();
        return new FolderSummary
        {
            Folder = folder,
            Files = files.Count,
            Bytes = files.Sum(file => file.Bytes),
            Lines = files.Sum(file => file.Lines),
            Languages = [.. files.GroupBy(file => file.Language)
                .Select(group => new LanguageTotal(group.Key, group.Count(), group.Sum(file => file.Bytes), group.Sum(file => file.Lines)))
                .OrderByDescending(language => language.Bytes).ThenBy(language => language.Name, StringComparer.Ordinal)],
            Largest = [.. files.OrderByDescending(file => file.Bytes).ThenBy(file => file.Path, StringComparer.Ordinal).Take(MostListed)],
            Folders = [.. files.GroupBy(file => FolderOf(file.Path))
                .Select(group => new FolderTotal(group.Key, group.Count(), group.Sum(file => file.Bytes)))
                .OrderByDescending(total => total.Bytes).ThenBy(total => total.Path, StringComparer.Ordinal).Take(MostListed)],
            Duplicates = [.. duplicates.Take(MostListed / 2)],
            DuplicateGroups = duplicates.Count,
            WastedBytes = duplicates.Sum(group => group.WastedBytes),
            Unread = [.. unread.OrderBy(path => path.Path, StringComparer.Ordinal).Take(MostListed)],
            UnreadCount = unread.Count,
            Activity = Activity.Of(measurements),
        };
    }

    private static string FolderOf(string path)
    {
        var parts = path.Split(Path.DirectorySeparatorChar);
        return parts.Length == 1 ? "(top)" : string.Join('/', parts[..Math.Min(2, parts.Length - 1)]);
    }
}
