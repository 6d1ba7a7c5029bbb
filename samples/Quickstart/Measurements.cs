namespace Quickstart;

/// <summary>Engine data: what every step of the job may want to know about its subject.</summary>
internal sealed record SourceFolder(string Folder, IReadOnlyList<UnreadPath> Unlisted);

/// <summary>A file that was read.</summary>
/// <param name="Path">Relative to the folder.</param>
/// <param name="Bytes">Its length as read.</param>
/// <param name="Lines">Lines of text; 0 for binary files.</param>
/// <param name="Language">By its name.</param>
/// <param name="Sha256">In lower-case hexadecimal.</param>
internal sealed record MeasuredFile(string Path, long Bytes, long Lines, string Language, string Sha256);

/// <summary>A file or folder that could not be read, and why.</summary>
internal sealed record UnreadPath(string Path, string Why);

/// <summary>What one <c>measure</c> step hands on.</summary>
internal sealed record Measurement(DateTimeOffset StartedAt, DateTimeOffset EndedAt, IReadOnlyList<MeasuredFile> Files, IReadOnlyList<UnreadPath> Unread);
