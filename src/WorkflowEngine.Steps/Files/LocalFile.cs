using System.Text;

namespace WorkflowEngine;

/// <summary>
/// Whole text files, read and written with bounds and clear failures. Which paths a flow may name is the business of who writes the flow:
/// nothing here confines them, and relative ones start at the host's working directory.
/// </summary>
internal static class LocalFile
{
    /// <summary>Files beyond this are not read: a packet may not be larger either.</summary>
    public const long MaxBytes = 64 * 1024 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads UTF-8, or what a byte order mark says; the mark is not part of the text.</summary>
    /// <exception cref="StepFailedException">Missing, not allowed, too large, or not text.</exception>
    public static async Task<string> ReadTextAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = await ReadBytesAsync(path, cancellationToken).ConfigureAwait(false)
                ?? throw new StepFailedException("file_too_large", $"'{path}' is larger than {MaxBytes} bytes.", retryable: false);
            using var reader = new StreamReader(new MemoryStream(bytes), StrictUtf8, detectEncodingFromByteOrderMarks: true);
            return await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DecoderFallbackException error)
        {
            throw new StepFailedException("invalid_text", $"'{path}' is not text in UTF-8: {error.Message}", retryable: false, error);
        }
        catch (Exception error) when (IsFileFailure(error))
        {
            throw FailureOf(path, error);
        }
    }

    /// <summary>
    /// Writes UTF-8 to a temporary name in the same folder, flushes to the disk and renames: a reader, or a crash at any moment, sees the old file or the new one.
    /// Missing folders are made; a link is written through; the mode of an existing file is kept.
    /// </summary>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="StepFailedException">Not allowed, no space, or no such place.</exception>
    public static async Task<long> WriteTextAsync(string path, string text, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var target = FinalTarget(Path.GetFullPath(path));
            if (IsDevice(target))
            {
                // A device cannot be replaced by a rename; it must not be either.
                await File.WriteAllBytesAsync(target, bytes, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await ReplaceAsync(target, bytes, cancellationToken).ConfigureAwait(false);
            }

            return bytes.Length;
        }
        catch (Exception error) when (IsFileFailure(error))
        {
            throw FailureOf(path, error);
        }
    }

    private static async Task<byte[]?> ReadBytesAsync(string path, CancellationToken cancellationToken)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 64 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
        await using (file.ConfigureAwait(false))
        {
            return await BoundedBytes.ReadAsync(file, MaxBytes, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task ReplaceAsync(string target, byte[] bytes, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var temporary = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetRandomFileName()}.tmp");
        try
        {
            var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 4096, FileOptions.Asynchronous);
            await using (file.ConfigureAwait(false))
            {
                await file.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
                await file.FlushAsync(cancellationToken).ConfigureAwait(false);
                file.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows() && File.Exists(target))
            {
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
            }

            cancellationToken.ThrowIfCancellationRequested();
            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static string FinalTarget(string path)
        => new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;

    private static bool IsDevice(string path)
        => !OperatingSystem.IsWindows() && path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal);

    private static bool IsFileFailure(Exception error) => error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    private static StepFailedException FailureOf(string path, Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => new("file_not_found", $"There is no file '{path}'.", retryable: true, error),
        UnauthorizedAccessException => new("file_access_denied", $"'{path}' is a folder or may not be touched: {error.Message}", retryable: false, error),
        IOException => new("file_failed", $"'{path}': {error.Message}", retryable: true, error),
        _ => new(Reasons.InvalidConfig, $"'{path}' is not a legal path: {error.Message}", retryable: false, error),
    };
}
