namespace WorkflowEngine;

/// <summary>Reads a whole stream, but never more than a limit, whatever the other side says about its length.</summary>
internal static class BoundedBytes
{
    private const int ChunkBytes = 64 * 1024;

    /// <summary>All bytes to the end, or null as soon as there are more than <paramref name="limit"/>.</summary>
    public static async Task<byte[]?> ReadAsync(Stream stream, long limit, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        return await CopyAsync(stream, all, limit, cancellationToken).ConfigureAwait(false) ? all.ToArray() : null;
    }

    /// <summary>Copies to the end; false as soon as there are more than <paramref name="limit"/>. What was copied before an exception is in <paramref name="target"/>.</summary>
    public static async Task<bool> CopyAsync(Stream stream, MemoryStream target, long limit, CancellationToken cancellationToken)
    {
        var chunk = new byte[ChunkBytes];
        while (await stream.ReadAsync(chunk, cancellationToken).ConfigureAwait(false) is var read and > 0)
        {
            if (target.Length + read > limit)
            {
                return false;
            }

            target.Write(chunk, 0, read);
        }

        return true;
    }
}
