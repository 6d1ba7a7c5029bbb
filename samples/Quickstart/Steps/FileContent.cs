using System.Buffers;
using System.Security.Cryptography;

namespace Quickstart.Steps;

/// <summary>What can be said of a file's content after reading it once, whatever its size.</summary>
internal sealed record FileContent(long Bytes, long Lines, bool IsBinary, string Sha256)
{
    private const int BufferBytes = 128 * 1024;
    private const long ReportEveryBytes = 16 * 1024 * 1024;

    private static readonly FileContent Empty = new(0, 0, false, Convert.ToHexStringLower(SHA256.HashData([])));

    // Others may go on writing to the file, or delete it, while it is read.
    private static readonly FileStreamOptions Reading = new()
    {
        Access = FileAccess.Read,
        Share = FileShare.ReadWrite | FileShare.Delete,
        Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
        BufferSize = 0,
    };

    public static async Task<FileContent> ReadAsync(string path, Action<double> reportFraction, CancellationToken cancellationToken)
    {
        // What has no length is not opened: there is nothing to read, and opening a named pipe would wait for its writer.
        if (new FileInfo(path) is { Exists: true, Length: 0 })
        {
            return Empty;
        }

        await using var file = new FileStream(path, Reading);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var (bytes, lines, isBinary, last) = (0L, 0L, false, (byte)'\n');
            for (int read; (read = await file.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellationToken)) > 0;)
            {
                var part = buffer.AsSpan(0, read);
                hash.AppendData(part);
                isBinary |= bytes == 0 && part.Contains((byte)0); // A zero byte near the start is how git tells, too.
                lines += isBinary ? 0 : part.Count((byte)'\n');
                last = part[^1];
                if (bytes / ReportEveryBytes != (bytes + read) / ReportEveryBytes)
                {
                    reportFraction((double)bytes / file.Length);
                }

                bytes += read;
            }

            lines += !isBinary && last != '\n' ? 1 : 0;
            return new FileContent(bytes, lines, isBinary, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
